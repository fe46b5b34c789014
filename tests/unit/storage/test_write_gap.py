"""The time that background work waits for a gap between writes."""

import pytest

from storage.write_gap import WriteGaps


class _Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_nothing_is_waited_for_before_the_first_write() -> None:
    assert WriteGaps(_Clock()).patience_s() == 0


@pytest.mark.parametrize(
    ("interval_s", "since_s", "patience_s"),
    [
        (0.01, 0.0, 0.02),
        (0.01, 0.005, 0.015),
        (0.01, 0.03, 0.0),  # nobody writes any more
        (60.0, 0.0, 0.25),  # who writes so seldom is not met
        (60.0, 0.5, 0.0),
    ],
)
def test_the_next_write_is_waited_for_as_long_as_it_may_come(
    interval_s: float, since_s: float, patience_s: float
) -> None:
    clock = _Clock()
    gaps = WriteGaps(clock)
    for _ in range(2):
        clock.now_s += interval_s
        gaps.ended()
    clock.now_s += since_s
    assert gaps.patience_s() == pytest.approx(patience_s)
