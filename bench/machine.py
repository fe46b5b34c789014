"""Measure the machine as it is now; other figures mean little without these."""

import asyncio
import os
import select
import tempfile
import time
from typing import Any

from bench.figures import latencies_ms, show

_LOOPS = 2_000_000
_SAMPLES = 300


def _loop_s() -> float:
    """CPU seconds for two million additions: about 0.1 on a current 3 GHz core."""
    start = time.process_time()
    total = 0
    for number in range(_LOOPS):
        total += number
    return time.process_time() - start


def _wake_latencies() -> list[float]:
    """Measure the delay of a sleep of 1 ms; a virtual machine that is paused shows here."""
    poll = select.epoll()
    late: list[float] = []
    for _ in range(_SAMPLES):
        start = time.perf_counter()
        poll.poll(0.001)
        late.append(time.perf_counter() - start - 0.001)
    poll.close()
    return late


def _flush_latencies() -> list[float]:
    """Measure the time of a write of 4 KiB to the disk: the floor under every commit."""
    taken: list[float] = []
    with tempfile.TemporaryFile() as file:
        for _ in range(_SAMPLES):
            start = time.perf_counter()
            os.write(file.fileno(), b"x" * 4096)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - start)
    return taken


async def machine() -> dict[str, Any]:
    """A bare loop, a bare sleep, a bare flush."""
    return {
        "bench": "machine",
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
        "python_loop_s": round(min(_loop_s() for _ in range(3)), 3),
        "sleep_overrun": latencies_ms(_wake_latencies()),
        "fdatasync": latencies_ms(_flush_latencies()),
    }


if __name__ == "__main__":
    show(asyncio.run(machine()))
