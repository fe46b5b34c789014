"""The load of a core by a measured server, as the work that another process could still do there.

CPU time says little on a machine that its host stops: the kernel counts much of a standstill as
work of whoever was running. So the server gets a core of its own, and an idle-priority process on
that core counts as fast as it can: what it no longer gets done, the server (and the kernel on its
behalf) has taken. Both are counts per machine time.
"""

import mmap
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_COUNT = struct.Struct("=Q")
_STEP: Final = 2_000


class Soaker:
    """`with Soaker(core) as soaker`: takes what a core has left."""

    def __init__(self, core: int) -> None:
        self._core = core
        self._folder = tempfile.TemporaryDirectory(prefix="quire-soaker-")
        self._process: subprocess.Popen[bytes] | None = None
        self._shared: mmap.mmap | None = None

    def __enter__(self) -> Self:
        path = Path(self._folder.name) / "count"
        path.write_bytes(bytes(_COUNT.size))
        command = [sys.executable, "-m", __name__, str(self._core), str(path)]
        self._process = subprocess.Popen(command, cwd=Path(__file__).parent.parent)
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _COUNT.size)
        while self.count == 0:
            time.sleep(0.01)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    @property
    def count(self) -> int:
        """Return the number of steps done so far."""
        assert self._shared is not None, "it runs"
        found: int = _COUNT.unpack_from(self._shared)[0]
        return found


def soak(core: int, path: str) -> None:
    """Count, at idle priority, on one core."""
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with Path(path).open("r+b") as file:
        shared = mmap.mmap(file.fileno(), _COUNT.size)
    parent = os.getppid()
    count = 0
    while os.getppid() == parent:
        for _ in range(_STEP):
            pass
        count += 1
        _COUNT.pack_into(shared, 0, count)


if __name__ == "__main__":
    soak(int(sys.argv[1]), sys.argv[2])
