"""The gaps between the writes that somebody waits for, in which background work is done.

    write ── gap ── write ── gap ── write ──────── nobody writes ────────
            ▲              ▲                     ▲
            └ here         └ or here             └ or at any time

Right after a write the next one is farthest away: people type at some pace, and the appender
gathers for some milliseconds. Who begins there is done before anybody has to wait.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Final

_PASSES: Final = 5
"""Of the event loop after a write, in which its acks go out. A timer would take 1 to 2 ms."""
_LONGEST_S: Final = 0.25
"""The longest wait for the next write: people who write more seldom are seldom met."""
_INTERVALS: Final = 2.0
"""Nobody writes any more when so many times the last interval have passed."""
_MOST_WRITES: Final = 8
"""The writes that are let go first, at most, where one follows the other without a gap."""


class WriteGaps:
    """The gaps of one database, as this process sees them.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._ended_s = clock() - _LONGEST_S
        self._interval_s = 0.0
        self._end: asyncio.Event | None = None

    def ended(self) -> None:
        """Take note that a write has ended for which somebody waited."""
        now_s = self._clock()
        self._interval_s, self._ended_s = now_s - self._ended_s, now_s
        if self._end is not None:
            self._end.set()
            self._end = None

    def patience_s(self) -> float:
        """Return how long the next write is worth waiting for; 0: nobody writes now."""
        longest_s = min(_LONGEST_S, _INTERVALS * self._interval_s)
        return max(0.0, self._ended_s + longest_s - self._clock())

    async def wait(self, is_writing: Callable[[], bool]) -> None:
        """Wait for a gap, within bounds; return at once while nobody writes.

        Args:
            is_writing: whether a write is under way.
        """
        for _ in range(_MOST_WRITES):
            patience_s = _LONGEST_S if is_writing() else self.patience_s()
            if not patience_s:
                return
            if self._end is None:
                self._end = asyncio.Event()
            try:
                async with asyncio.timeout(patience_s):
                    await self._end.wait()
            except TimeoutError:
                return
            for _ in range(_PASSES):
                await asyncio.sleep(0)
            if not is_writing():
                return
