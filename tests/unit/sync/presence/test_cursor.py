"""`sync.presence.cursor`: cursors at their version, carried to the head when they are shown."""

import pytest

from sync.document.window import Window
from sync.effect import Deliver, Effect, Relay
from sync.error import ErrorCode
from sync.fact import MoveCursor
from sync.member import Member, user_info
from sync.names import PositionEncoding
from sync.port import EventRecord
from sync.presence.cursor import Cursors, Head, TextCursor, located
from sync.text.delta import Delta, apply
from sync.user import User
from sync.wire.message import Cursor, ErrorMessage
from sync.wire.relay import Pointed

ANN = User("u1", "Ann", "#111111")
BEN = User("u2", "Ben", "#222222")


def head(text: str, *changes: Delta, wide: bool = False, max_events: int = 100) -> Head:
    """Return the head of a document that is at version 3 with `text`, then changed."""
    window = Window(max_events, 1 << 20)
    version = 3
    for ops in changes:
        text = apply(text, ops)
        version += 1
        window.append(EventRecord(version, f"e{version}", ops, b"", "u", "U", "s", 0, b""))
    window.trim()
    return Head("epoch", version, text, window, wide)


def member(session: str, user: User, encoding: PositionEncoding = "codepoint") -> Member:
    return Member(session, user, "editor", "text", encoding)


def room(*members: Member) -> dict[str, Member]:
    return {each.session: each for each in members}


def shown(effects: list[Effect]) -> list[tuple[tuple[str, ...], Cursor]]:
    return [
        (each.sessions, each.message)
        for each in effects
        if isinstance(each, Deliver) and isinstance(each.message, Cursor)
    ]


def move(
    cursors: Cursors, owner: Member, fact: MoveCursor, at: Head, members: dict[str, Member]
) -> list[Effect]:
    return list(cursors.move(owner, fact, at, members))


def test_cursor_is_shown_to_the_others_in_their_encoding_and_relayed() -> None:
    ann, ben = member("a", ANN), member("b", BEN, "utf-16")
    members = room(ann, ben, member("c", BEN))
    effects = move(Cursors("notes"), ann, MoveCursor("a", 3, 2, 3), head("a😀bc"), members)
    assert shown(effects) == [
        (("c",), Cursor("notes", "a", user_info(ANN), 3, 2, 3)),
        (("b",), Cursor("notes", "a", user_info(ANN), 3, 3, 4)),
    ]
    assert effects[-1] == Relay(Pointed("epoch", "a", user_info(ANN), 3, 2, 3))


def test_cursor_of_an_older_base_is_carried_to_the_head() -> None:
    ann = member("a", ANN)
    cursors = Cursors("notes")
    at = head("abcd", (1, "XX"), (-1,))
    move(cursors, ann, MoveCursor("a", 3, 2, 4), at, room(ann))
    assert cursors.at("a", at) == TextCursor(5, 3, 5)


def test_kept_cursor_follows_what_is_committed_later() -> None:
    ann = member("a", ANN)
    cursors = Cursors("notes")
    move(cursors, ann, MoveCursor("a", None, 2, 2), head("abcd"), room(ann))
    assert cursors.at("a", head("abcd", ("new ",))) == TextCursor(4, 6, 6)
    # What happened since is not in memory any more.
    assert cursors.at("a", head("abcd", ("x",), ("y",), max_events=1)) is None


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        (MoveCursor("a", 3, 1, None), ErrorCode.INVALID_MESSAGE),
        (MoveCursor("a", 3, 1, 5), ErrorCode.OUT_OF_RANGE),
        (MoveCursor("a", 4, 1, 1), ErrorCode.BASE_UNKNOWN),
        (MoveCursor("a", 2, 1, 1), ErrorCode.BASE_UNKNOWN),
    ],
)
def test_cursor_that_has_no_place_is_refused(fact: MoveCursor, code: ErrorCode) -> None:
    ann = member("a", ANN)
    cursors = Cursors("notes")
    (effect,) = move(cursors, ann, fact, head("abcd"), room(ann, member("b", BEN)))
    assert isinstance(effect, Deliver)
    assert isinstance(effect.message, ErrorMessage)
    assert (effect.sessions, effect.message.code) == (("a",), code)
    assert cursors.at("a", head("abcd")) is None


def test_offset_in_half_a_pair_is_refused_and_an_old_base_of_wide_text_too() -> None:
    ann = member("a", ANN, "utf-16")
    for fact, at, code in (
        (MoveCursor("a", 3, 2, 2), head("a😀b", wide=True), ErrorCode.OUT_OF_RANGE),
        (MoveCursor("a", 3, 1, 1), head("a😀b", ("x",), wide=True), ErrorCode.BASE_UNKNOWN),
    ):
        (effect,) = move(Cursors("notes"), ann, fact, at, room(ann))
        assert isinstance(effect, Deliver)
        assert isinstance(effect.message, ErrorMessage)
        assert effect.message.code is code


def test_cleared_cursor_is_told_and_forgotten() -> None:
    ann, ben = member("a", ANN), member("b", BEN)
    cursors, at = Cursors("notes"), head("abcd")
    move(cursors, ann, MoveCursor("a", 3, 1, 1), at, room(ann, ben))
    effects = move(cursors, ann, MoveCursor("a", 3, None, None), at, room(ann, ben))
    assert shown(effects) == [(("b",), Cursor("notes", "a", user_info(ANN), 3, None, None))]
    assert cursors.of_those(["a", "b"]) == set()


def test_one_who_joins_is_shown_the_cursors_of_others_only() -> None:
    ann, ben = member("a", ANN), member("b", BEN)
    cursors, at = Cursors("notes"), head("abcd")
    for each in (ann, ben):
        move(cursors, each, MoveCursor(each.session, 3, 1, 1), at, room(ann, ben))
    assert shown(list(cursors.greet(ann, at))) == [
        (("a",), Cursor("notes", "b", user_info(BEN), 3, 1, 1))
    ]
    assert [each.part for each in cursors.relayed({"a"}, at) if isinstance(each, Relay)] == [
        Pointed("epoch", "a", user_info(ANN), 3, 1, 1)
    ]
    cursors.clear()
    assert list(cursors.greet(ann, at)) == []


def test_relayed_cursor_is_located_only_where_its_version_is_known() -> None:
    assert located(TextCursor(3, 4, 4), head("abcd", ("XX",))) == TextCursor(4, 6, 6)
    assert located(TextCursor(3, 5, 5), head("abcd", ("XX",))) is None
    assert located(TextCursor(9, 1, 1), head("abcd", ("XX",))) is None
    assert located(TextCursor(3, 1, 1), head("abcd", ("x",), ("y",), max_events=1)) is None
