"""sync.room.room: an edit sent again, and acknowledgements that come late."""

from sync.error import ErrorCode
from sync.fact import Drained, Lagging
from sync.limit import Limits
from sync.wire.message import Ack, Events, Joined, Updates
from tests.unit.sync.room.driven_room import (
    BOB,
    NAME,
    DrivenRoom,
    Editor,
    edit,
    error,
    messages,
    room_with,
    sent,
    settled,
    yjs,
)


def test_known_id_is_answered_with_the_ack_it_had() -> None:
    driven = room_with("s1", text="ab")
    first = edit("s1", "a", 1, 1, "x")
    driven.write(first)
    driven.write(edit("s1", "b", None, "y"))
    effects = driven.write(first)
    assert sent(effects, "s1", Ack) == [Ack(NAME, "a", 2, False, [{"retain": 1}, {"insert": "x"}])]
    assert driven.log.version == 3
    assert settled(effects, "s1") == 1


def test_known_id_is_found_in_the_log_when_it_is_old() -> None:
    driven = room_with("s1", limits=Limits(window_events=1))
    first = edit("s1", "a", 0, "x")
    driven.write(first, edit("s1", "b", 0, "y"))
    (ack,) = sent(driven.write(first), "s1", Ack)
    assert (ack.version, ack.changed) == (1, False)


def test_id_sent_twice_in_one_batch_is_logged_once() -> None:
    driven = room_with("s1")
    first = edit("s1", "a", 0, "x")
    effects = driven.write(first, first)
    assert [(ack.version, ack.changed) for ack in sent(effects, "s1", Ack)] == [
        (1, True),
        (1, False),
    ]
    assert driven.room.text == "x"


def test_id_with_other_content_or_from_another_user_is_refused() -> None:
    driven = room_with("s1", "s2")
    driven.write(edit("s1", "a", 0, "x"))
    assert error(driven.write(edit("s1", "a", 0, "y")), "s1").code == ErrorCode.DUPLICATE_ID
    again = edit("s2", "a", 0, "x", user=BOB)
    assert error(driven.write(again), "s2").code == ErrorCode.DUPLICATE_ID
    assert driven.log.version == 1


def test_ack_of_a_known_id_waits_for_the_events_before_it() -> None:
    driven = room_with("s1", "s2")
    first = edit("s1", "a", 0, "x")
    driven.write(first)
    driven.tell(Lagging("s1"))
    effects = driven.write(first)
    assert messages(effects, "s1") == []
    assert settled(effects, "s1") == 1
    told = messages(driven.tell(Drained("s1", 0)), "s1")
    assert [type(message) for message in told] == [Events, Ack]


def test_ack_that_an_outbox_dropped_comes_again_behind_the_events() -> None:
    driven = room_with("s1", "s2")
    effects = driven.write(edit("s2", "p", 0, "x"), edit("s1", "q", 0))
    (ack,) = sent(effects, "s1", Ack)
    driven.tell(Lagging("s1"))
    told = messages(driven.tell(Drained("s1", 0, (ack,))), "s1")
    assert [type(message) for message in told] == [Events, Ack]


def test_ack_that_an_outbox_dropped_behind_its_updates_comes_again() -> None:
    """Symptom: an editor had its updates back, and said `Saving…` for ever."""
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.join("s2")
    effects = driven.write(yjs("s1", "u", Editor(1).edit(("a",))), edit("s2", "t", None, "b"))
    (ack,) = sent(effects, "s1", Ack)
    driven.tell(Lagging("s1"))
    assert messages(driven.tell(Drained("s1", 2, (ack,))), "s1") == [ack]


def test_ack_that_an_outbox_dropped_with_its_updates_comes_once() -> None:
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.join("s2")
    effects = driven.write(yjs("s1", "u", Editor(1).edit(("a",))), edit("s2", "t", None, "b"))
    (ack,) = sent(effects, "s1", Ack)
    driven.tell(Lagging("s1"))
    told = messages(driven.tell(Drained("s1", 0, (ack,))), "s1")
    assert [type(message) for message in told] == [Updates, Ack]


def test_ack_that_waits_survives_a_second_join() -> None:
    driven = room_with("s1")
    first = edit("s1", "a", 0, "x")
    driven.write(first)
    driven.tell(Lagging("s1"))
    driven.write(first)
    told = messages(driven.join("s1"), "s1")
    assert [type(message) for message in told] == [Joined, Ack]
