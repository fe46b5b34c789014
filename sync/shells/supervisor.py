"""The supervisor of a process's background tasks: none of them ends unnoticed.

    running ── ends without being cancelled ──▶ failed: an error in the log
       ▲                                           │
       └──────────── pause, doubled ◀──────────────┤ may go on
                                                   └ may not, or an essential one fails again and
                                                     again ──▶ the process is asked to end

A task is written as a function that begins its work anew, from what its object remembers.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import Enum, auto
from time import monotonic
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

_log = logging.getLogger(__name__)

LEAST_PAUSE_S: Final = 0.05
"""The pause after a first failure; each further one doubles it."""
MOST_PAUSE_S: Final = 60.0
STEADY_S: Final = 60.0
"""A task that ran for so long is in order again: an earlier failure counts no more."""
MOST_FAILURES: Final = 5
"""Failures in a row after which the process has to end, of an essential task; in about 1 s."""
DOUBT_S: Final = 2.0
"""The time for which an essential task that was started again is not trusted yet."""

Work: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""A function and no coroutine: a task that is cancelled before its first step leaves none behind
that was never awaited."""


class Need(Enum):
    """The need that a process has of a task."""

    USEFUL = auto()
    """It goes on: it removes, saves or derives something later. May return: it is done then."""
    ESSENTIAL = auto()
    """It breaks a promise after a while. The task may begin anew."""
    VITAL = auto()
    """Nothing in it can be trusted: what the task had in hand is lost. It may not begin anew."""


@dataclass(slots=True)
class Failures:
    """The failures of one task in a row, and what follows from them."""

    need: Need
    count: int = 0
    doubtful_until_s: float = 0.0

    def next_pause_s(self, started_s: float, now_s: float) -> float | None:
        """Count a failure; return the pause before the next run, None if there may be none."""
        if now_s - started_s >= STEADY_S:
            self.count = 0
        self.count += 1
        pause_s = min(MOST_PAUSE_S, LEAST_PAUSE_S * 2.0 ** min(self.count - 1, 16))
        self.doubtful_until_s = now_s + pause_s + DOUBT_S
        if self.need is Need.VITAL or (self.need is Need.ESSENTIAL and self.count >= MOST_FAILURES):
            return None
        return pause_s


def log_end(reason: str) -> None:
    """Log why the process has to end, and leave it at that."""
    _log.critical("this process cannot go on: %s", reason)


@dataclass(slots=True, eq=False)
class Supervisor(AbstractAsyncContextManager["Supervisor"]):
    """Runs the background tasks of a process, until the end of its `async with`.

    Args:
        give_up: called with the reason when the process has to end; it neither waits nor raises.
    """

    give_up: Callable[[str], None] = log_end
    _failures: dict[str, Failures] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _is_closed: bool = False

    def run(self, name: str, work: Work, need: Need) -> asyncio.Task[None]:
        """Run a task, again after each failure.

        Args:
            name: unique here, for the log and `/readyz`.
        """
        assert name not in self._failures, "each task has a name of its own"
        failures = self._failures[name] = Failures(need)
        return self._start(name, self._keep(name, work, failures))

    def spawn(self, name: str, work: Work) -> None:
        """Run a task once; a failure is logged. After `cancel` it is not begun."""
        if not self._is_closed:
            self._start(name, self._once(name, work))

    def trouble(self) -> str | None:
        """The reason why the process cannot keep what it promises; None: it can."""
        now_s = monotonic()
        for name, failures in self._failures.items():
            if failures.need is not Need.USEFUL and now_s < failures.doubtful_until_s:
                return f"A part of the server has failed: {name}."
        return None

    def cancel(self) -> None:
        """Cancel all tasks; leaving the `async with` waits for them."""
        self._is_closed = True
        for task in self._tasks:
            task.cancel()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def __aenter__(self) -> Self:
        return self

    def _start(self, name: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _keep(self, name: str, work: Work, failures: Failures) -> None:
        while True:
            started_s = monotonic()
            if await self._once(name, work):
                if failures.need is Need.USEFUL:
                    return
                _log.error("%s has ended, and should not have", name)
            pause_s = failures.next_pause_s(started_s, monotonic())
            if pause_s is None:
                failures.doubtful_until_s = math.inf
                self.give_up(f"{name} has failed")
                return
            await asyncio.sleep(pause_s)

    async def _once(self, name: str, work: Work) -> bool:
        """Run a task; True if it returned, False if it failed."""
        try:
            await work()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._is_closed or (task is not None and task.cancelling()):
                raise
            # It awaited something that somebody else has cancelled.
            _log.exception("%s was cancelled by what it waited for", name)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # noqa: BLE001 - a panic of native code is no `Exception`
            _log.exception("%s has failed", name)
        else:
            return True
        return False
