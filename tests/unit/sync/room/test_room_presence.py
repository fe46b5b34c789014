"""sync.room.room_presence: cursors, awareness, what is relayed, and a replica that is loaded anew.

Stateless messages and the parts of it have their tests in tests/unit/sync/presence.
"""

import pytest

from sync.effect import Deliver, Effect, Relay
from sync.error import ErrorCode
from sync.fact import Connected, Leave, MoveCursor, SendStateless, SetAwareness, Tick
from sync.wire.message import AwarenessOut, Cursor
from tests.unit.sync.presence.test_presence import awareness
from tests.unit.sync.room.driven_room import (
    ANN,
    BOB,
    DrivenRoom,
    Editor,
    edit,
    error,
    messages,
    room_with,
    sent,
    yjs,
)


def relayed(effects: list[Effect]) -> list[Relay]:
    return [effect for effect in effects if isinstance(effect, Relay)]


def test_nothing_is_relayed_before_other_processes_can_hear_it() -> None:
    driven = DrivenRoom()
    assert not relayed(driven.join("s1"))
    assert relayed(driven.tell(Connected("here")))
    assert relayed(driven.join("s2", BOB))


def test_cursor_of_a_member_is_shown_to_the_others_and_of_a_stranger_to_nobody() -> None:
    driven = DrivenRoom()
    driven.write(edit("http", "a", None, "abc"))
    driven.join("s1")
    driven.join("s2", BOB)
    effects = driven.tell(MoveCursor("s1", 1, 2, 2))
    assert [cursor.head for cursor in sent(effects, "s2", Cursor)] == [2]
    assert driven.tell(MoveCursor("s9", 1, 2, 2)) == []


def test_stateless_message_of_a_stranger_goes_nowhere() -> None:
    driven = DrivenRoom()
    driven.join("s1")
    effects = driven.tell(SendStateless("s9", "hello"))
    assert not any(isinstance(effect, Deliver) for effect in effects)


def test_cursor_is_carried_to_the_head_and_told_to_text_members() -> None:
    driven = room_with("s1", "s2", text="abc")
    driven.join("s3", BOB, "yjs")
    driven.write(edit("s2", "x", 1, "xx"))
    effects = driven.tell(MoveCursor("s1", 1, 1, 3))
    (cursor,) = sent(effects, "s2", Cursor)
    assert (cursor.session, cursor.version, cursor.anchor, cursor.head) == ("s1", 2, 3, 5)
    assert messages(effects, "s1") == []
    (cursor,) = sent(driven.join("s4"), "s4", Cursor)
    assert (cursor.anchor, cursor.head) == (3, 5)
    (cursor,) = sent(driven.tell(MoveCursor("s1", None, None, None)), "s2", Cursor)
    assert (cursor.anchor, cursor.head) == (None, None)


def test_cursor_is_converted_for_utf16_members() -> None:
    driven = room_with("s1", text="😀bc")
    driven.join("s2", encoding="utf-16")
    (cursor,) = sent(driven.tell(MoveCursor("s1", 1, 1, 3)), "s2", Cursor)
    assert (cursor.anchor, cursor.head) == (2, 4)
    (cursor,) = sent(driven.tell(MoveCursor("s2", 1, 2, 4)), "s1", Cursor)
    assert (cursor.anchor, cursor.head) == (1, 3)
    effects = driven.tell(MoveCursor("s2", 1, 1, 1))
    assert error(effects, "s2").code == ErrorCode.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("base", "anchor", "head", "code"),
    [
        (1, 4, 4, ErrorCode.OUT_OF_RANGE),
        (2, 0, 0, ErrorCode.BASE_UNKNOWN),
        (1, None, 2, ErrorCode.INVALID_MESSAGE),
        (1, 2, None, ErrorCode.INVALID_MESSAGE),
    ],
)
def test_cursor_that_cannot_be_meant_is_refused(
    base: int, anchor: int | None, head: int | None, code: ErrorCode
) -> None:
    driven = room_with("s1", text="abc")
    assert error(driven.tell(MoveCursor("s1", base, anchor, head)), "s1").code == code


def test_awareness_goes_to_the_other_yjs_members_and_ends_with_its_session() -> None:
    driven = room_with("s1")
    driven.join("s2", BOB, "yjs")
    driven.join("s3", ANN, "yjs")
    effects = driven.tell(SetAwareness("s2", awareness((9, 0, '{"x":1}'))))
    assert len(sent(effects, "s3", AwarenessOut)) == 1
    assert messages(effects, "s1") == messages(effects, "s2") == []
    assert len(sent(driven.join("s4", ANN, "yjs"), "s4", AwarenessOut)) == 1
    assert len(sent(driven.tell(Leave("s2")), "s3", AwarenessOut)) == 1


def test_awareness_for_a_client_id_of_somebody_else_is_forbidden() -> None:
    driven = DrivenRoom()
    driven.join("s1", ANN, "yjs")
    driven.join("s2", BOB, "yjs")
    driven.write(yjs("s1", "u", Editor(5).edit(("a",)), ANN))
    effects = driven.tell(SetAwareness("s2", awareness((5, 0, "{}"))))
    assert error(effects, "s2").code == ErrorCode.FORBIDDEN


def test_cursor_that_moves_too_often_is_shown_now_and_then_and_where_it_ended() -> None:
    driven = room_with("s1", "s2", text="x" * 100)
    effects: list[Effect] = []
    for place in range(100):
        effects += driven.tell(MoveCursor("s1", 1, place, place))
    shown = sent(effects, "s2", Cursor)
    assert [cursor.head for cursor in shown] == list(range(driven.limits.awareness_per_s))
    assert driven.room.wants_ticks
    (cursor,) = sent(driven.tell(Tick()), "s2", Cursor)
    assert cursor.head == 99
    assert sent(driven.tell(Tick()), "s2", Cursor) == []
    driven.now_ms += 1_000
    assert len(sent(driven.tell(MoveCursor("s1", 1, 5, 5)), "s2", Cursor)) == 1
    for place in range(100):
        driven.tell(MoveCursor("s1", 1, place, place))
    driven.tell(Leave("s1"))
    assert sent(driven.tell(Tick()), "s2", Cursor) == [], "it has left"
