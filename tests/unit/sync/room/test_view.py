"""sync.room.view: what may be asked of a room while its document is ahead of the log."""

from sync.fact import Committed
from sync.limit import Limits
from tests.unit.sync.room.driven_room import SERVER_CLIENT, DrivenRoom, Editor, edit, yjs


def test_recent_events_are_those_in_memory_up_to_the_head() -> None:
    driven = DrivenRoom(Limits(window_events=2))
    for number in range(3):
        driven.write(edit("http", f"e{number}", None, "x"))
    recent = driven.room.recent_events(1, 3)
    assert recent is not None
    assert [event.version for event in recent] == [2, 3]
    assert driven.room.recent_events(0, 3) is None, "in the log alone"
    assert driven.room.recent_events(1, 2) is None, "not the head"
    assert driven.room.oldest_base == 1


def test_document_ahead_of_the_log_is_not_settled_and_not_shown() -> None:
    driven = DrivenRoom()
    driven.write(edit("http", "a", None, "x"))
    driven.submit(edit("http", "b", None, 1, "y"))
    driven.log.append_draft(driven.begin())
    room = driven.room
    assert (room.version, room.text) == (1, "x")
    assert not room.is_settled_at(1)
    assert not room.is_settled_at(2)
    assert not room.is_plain_at(1)
    assert room.recent_events(0, 1) is None
    driven.tell(Committed())
    assert (room.version, room.text, room.is_settled_at(2)) == (2, "xy", True)
    assert room.is_plain_at(2)


def test_crdt_clients_are_known_once_they_have_written() -> None:
    driven = DrivenRoom()
    assert driven.room.knows_crdt_client(SERVER_CLIENT)
    assert not driven.room.knows_crdt_client(9)
    driven.write(yjs("request", "a", Editor(9).edit(("x",)), role="editor"))
    assert driven.room.knows_crdt_client(9)


def test_checkpoint_is_counted_from() -> None:
    driven = DrivenRoom()
    driven.write(edit("http", "a", None, "😀"))
    assert (driven.room.events_since_checkpoint, driven.room.has_pairs) == (1, True)
    assert driven.room.checkpoint().text == "😀"
    assert driven.room.events_since_checkpoint == 0
