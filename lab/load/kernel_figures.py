"""Processor time and memory of a process, as the kernel counts them, while it runs."""

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_SAMPLE_S: Final = 1.0


def cpu_s_of(pid: int) -> float:
    """Return user and system time of a process, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def rss_bytes_of(pid: int) -> int:
    """Return resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


class LoadWatch:
    """Samples the share of a core that processes take, once a second."""

    def __init__(self, pids: Sequence[int]) -> None:
        self.cores: list[float] = []
        self._pids = pids
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._sample())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None, "entered"
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def busy_s(self, share: float) -> float:
        """Return the longest time without a break above a share of a core."""
        longest = lasting = 0.0
        for cores in self.cores:
            lasting = lasting + _SAMPLE_S if cores > share else 0.0
            longest = max(longest, lasting)
        return longest

    async def _sample(self) -> None:
        before, at = self._cpu_s(), time.perf_counter()
        while True:
            await asyncio.sleep(_SAMPLE_S)
            now, then = self._cpu_s(), time.perf_counter()
            self.cores.append((now - before) / (then - at))
            before, at = now, then

    def _cpu_s(self) -> float:
        return sum(cpu_s_of(pid) for pid in self._pids)
