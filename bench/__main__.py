"""`python -m bench [name …]`: all measurements, or the named ones; one JSON line each.

Each line says which of its targets (`bench.target`) it missed; the exit code is 1 if any did.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from bench.compression import compression
from bench.cost import cost
from bench.disk import disk
from bench.figures import show
from bench.first_load import first_load
from bench.idle import idle
from bench.machine import machine
from bench.opening import opening
from bench.page_preview import page_preview
from bench.page_response import page
from bench.pipeline import pipeline
from bench.processes import rolling_restart, two_processes
from bench.rooms import many_rooms, one_room
from bench.search import search
from bench.silent import silent
from bench.start import start
from bench.storm import storm
from bench.target import missed

BENCHES: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
    "machine": machine,
    "cost": cost,
    "compression": compression,
    "disk": disk,
    "room": one_room,
    "rooms": many_rooms,
    "pipeline": pipeline,
    "opening": opening,
    "preview": page_preview,
    "page": page,
    "idle": idle,
    "start": start,
    "search": search,
    "first_load": first_load,
    "silent": silent,
    "storm": storm,
    "processes": two_processes,
    "rolling": rolling_restart,
}


async def _run(name: str) -> dict[str, Any]:
    return await BENCHES[name]()


def main() -> int:
    names = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"there is no measurement {', '.join(unknown)}; there are {', '.join(BENCHES)}")
        return 2
    exit_code = 0
    for name in names:
        result = asyncio.run(_run(name))
        result["missed"] = missed(name, result)
        show(result)
        exit_code = exit_code or int(bool(result["missed"]))
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
