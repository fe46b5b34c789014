"""`sync.rate`: what sessions may send in a second."""

from sync.rate import Rates


def test_session_exceeds_its_rate_with_the_next_message_in_the_same_second() -> None:
    rates = Rates(2)
    assert [rates.exceeds("a", at) for at in (0, 500, 999, 999)] == [False, False, True, True]


def test_window_begins_anew_a_second_after_its_first_message() -> None:
    rates = Rates(1)
    assert not rates.exceeds("a", 300)
    assert rates.exceeds("a", 1_299)
    assert not rates.exceeds("a", 1_300)


def test_sessions_are_counted_by_themselves() -> None:
    rates = Rates(1)
    assert not rates.exceeds("a", 0)
    assert not rates.exceeds("b", 0)
    assert rates.exceeds("a", 0)


def test_forgotten_session_starts_anew() -> None:
    rates = Rates(1)
    rates.exceeds("a", 0)
    rates.forget("a")
    rates.forget("unknown")
    assert not rates.exceeds("a", 0)
