"""sync.room.room_presence: what is relayed, and when a failing replica is loaded anew.

Awareness, cursors and stateless messages have their tests in tests/unit/sync/presence.
"""

from sync.effect import Deliver, Effect, Relay
from sync.fact import Connected, MoveCursor, SendStateless
from sync.wire.message import Cursor
from tests.unit.sync.room.driven_room import BOB, DrivenRoom, edit, sent


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
