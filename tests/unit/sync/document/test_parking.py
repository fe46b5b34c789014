"""sync.document.parking: kept until what is missing comes; bounded per session."""

from sync.document.parking import Parking
from sync.limit import Limits
from sync.submission import UpdateSubmission
from tests.unit.sync.room.driven_room import yjs


def update(event_id: str, session: str = "s1", size: int = 10) -> UpdateSubmission:
    return yjs(session, event_id, b"u" * size)


def ids(submissions: list[UpdateSubmission]) -> list[str]:
    return [submission.id for submission in submissions]


def test_parking_releases_what_waits_no_longer_in_order_of_arrival() -> None:
    parking = Parking(Limits())
    parking.park(update("late"), ((1, 9),), 0)
    parking.park(update("b"), ((1, 5),), 0)
    parking.park(update("a"), ((1, 2),), 0)
    parking.park(update("other"), ((2, 1),), 0)
    assert parking.release([1], {1: 1}) == []
    assert ids(parking.release([1], {1: 5, 2: 7})) == ["b", "a"]
    assert ids(parking.release(parking.clients(), {1: 8, 2: 7})) == ["other"]
    assert len(parking) == 1


def test_parking_counts_and_bytes_are_bounded_per_session() -> None:
    parking = Parking(Limits(max_parked=2, max_parked_bytes=25))
    assert parking.park(update("a"), ((1, 1),), 0)
    assert not parking.park(update("b", size=16), ((1, 1),), 0)
    assert parking.park(update("c"), ((1, 1),), 0)
    assert not parking.park(update("d", size=1), ((1, 1),), 0)
    assert parking.park(update("e", "s2"), ((1, 1),), 0)
    parking.release([1], {1: 1})
    assert parking.park(update("f", size=25), ((1, 2),), 0), "what was released counts no more"


def test_parking_expires_what_waited_too_long() -> None:
    parking = Parking(Limits(parked_ms=100))
    parking.park(update("a"), ((1, 1),), 0)
    parking.park(update("b"), ((1, 1),), 50)
    assert parking.expire(99) == []
    assert ids(parking.expire(100)) == ["a"]
    assert len(parking) == 1
    assert ids(parking.release([1], {1: 1})) == ["b"]


def test_parking_drops_a_session_s_updates_only() -> None:
    parking = Parking(Limits())
    parking.park(update("a", "s1"), ((1, 1),), 0)
    parking.park(update("b", "s2"), ((1, 1),), 0)
    assert ids(parking.drop("s1")) == ["a"]
    assert ids(parking.clear()) == ["b"]
    assert len(parking) == 0
    assert parking.clients() == []


def test_parking_knows_since_when_each_session_waits() -> None:
    parking = Parking(Limits())
    parking.park(update("a"), ((1, 1),), 30)
    parking.park(update("b"), ((2, 1),), 20)
    parking.park(update("c", "s2"), ((2, 1),), 40)
    assert parking.waiting_since() == {"s1": 20, "s2": 40}
