"""Timers that share one timer of the loop; the loop's clock is set by hand."""

import asyncio
import pickle
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from app.server.timer_wheel import STEP_S, TimerWheel


class Loop:
    """A loop whose clock is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.soon: list[Callable[[], None]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None], **_: Any) -> object:
        self.timers.append((when, callback))
        return object()

    def call_soon(self, callback: Callable[[], None], **_: Any) -> None:
        self.soon.append(callback)

    def run_until(self, now: float) -> None:
        while due := [timer for timer in self.timers if timer[0] <= now]:
            self.timers.remove(due[0])
            self.now = due[0][0]
            due[0][1]()
            while self.soon:
                self.soon.pop(0)()
        self.now = now


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    made = Loop()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: made)
    return made


def test_timer_runs_once_not_early_and_at_most_a_step_late(loop: Loop) -> None:
    wheel = TimerWheel()
    ran: list[float] = []
    for delay_s in (0.0, 0.1, 1.0, 7.3, 20.0):
        wheel.call_later(delay_s, lambda: ran.append(loop.now))
    for tenth in range(300):
        loop.run_until(tenth / 10)
    assert len(ran) == 5
    late = [at - delay for at, delay in zip(ran, (0.0, 0.1, 1.0, 7.3, 20.0), strict=True)]
    assert all(0 <= each <= STEP_S for each in late)


def test_cancelled_timer_does_not_run(loop: Loop) -> None:
    wheel = TimerWheel()
    ran: list[str] = []
    wheel.call_later(1.0, lambda: ran.append("kept"))
    wheel.call_later(1.0, lambda: ran.append("cancelled")).cancel()
    loop.run_until(3.0)
    assert ran == ["kept"]


def test_wheel_without_timers_waits_for_nothing_and_starts_again(loop: Loop) -> None:
    wheel = TimerWheel()
    ran: list[float] = []
    wheel.call_later(1.0, lambda: ran.append(loop.now))
    loop.run_until(5.0)
    assert not loop.timers
    wheel.call_later(1.0, lambda: ran.append(loop.now))
    assert len(loop.timers) == 1
    loop.run_until(9.0)
    assert len(ran) == 2


def test_wheel_can_be_sent_to_the_process_that_serves() -> None:
    assert isinstance(pickle.loads(pickle.dumps(TimerWheel())), TimerWheel)


def test_timer_that_starts_another_one_is_followed_by_it(loop: Loop) -> None:
    wheel = TimerWheel()
    ran: list[float] = []

    def again() -> None:
        ran.append(loop.now)
        if len(ran) < 4:
            wheel.call_later(2.0, again)

    wheel.call_later(2.0, again)
    loop.run_until(20.0)
    assert len(ran) == 4
    assert all(2.0 <= after - before <= 2.5 for before, after in pairwise(ran))
