"""sync.room.deferred: what is put off, in order and bounded, and what goes with a session."""

from sync.effect import Deliver, Effect
from sync.fact import AskAwareness, CheckText, Fact, Join, MoveCursor, SetRole, Tick
from sync.room.deferred import MAX_KEPT_ASKS, Deferred
from sync.wire.message import Checked, ErrorMessage
from tests.unit.sync.room.driven_room import ANN, edit


def put(deferred: Deferred, *facts: Fact) -> list[Effect]:
    return [effect for fact in facts for effect in deferred.put(fact)]


def join(session: str) -> Join:
    return Join(session, ANN, "editor", "text")


def test_facts_are_taken_in_order_and_once() -> None:
    deferred = Deferred("notes")
    facts = (join("a"), edit("a", "e", 0, "x"), SetRole("b", "viewer"))
    assert put(deferred, *facts) == []
    assert list(deferred.joining) == ["a"]
    assert deferred.take() == list(facts)
    assert (deferred.take(), deferred.joining) == ([], {})


def test_check_is_left_open_at_once_and_time_is_not_kept() -> None:
    deferred = Deferred("notes")
    assert put(deferred, CheckText("a", 3, "hash"), Tick()) == [
        Deliver(("a",), Checked("notes", 3, None))
    ]
    assert deferred.facts == []


def test_joins_beyond_a_bound_are_refused_and_questions_are_dropped() -> None:
    deferred = Deferred("notes")
    asks: list[Fact] = [AskAwareness("a")] * (MAX_KEPT_ASKS + 2)
    joins: list[Fact] = [join("a")] * (MAX_KEPT_ASKS + 1)
    assert put(deferred, *asks) == []
    (refused,) = put(deferred, *joins)
    assert isinstance(refused, Deliver)
    assert isinstance(refused.message, ErrorMessage)
    assert put(deferred, join("b")) == []
    assert len(deferred.facts) == 2 * MAX_KEPT_ASKS + 1


def test_presence_beyond_a_bound_is_dropped_and_edits_are_not() -> None:
    deferred = Deferred("notes")
    put(deferred, *(MoveCursor("a", None, n, n) for n in range(2_000)))
    assert len(deferred.facts) == 1_000
    put(deferred, edit("a", "e", 0, "x"))
    assert len(deferred.facts) == 1_001


def test_what_is_of_a_session_goes_with_it_and_its_submissions_are_returned() -> None:
    deferred = Deferred("notes")
    mine, theirs = edit("a", "e", 0, "x"), edit("b", "f", 0, "y")
    put(deferred, join("a"), mine, MoveCursor("a", None, 0, 0), theirs)
    assert deferred.drop("a") == [mine]
    assert deferred.joining == {}
    assert deferred.submissions() == [theirs]
