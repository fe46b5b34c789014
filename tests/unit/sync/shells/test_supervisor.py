"""sync.shells.supervisor: after each failure a pause, or the end of the process."""

from sync.shells.supervisor import (
    DOUBT_S,
    LEAST_PAUSE_S,
    MOST_FAILURES,
    MOST_PAUSE_S,
    STEADY_S,
    Failures,
    Need,
)


def pauses(failures: Failures, count: int) -> list[float | None]:
    return [failures.next_pause_s(100.0, 100.0) for _ in range(count)]


def test_useful_task_is_run_again_for_ever_with_pauses_that_double_up_to_a_bound() -> None:
    found = pauses(Failures(Need.USEFUL), 2_000)
    assert found[:3] == [LEAST_PAUSE_S, LEAST_PAUSE_S * 2, LEAST_PAUSE_S * 4]
    assert found[20:] == [MOST_PAUSE_S] * 1_980


def test_essential_task_is_run_again_until_it_has_failed_too_often_in_a_row() -> None:
    found = pauses(Failures(Need.ESSENTIAL), MOST_FAILURES)
    assert found[-1] is None
    assert sum(pause for pause in found[:-1] if pause is not None) < 1.0
    assert None not in found[:-1]


def test_vital_task_is_not_run_again() -> None:
    assert pauses(Failures(Need.VITAL), 1) == [None]


def test_failure_after_a_steady_run_is_a_first_one() -> None:
    failures = Failures(Need.ESSENTIAL)
    pauses(failures, MOST_FAILURES - 1)
    assert failures.next_pause_s(0.0, STEADY_S) == LEAST_PAUSE_S
    assert failures.next_pause_s(0.0, STEADY_S - 1) == LEAST_PAUSE_S * 2


def test_task_is_doubtful_for_a_while_after_it_was_run_again() -> None:
    failures = Failures(Need.ESSENTIAL)
    assert failures.next_pause_s(0.0, 10.0) == LEAST_PAUSE_S
    assert failures.doubtful_until_s == 10.0 + LEAST_PAUSE_S + DOUBT_S
