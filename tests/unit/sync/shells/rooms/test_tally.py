"""`sync.shells.rooms.tally`: a bound for each key, and nothing kept of what has ended."""

import pytest

from sync.shells.rooms.tally import Tally


def test_key_is_refused_at_its_bound_and_others_are_not() -> None:
    tally = Tally(2)
    assert [tally.enter("ana") for _ in range(4)] == [True, True, False, False]
    assert tally.enter("ben")


def test_key_that_left_may_enter_again_and_is_forgotten_when_all_has_left() -> None:
    tally = Tally(1)
    assert tally.enter("ana")
    assert not tally.enter("ana")
    tally.leave("ana")
    assert len(tally) == 0
    assert tally.enter("ana")


def test_refused_entry_is_not_counted() -> None:
    tally = Tally(1)
    tally.enter("ana")
    tally.enter("ana")
    tally.leave("ana")
    assert len(tally) == 0


def test_empty_key_has_no_bound() -> None:
    tally = Tally(0)
    assert all(tally.enter("") for _ in range(10))
    tally.leave("")
    assert len(tally) == 0


def test_leaving_without_entering_is_misuse() -> None:
    with pytest.raises(KeyError):
        Tally(1).leave("ana")
