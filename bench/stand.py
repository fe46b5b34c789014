"""The test stand of a server: a core of its own, and clocks that leave standstills out."""

import os
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from bench.busy import Soaker
from bench.server import Server
from bench.standstill import MachineClock

_CALIBRATION_S = 1.0


class Stand:
    """`with Stand() as stand`: a server on one core, the generator on the others.

    Args:
        flags: of the server.
    """

    def __init__(self, *flags: str) -> None:
        self._exit = ExitStack()
        self._cores = sorted(os.sched_getaffinity(0))
        self.clock = MachineClock()
        self.server = Server(*flags)
        self._soaker = Soaker(self._cores[0])
        self._free_per_s = 0.0
        self._from = (0.0, 0.0, 0)

    def __enter__(self) -> Self:
        self._exit.enter_context(self.clock)
        self._exit.enter_context(self.server)
        if len(self._cores) > 1:
            self.server.pin(self._cores[0])
            os.sched_setaffinity(0, self._cores[1:])
            self._exit.callback(os.sched_setaffinity, 0, self._cores)
        self._exit.enter_context(self._soaker)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.close()

    def seconds(self, start: float, end: float) -> float:
        """Machine time between two readings of `time.perf_counter`."""
        return self.clock.machine_time(end) - self.clock.machine_time(start)

    def is_disturbed(self, start: float, end: float) -> bool:
        """Return whether the host took a core away between two readings of `time.perf_counter`."""
        return self.clock.is_disturbed(start, end)

    async def begin(self) -> float:
        """Begin to measure, with clients connected and idle; returns the machine time."""
        start, count = await self.clock.settled(), self._soaker.count
        await self.clock.sleep(_CALIBRATION_S)
        now, wall, done = await self._reading()
        self._free_per_s = (done - count) / (now - start)
        self._from = (now, wall, done)
        return now

    async def end(self) -> dict[str, Any]:
        """Return the server's use of its core since `begin`, and the standstills meanwhile."""
        now, wall, done = await self._reading()
        seconds = now - self._from[0]
        left = (done - self._from[2]) / (self._free_per_s * seconds)
        return {
            "machine_s": round(seconds, 2),
            "wall_s": round(wall - self._from[1], 2),
            "server_cores": round(1 - left, 2),
        }

    async def _reading(self) -> tuple[float, float, int]:
        now = await self.clock.settled()
        return now, self.clock.wall(), self._soaker.count
