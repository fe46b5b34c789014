"""sync.presence.notices: what is held back, for how long, and what becomes of it."""

from collections.abc import Sequence

import pytest

from sync.effect import Deliver, Effect, Notice
from sync.member import Member
from sync.names import Mode
from sync.presence.notices import MAX_HELD, MAX_HOLD_MS, SMALL_ROOM, Notices, net_changes
from sync.user import User
from sync.wire.message import (
    AwarenessOut,
    Cursor,
    Joined,
    MemberJoined,
    MemberLeft,
    Outgoing,
    Several,
    UserInfo,
)
from sync.yjs.awareness import decode_awareness, encode_awareness

ANN = User("u-ann", "Ann", "#aa0000")
INFO = UserInfo("u-ann", "Ann", "#aa0000")
NOW_MS = 1_000_000


def came(session: str) -> MemberJoined:
    return MemberJoined("notes", session, INFO, "text")


def went(session: str) -> MemberLeft:
    return MemberLeft("notes", session, INFO)


class Hall:
    """A room's notices, and the members that they are for."""

    def __init__(self, size: int, mode: Mode = "text") -> None:
        self.members = {
            f"m{number}": Member(f"m{number}", ANN, "viewer", mode, "codepoint")
            for number in range(size)
        }
        self.notices = Notices("notes", self.members)
        self.now_ms = NOW_MS

    def gather(self, *effects: Effect) -> list[Effect]:
        return list(self.notices.gather(effects, self.now_ms))

    def come(self, session: str, mode: Mode = "text") -> list[Effect]:
        others = tuple(self.members)
        self.members[session] = Member(session, ANN, "viewer", mode, "codepoint")
        return self.gather(
            Deliver((session,), Joined("notes", "e", 1, "viewer", recovered=False, members=[])),
            Notice(others, came(session)),
        )

    def go(self, session: str) -> list[Effect]:
        del self.members[session]
        return self.gather(Notice(tuple(self.members), went(session)))

    def speak(self, session: str, client: int, clock: int, state: str | None) -> list[Effect]:
        others = tuple(each for each in self.members if each != session)
        message = AwarenessOut("notes", encode_awareness([(client, clock, state)]))
        return self.gather(Notice(others, message, owner=session))

    def waits(self) -> bool:
        return self.notices.wants_ticks

    def wait(self, span_ms: int) -> list[Effect]:
        self.now_ms += span_ms
        return self.gather()


def told(effects: Sequence[Effect], session: str) -> list[Outgoing]:
    """What a session is told of the others."""
    messages: list[Outgoing] = []
    for effect in effects:
        assert isinstance(effect, Deliver)
        message = effect.message
        if session in effect.sessions and not isinstance(message, Joined):
            messages += message.messages if isinstance(message, Several) else (message,)
    return messages


def test_small_room_is_told_at_once() -> None:
    hall = Hall(SMALL_ROOM - 2)
    for session in ("a", "b"):
        assert told(hall.come(session), "m0") == [came(session)]
    assert told(hall.go("a"), "b") == [went("a")]
    assert not hall.waits()


def test_large_room_is_told_of_the_first_at_once_and_of_others_in_one_write() -> None:
    hall = Hall(SMALL_ROOM + 50)
    assert told(hall.come("a"), "m0") == [came("a")]
    held: list[Effect] = [*hall.come("b"), *hall.go("m9"), *hall.come("c")]
    assert told(held, "m0") == []
    assert hall.waits()
    assert hall.wait(len(hall.members) - 1) == [], "the hold time has not passed"
    effects = hall.wait(1)
    assert told(effects, "m0") == told(effects, "a") == [came("b"), went("m9"), came("c")]
    assert told(effects, "b") == [went("m9"), came("c")], "since its own join"
    assert told(effects, "c") == []
    assert len(effects) == 2, "all who are told the same are told in one effect"
    assert not hall.waits()
    assert hall.wait(10_000) == []


def test_quiet_large_room_is_told_at_once_again() -> None:
    hall = Hall(SMALL_ROOM + 1)
    hall.come("a")
    hall.wait(MAX_HOLD_MS)
    assert told(hall.come("b"), "a") == [came("b")]


def test_hold_time_is_bounded() -> None:
    hall = Hall(MAX_HOLD_MS + 500)
    hall.come("a")
    hall.come("b")
    assert hall.wait(MAX_HOLD_MS - 1) == []
    assert told(hall.wait(1), "m0") == [came("b")]


def test_what_is_held_is_bounded() -> None:
    hall = Hall(SMALL_ROOM + 1)
    hall.come("first")
    effects: list[Effect] = []
    for number in range(MAX_HELD):
        effects += hall.come(f"s{number}")
    assert len(told(effects, "m0")) == MAX_HELD
    assert not hall.waits()


def test_clock_that_is_set_back_holds_nothing_back() -> None:
    hall = Hall(SMALL_ROOM + 1)
    hall.come("a")
    hall.come("b")
    assert told(hall.wait(-1), "m0") == [came("b")]


def test_room_that_has_become_small_is_told_at_once() -> None:
    hall = Hall(SMALL_ROOM)
    hall.come("a")
    hall.come("b")
    hall.go("m1")
    assert told(hall.go("m2"), "m0") == [came("b"), went("m1"), went("m2")]


def test_cursor_is_not_shown_before_its_owner_is_announced() -> None:
    hall = Hall(SMALL_ROOM + 1)
    hall.come("a")
    hall.come("b")
    cursor = Cursor("notes", "b", INFO, 1, 0, 0)
    other = Cursor("notes", "m1", INFO, 1, 0, 0)
    assert told(hall.gather(Deliver(("m0",), other)), "m0") == [other]
    assert told(hall.gather(Deliver(("m0",), cursor)), "m0") == [came("b"), cursor]


def test_one_who_joins_again_is_told_what_has_happened_since() -> None:
    hall = Hall(SMALL_ROOM + 1)
    hall.come("a")
    hall.come("b")
    hall.gather(
        Deliver(("m0",), Joined("notes", "e", 1, "viewer", recovered=False, members=[])),
    )
    hall.come("c")
    assert told(hall.wait(MAX_HOLD_MS), "m0") == [came("c")]


def test_awareness_of_many_is_one_update_without_ones_own() -> None:
    hall = Hall(SMALL_ROOM + 1, "yjs")
    hall.speak("m0", 1, 1, '{"n":1}')
    for client in (2, 3):
        assert hall.speak(f"m{client}", client, 1, '{"n":1}') == []
    hall.speak("m3", 3, 2, None)
    hall.speak("m3", 3, 1, '{"n":0}')
    effects = hall.wait(MAX_HOLD_MS)

    def heard(session: str) -> list[tuple[int, int, str | None]]:
        (message,) = told(effects, session)
        assert isinstance(message, AwarenessOut)
        entries = decode_awareness(message.update)
        return [(entry.client, entry.clock, entry.state) for entry in entries]

    assert heard("m0") == [(2, 1, '{"n":1}'), (3, 2, None)]
    assert heard("m2") == [(3, 2, None)]
    assert heard("m3") == [(2, 1, '{"n":1}')]


def test_members_and_awareness_are_one_write_for_those_in_yjs_mode() -> None:
    hall = Hall(SMALL_ROOM + 1)
    hall.come("y", "yjs")
    hall.come("b")
    hall.speak("b", 2, 1, "{}")
    effects = hall.wait(MAX_HOLD_MS)
    assert told(effects, "m0") == [came("b")]
    first, second = told(effects, "y")
    assert (first, type(second)) == (came("b"), AwarenessOut)
    assert len([effect for effect in effects if "y" in getattr(effect, "sessions", ())]) == 1


@pytest.mark.parametrize(
    ("changes", "net"),
    [
        ("+a +b", "+a +b"),
        ("+a -a", ""),
        ("-a +a", "-a +a"),
        ("-a +a -a", "-a"),
        ("+a -a +a", "+a"),
        ("-a +b +a -b +a -a +c", "-a +c"),
    ],
)
def test_net_changes(changes: str, net: str) -> None:
    def read(text: str) -> list[MemberJoined | MemberLeft]:
        return [(came if each[0] == "+" else went)(each[1]) for each in text.split()]

    assert list(net_changes(read(changes))) == read(net)
