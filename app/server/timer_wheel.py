"""Timers that may be half a second late: one timer of the loop for all of them.

A timer of uvloop takes 0.6 kB and keeps the context that it was started in. Every connection has
one all its life, for the next ping.
"""

import asyncio
import contextvars
from collections.abc import Callable
from typing import Final

STEP_S: Final = 0.5
"""The timers of one step are run together."""


class WheelTimer:
    """One timer; it has the method of `asyncio.TimerHandle` that its owner needs."""

    __slots__ = ("_callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Do not run it."""
        self._callback = None

    def run(self) -> None:
        """Run it now, unless it was cancelled."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class TimerWheel:
    """The timers of one event loop."""

    def __init__(self) -> None:
        self._due: dict[int, list[WheelTimer]] = {}
        """By the step at whose end they are due."""
        self._timer: asyncio.TimerHandle | None = None
        # Not yet: a wheel is sent to the process that serves, and a context cannot be.
        self._context: contextvars.Context | None = None

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> WheelTimer:
        """Call back after a delay, or up to `STEP_S` later."""
        loop = asyncio.get_running_loop()
        step = int((loop.time() + delay_s) / STEP_S) + 1
        timer = WheelTimer(callback)
        self._due.setdefault(step, []).append(timer)
        if self._timer is None:
            if self._context is None:
                self._context = contextvars.Context()
            self._wait(loop)
        return timer

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        step = int(loop.time() / STEP_S) + 1
        self._timer = loop.call_at(step * STEP_S, self._turn, context=self._context)

    def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        # The loop may call a little early, by the resolution of its clock.
        now = int(loop.time() / STEP_S + 0.01)
        self._timer = None
        for step in sorted(step for step in self._due if step <= now):
            for timer in self._due.pop(step):
                # Each on its own: one that fails must not take others with it.
                loop.call_soon(timer.run, context=self._context)
        if self._due:
            self._wait(loop)
