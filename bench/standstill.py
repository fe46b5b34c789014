"""Time on a machine that its host stops now and then.

A virtual machine whose host takes all its cores away for 300 ms shows a latency of 300 ms in
whatever was under way. Probes find such standstills: one process for each core, pinned to it, of
real-time priority, that sleeps for 1 ms again and again. Whatever the machine has to do, it is
woken in time, unless its core does not run. **Only what is missing on all cores at once counts**,
so work that waits for a core never passes for a standstill.

*Machine time* is time less these standstills. Where the machine never stands still, or where
real-time priority is not allowed (then there are no probes), it is time as usual.

What this cannot see: a disk that writes on while the cores stand still, and timers that run on. So
what happens to span a standstill may seem faster, by at most one flush and one flush interval.
"""

import asyncio
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_SLEEP_S: Final = 0.001
_THRESHOLD_S: Final = 0.003
"""The shortest delay that is noticed."""
_MAX_STOPS: Final = 200_000
_HEAD = struct.Struct("=dQ")
_STOP = struct.Struct("=dd")
_SIZE: Final = _HEAD.size + _MAX_STOPS * _STOP.size
_PRIORITY: Final = 90


class MachineClock:
    """`with MachineClock() as clock`: reads times of `time.perf_counter` as machine time."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="quire-probes-")
        self._processes: list[subprocess.Popen[bytes]] = []
        self._maps: list[mmap.mmap] = []
        self._read: list[int] = []
        self._stops: list[list[tuple[float, float]]] = []
        self._starts: list[float] = []
        self._ends: list[float] = []
        self._before: list[float] = []
        """Standstills of the machine, ascending, with the sum of those before each."""
        self._merged: list[int] = []

    def __enter__(self) -> Self:
        if _may_be_real_time():
            for core in sorted(os.sched_getaffinity(0)):
                self._start(core)
        self._merged = [0] * len(self._maps)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        self._folder.cleanup()

    def _start(self, core: int) -> None:
        path = Path(self._folder.name) / str(core)
        path.write_bytes(bytes(_SIZE))
        command = [sys.executable, "-m", __name__, str(core), str(path)]
        self._processes.append(subprocess.Popen(command, cwd=Path(__file__).parent.parent))
        with path.open("r+b") as file:
            self._maps.append(mmap.mmap(file.fileno(), _SIZE))
        self._read.append(0)
        self._stops.append([])

    def machine_time(self, at: float) -> float:
        """Return a time as machine time; standstills of the last milliseconds may be missing."""
        self._take_in()
        index = bisect_right(self._starts, at) - 1
        if index < 0:
            return at
        return at - self._before[index] - (min(at, self._ends[index]) - self._starts[index])

    def is_disturbed(self, start: float, end: float) -> bool:
        """Return whether any core stood still, even alone, within a span of `time.perf_counter`."""
        self._take_in()
        for stops in self._stops:
            index = bisect_right(stops, (end, end)) - 1
            if index >= 0 and stops[index][1] > start:
                return True
        return False

    @staticmethod
    def wall() -> float:
        """The time as usual."""
        return time.perf_counter()

    async def settled(self) -> float:
        """The machine time now, once it is known; takes about 1 ms."""
        now = time.perf_counter()
        while any(_HEAD.unpack_from(each)[0] < now for each in self._maps):  # noqa: ASYNC110
            await asyncio.sleep(_SLEEP_S / 2)
        return self.machine_time(now)

    async def sleep(self, seconds: float) -> None:
        """Sleep for so much machine time."""
        end = await self.settled() + seconds
        while (left := end - await self.settled()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)

    def _take_in(self) -> None:
        """Read the probes' new findings, and keep the spans in which every core stood still."""
        for core, shared in enumerate(self._maps):
            _, count = _HEAD.unpack_from(shared)
            for index in range(self._read[core], count):
                stop = _STOP.unpack_from(shared, _HEAD.size + index * _STOP.size)
                self._stops[core].append(stop)
            self._read[core] = count
        while self._stops and all(
            at < len(stops) for at, stops in zip(self._merged, self._stops, strict=True)
        ):
            current = [stops[at] for at, stops in zip(self._merged, self._stops, strict=True)]
            start, end = max(stop[0] for stop in current), min(stop[1] for stop in current)
            if end > start:
                lost = self._before[-1] + self._ends[-1] - self._starts[-1] if self._starts else 0.0
                self._starts.append(start)
                self._ends.append(end)
                self._before.append(lost)
            first = min(range(len(current)), key=lambda core: current[core][1])
            self._merged[first] += 1


def _may_be_real_time() -> bool:
    policy = os.sched_getscheduler(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    except PermissionError:
        return False
    os.sched_setscheduler(0, policy, os.sched_param(0))
    return True


def probe(core: int, path: str) -> None:
    """Sleep on one core, and write down every sleep that took too long."""
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    with Path(path).open("r+b") as file:
        shared = mmap.mmap(file.fileno(), _SIZE)
    parent = os.getppid()
    count = 0
    last = time.perf_counter()
    while os.getppid() == parent and count < _MAX_STOPS:
        time.sleep(_SLEEP_S)
        now = time.perf_counter()
        if now - last > _THRESHOLD_S:
            _STOP.pack_into(shared, _HEAD.size + count * _STOP.size, last + _SLEEP_S, now)
            count += 1
        _HEAD.pack_into(shared, 0, now, count)
        last = now


if __name__ == "__main__":
    probe(int(sys.argv[1]), sys.argv[2])
