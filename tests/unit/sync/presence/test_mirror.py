"""sync.presence.mirror: text-mode and Yjs members see each other's cursors."""

from typing import Any

import msgspec
import pytest

from sync.effect import Effect, Reopen
from sync.error import ErrorCode
from sync.fact import (
    Committed,
    Join,
    Leave,
    MoveCursor,
    Reopened,
    SetAwareness,
    Tick,
)
from sync.limit import Limits
from sync.presence.notices import MAX_HOLD_MS
from sync.user import User
from sync.wire.message import AwarenessOut, Cursor, ErrorMessage, UserInfo
from sync.yjs.awareness import AwarenessEntry, decode_awareness, encode_awareness
from sync.yjs.replica import Replica, ReplicaBrokenError
from tests.unit.sync.room.driven_room import (
    ANN,
    BOB,
    NOW_MS,
    DrivenRoom,
    Editor,
    edit,
    messages,
    sent,
    yjs,
)

CAT = User("u-cat", "Cat", "#00cc00")
GUEST = User("u-guest", "Guest 1", "#111111", anonymous=True)
EDITOR = 5
"""The CRDT client id of the Yjs editor."""


def driven_room(text: str = "", limits: Limits | None = None) -> DrivenRoom:
    """A room with a text, written by the Yjs editor."""
    driven = DrivenRoom(limits)
    if text:
        driven.write(yjs("before", "e0", Editor(EDITOR).edit((text,)), role="editor"))
    return driven


def shown(effects: list[Effect], session: str) -> list[AwarenessEntry]:
    """The awareness that a session is sent."""
    return [
        entry
        for message in sent(effects, session, AwarenessOut)
        for entry in decode_awareness(message.update)
    ]


def at(clock: int | None, assoc: int = 0, client: int = EDITOR) -> dict[str, object]:
    """A relative position as an editor writes it."""
    item = None if clock is None else {"client": client, "clock": clock}
    return {"type": None, "tname": "content", "item": item, "assoc": assoc}


def says(session: str, clock: int, fields: object, client: int = EDITOR) -> SetAwareness:
    """An awareness update of a Yjs session; `fields` of None: it takes back what it said."""
    state = None if fields is None else msgspec.json.encode(fields).decode()
    return SetAwareness(session, encode_awareness([(client, clock, state)]))


def points(anchor: object, head: object, name: str = "cursor") -> dict[str, object]:
    return {name: {"anchor": anchor, "head": head}}


def places(effects: list[Effect], session: str) -> list[tuple[int | None, int | None]]:
    return [(cursor.anchor, cursor.head) for cursor in sent(effects, session, Cursor)]


def wants_ticks(driven: DrivenRoom) -> bool:
    return driven.room.wants_ticks


# --- from text mode to Yjs ------------------------------------------------------------------------


def test_text_member_appears_in_awareness_with_its_user_and_no_cursor() -> None:
    driven = driven_room("héllo")
    driven.join("t", ANN)
    (entry,) = shown(driven.join("y", BOB, "yjs"), "y")
    assert entry.fields == {"user": {"id": ANN.id, "name": "Ann", "color": ANN.color}}
    assert entry.clock == 1
    (other,) = shown(driven.join("u", CAT), "y")
    assert other.fields == {"user": {"id": CAT.id, "name": "Cat", "color": CAT.color}}
    assert other.client != entry.client


def test_text_member_s_cursor_is_told_as_relative_positions() -> None:
    driven = driven_room("h😀llo")
    driven.join("t", ANN)
    driven.join("y", BOB, "yjs")
    (entry,) = shown(driven.tell(MoveCursor("t", 1, 2, 5)), "y")
    assert entry.fields is not None
    assert entry.fields["cursor"] == {"anchor": at(3), "head": at(None)}, "clocks are UTF-16 units"
    assert entry.fields["selection"] == entry.fields["cursor"]
    (later,) = shown(driven.tell(MoveCursor("t", 1, None, None)), "y")
    assert (later.client, later.clock) == (entry.client, entry.clock + 1)
    assert later.fields is not None
    assert "cursor" not in later.fields


def test_text_member_s_cursor_is_told_to_a_yjs_member_that_joins_later() -> None:
    driven = driven_room("abc")
    driven.join("t", ANN)
    driven.tell(MoveCursor("t", 1, 1, 1))
    driven.write(edit("t", "x", 1, "é"))
    (entry,) = shown(driven.join("y", BOB, "yjs"), "y")
    assert entry.fields is not None
    assert entry.fields["cursor"] == {"anchor": at(1), "head": at(1)}
    (again,) = shown(driven.join("z", CAT, "yjs"), "z")
    assert again == entry


def test_text_member_s_awareness_ends_when_it_leaves_or_turns_to_yjs() -> None:
    driven = driven_room("abc")
    driven.join("y", BOB, "yjs")
    (first,) = shown(driven.join("t", ANN), "y")
    (gone,) = shown(driven.tell(Leave("t")), "y")
    assert (gone.client, gone.clock, gone.state) == (first.client, first.clock + 1, None)
    (back,) = shown(driven.join("t", ANN), "y")
    assert back.state is not None
    (gone,) = shown(driven.join("t", ANN, "yjs"), "y")
    assert (gone.client, gone.state) == (back.client, None)


def test_text_member_s_awareness_is_renewed_before_it_expires() -> None:
    driven = driven_room("abc")
    driven.join("t", ANN)
    (first,) = shown(driven.join("y", BOB, "yjs"), "y")
    driven.now_ms = NOW_MS + 14_999
    assert shown(driven.tell(Tick()), "y") == []
    for renewal in range(1, 10):
        driven.now_ms = NOW_MS + renewal * 15_000
        (entry,) = shown(driven.tell(Tick()), "y")
        assert (entry.client, entry.state) == (first.client, first.state)
        assert entry.clock == first.clock + renewal


@pytest.mark.parametrize("user", [ANN, BOB])
def test_text_member_s_awareness_client_is_nobody_s_to_claim(user: User) -> None:
    driven = driven_room("abc")
    driven.join("t", ANN)
    (entry,) = shown(driven.join("y", user, "yjs"), "y")
    for state in ("{}", None):
        claim = encode_awareness([(entry.client, entry.clock + 5, state)])
        effects = driven.tell(SetAwareness("y", claim))
        (error,) = sent(effects, "y", ErrorMessage)
        assert error.code == ErrorCode.FORBIDDEN


def test_text_member_s_awareness_may_be_repeated_by_clients_that_do_so() -> None:
    driven = driven_room("abc")
    driven.join("t", ANN)
    driven.join("z", CAT, "yjs")
    effects = driven.tell(Join("y", BOB, "editor", "yjs", dialect="y-websocket"))
    (entry,) = shown(effects, "y")
    driven.tell(MoveCursor("t", 1, 1, 1))
    for state in (entry.state, None):
        echo = encode_awareness([(entry.client, entry.clock, state)])
        assert driven.tell(SetAwareness("y", echo)) == []


def test_awareness_client_avoids_ids_in_use() -> None:
    first = driven_room("abc")
    first.join("t", ANN)
    (entry,) = shown(first.join("y", BOB, "yjs"), "y")
    second = DrivenRoom()
    second.write(yjs("before", "e0", Editor(entry.client).edit(("abc",)), role="editor"))
    second.join("t", ANN)
    (other,) = shown(second.join("y", BOB, "yjs"), "y")
    assert other.client != entry.client
    assert 0 <= other.client < 1 << 32


def test_cursor_that_moves_too_often_is_told_with_the_next_tick() -> None:
    driven = driven_room("abc", Limits(awareness_per_s=2))
    driven.join("y", BOB, "yjs")
    driven.join("t", ANN)
    told = [shown(driven.tell(MoveCursor("t", 1, place, place)), "y") for place in (1, 2, 3)]
    assert [len(entries) for entries in told] == [1, 0, 0]
    assert wants_ticks(driven)
    (entry,) = shown(driven.tell(Tick()), "y")
    assert entry.fields is not None
    assert entry.fields["cursor"] == {"anchor": at(None), "head": at(None)}
    assert not wants_ticks(driven)


def test_many_text_members_are_told_in_turn() -> None:
    driven = driven_room("abc")
    for number in range(70):
        driven.join(f"t{number}", ANN)
    entries = shown(driven.join("y", BOB, "yjs"), "y")
    assert wants_ticks(driven)
    driven.now_ms += MAX_HOLD_MS  # so that the notices of so many are told, too
    entries += shown(driven.tell(Tick()), "y")
    assert not wants_ticks(driven)
    assert len({entry.client for entry in entries}) == 70


# --- from Yjs to text mode ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cursor", "selection"])
def test_yjs_member_s_cursor_is_told_to_text_members_in_their_encoding(name: str) -> None:
    driven = driven_room("h😀llo")
    driven.join("t", ANN)
    driven.join("u", ANN, encoding="utf-16")
    driven.join("y", BOB, "yjs")
    effects = driven.tell(says("y", 1, points(at(3), at(4, assoc=-1), name)))
    (cursor,) = sent(effects, "t", Cursor)
    assert (cursor.session, cursor.version) == ("y", 1)
    assert cursor.user == UserInfo(BOB.id, "Bob", BOB.color)
    assert places(effects, "t") == [(2, 4)]
    assert places(effects, "u") == [(3, 5)]
    assert messages(effects, "y") == []


def test_yjs_member_s_cursor_is_told_when_it_changes() -> None:
    driven = driven_room("abc")
    driven.join("t", ANN)
    driven.join("y", BOB, "yjs")
    assert places(driven.tell(says("y", 1, points(at(1), at(1)))), "t") == [(1, 1)]
    assert places(driven.tell(says("y", 2, points(at(1), at(1)))), "t") == []
    driven.write(edit("t", "x", 1, "xx"))
    assert places(driven.tell(says("y", 3, points(at(1), at(1)))), "t") == [], "it went along"
    assert places(driven.tell(says("y", 4, points(at(None), at(None)))), "t") == [(5, 5)]
    assert places(driven.tell(says("y", 5, {"cursor": None})), "t") == [(None, None)]
    assert places(driven.tell(says("y", 6, {"cursor": None})), "t") == []
    driven.tell(says("y", 7, points(at(0), at(0))))
    assert places(driven.tell(says("y", 8, None)), "t") == [(None, None)]


@pytest.mark.parametrize(
    "cursor",
    [
        7,
        {},
        {"anchor": at(0)},
        {"anchor": at(0), "head": None},
        {"anchor": at(0), "head": {**at(0), "tname": "other"}},
        {"anchor": at(0), "head": {"type": {"client": EDITOR, "clock": 0}}},
        {"anchor": at(0), "head": at(0, client=1 << 60)},
    ],
)
def test_yjs_member_s_cursor_that_is_no_place_in_the_text_is_none(cursor: object) -> None:
    driven = driven_room("abc")
    driven.join("t", ANN)
    driven.join("y", BOB, "yjs")
    driven.tell(says("y", 1, points(at(1), at(1))))
    effects = driven.tell(says("y", 2, {"cursor": cursor}))
    assert places(effects, "t") == [(None, None)]
    assert sent(effects, "y", ErrorMessage) == []


def test_yjs_member_s_cursor_that_is_ahead_of_its_text_is_told_with_that() -> None:
    driven = driven_room()
    driven.join("t", ANN)
    driven.join("y", BOB, "yjs")
    editor = Editor(EDITOR)
    first, second = editor.edit(("é",)), editor.edit((1, "b"))
    driven.write(yjs("y", "e1", first))
    assert places(driven.tell(says("y", 1, points(at(1), at(1)))), "t") == []
    driven.submit(yjs("y", "e2", second))
    driven.log.append_draft(driven.begin())
    effects = driven.tell(Committed())
    assert places(effects, "t") == [(1, 1)]


def test_yjs_member_s_cursor_waits_for_the_commit() -> None:
    driven = driven_room()
    driven.join("t", ANN)
    driven.join("y", BOB, "yjs")
    driven.tell(yjs("y", "e1", Editor(EDITOR).edit(("é",))))
    draft = driven.begin()
    assert driven.tell(says("y", 1, points(at(0), at(None)))) == []
    driven.log.append_draft(draft)
    assert places(driven.tell(Committed()), "t") == [(0, 1)]


def test_yjs_members_cursors_are_told_to_a_text_member_that_joins_later() -> None:
    driven = driven_room("abc")
    driven.join("y", BOB, "yjs")
    driven.join("z", CAT, "yjs")
    driven.tell(says("y", 1, points(at(1), at(2))), says("z", 1, {}, client=6))
    assert places(driven.join("t", ANN), "t") == [(1, 2)]
    driven.write(edit("t", "x", 1, "é"))
    assert places(driven.join("u", ANN), "u") == [(2, 3)]
    driven.tell(Leave("t"), Leave("u"))
    driven.tell(says("y", 2, points(at(0), at(0))))
    assert places(driven.join("t", ANN), "t") == [(1, 1)]
    driven.tell(Leave("y"))
    assert places(driven.join("u", ANN), "u") == []


def test_yjs_member_s_cursor_ends_when_it_falls_silent_or_turns_to_text() -> None:
    driven = driven_room("abc")
    driven.join("t", ANN)
    driven.join("y", BOB, "yjs")
    driven.tell(says("y", 1, points(at(1), at(1))))
    driven.now_ms = NOW_MS + driven.limits.awareness_ms + 1
    assert places(driven.tell(Tick()), "t") == [(None, None)]
    driven.tell(says("y", 2, points(at(1), at(1))))
    assert places(driven.join("y", BOB), "t") == [(None, None)]


def test_awareness_that_comes_too_often_is_shown_with_the_next_tick() -> None:
    driven = driven_room("abc", Limits(awareness_per_s=1))
    driven.join("t", ANN)
    driven.join("y", BOB, "yjs")
    told = [
        places(driven.tell(says("y", place + 1, points(at(place), at(place)))), "t")
        for place in (0, 1, 2)
    ]
    assert told == [[(0, 0)], [], []]
    assert places(driven.tell(Tick()), "t") == [(2, 2)]


@pytest.mark.parametrize(
    ("claimed", "name", "color"),
    [
        ({"name": "Zoe", "color": "#abcdef"}, "Zoe", "#abcdef"),
        ({"name": " Z\u202eoe\n\0 ", "color": "red"}, "Z oe", GUEST.color),
        ({"name": "\u200b", "color": 5}, GUEST.name, GUEST.color),
        ({"name": "x" * 100}, "x" * 60, GUEST.color),
        ("Zoe", GUEST.name, GUEST.color),
    ],
)
def test_anonymous_yjs_member_goes_by_the_name_in_its_awareness(
    claimed: object, name: str, color: str
) -> None:
    driven = driven_room("abc")
    driven.join("t", ANN)
    driven.join("y", GUEST, "yjs")
    state: dict[str, Any] = {**points(at(1), at(1)), "user": claimed}
    (cursor,) = sent(driven.tell(says("y", 1, state, client=9)), "t", Cursor)
    assert cursor.user == UserInfo(GUEST.id, name, color)
    (greeting,) = sent(driven.join("u", CAT), "u", Cursor)
    assert greeting.user == cursor.user
    renamed = {**points(at(1), at(1)), "user": {"name": "Yu"}}
    (cursor,) = sent(driven.tell(says("y", 2, renamed, client=9)), "t", Cursor)
    assert cursor.user == UserInfo(GUEST.id, "Yu", GUEST.color)


def test_named_yjs_member_does_not_go_by_another_name() -> None:
    driven = driven_room("abc")
    driven.join("t", ANN)
    driven.join("y", BOB, "yjs")
    state = {**points(at(1), at(1)), "user": {"name": "Ann", "color": "#000000"}}
    (cursor,) = sent(driven.tell(says("y", 1, state)), "t", Cursor)
    assert cursor.user == UserInfo(BOB.id, "Bob", BOB.color)


# --- the document -------------------------------------------------------------------------------


def test_cursors_are_forgotten_when_the_log_is_rewound() -> None:
    driven = driven_room("abc")
    driven.join("t", ANN)
    driven.join("y", BOB, "yjs")
    driven.tell(MoveCursor("t", 1, 1, 1))
    driven.submit(edit("t", "x", 0, "é"))
    driven.fail(committed=False)
    driven.log.epoch = "e2"
    driven.log.events.clear()
    effects = driven.reopen()
    assert all("cursor" not in (entry.fields or {}) for entry in shown(effects, "y"))
    assert places(effects, "t") == []


def test_room_without_a_text_root_shows_no_cursor() -> None:
    driven = DrivenRoom()
    driven.log.text_root = ""
    driven = DrivenRoom(log=driven.log)
    driven.join("t", ANN)
    driven.join("y", BOB, "yjs")
    (entry,) = shown(driven.tell(MoveCursor("t", 0, 0, 0)), "y")
    assert entry.fields is not None
    assert "cursor" not in entry.fields
    assert places(driven.tell(says("y", 1, points(at(None), at(None)))), "t") == []


def test_document_is_loaded_anew_when_its_replica_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    driven = driven_room("abc")
    driven.join("t", ANN)
    driven.join("y", BOB, "yjs")

    def panic(self: Replica, client: int, clock: int) -> int:
        raise ReplicaBrokenError("the CRDT library failed")

    with monkeypatch.context() as patched:
        patched.setattr(Replica, "byte_of", panic)
        assert Reopen() in driven.tell(says("y", 1, points(at(1), at(1))))
    driven.tell(Reopened(driven.log.opened()))
    assert places(driven.tell(says("y", 2, points(at(1), at(1)))), "t") == [(1, 1)]
