"""`python -m bench [name …]`: all measurements, or the named ones; one JSON line each.

Each line says which of its targets (`bench.target`) it missed; the exit code is 1 if any did. A
table of the targets, met or missed, goes to standard error. `editor` stands for all measurements of
the editor's speed.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from bench.blame_times import authors
from bench.compaction import compaction
from bench.compressed_history import history
from bench.compression import compression
from bench.cost import cost
from bench.disk import disk
from bench.figures import show
from bench.first_load import first_load
from bench.idle import idle
from bench.machine import machine
from bench.opening import opening
from bench.page_device import page_device
from bench.page_playback import page_playback
from bench.page_preview import page_preview
from bench.page_response import page
from bench.pipeline import pipeline
from bench.processes import rolling_restart, two_processes
from bench.rooms import many_rooms, one_room
from bench.search import search
from bench.silent import silent
from bench.start import start
from bench.storm import storm
from bench.target import Verdict, missed, verdicts

BENCHES: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
    "machine": machine,
    "cost": cost,
    "compression": compression,
    "disk": disk,
    "compaction": compaction,
    "history": history,
    "authors": authors,
    "room": one_room,
    "rooms": many_rooms,
    "pipeline": pipeline,
    "opening": opening,
    "preview": page_preview,
    "playback": page_playback,
    "page": page,
    "device": page_device,
    "idle": idle,
    "start": start,
    "search": search,
    "first_load": first_load,
    "silent": silent,
    "storm": storm,
    "processes": two_processes,
    "rolling": rolling_restart,
}
LIGHT = {"idle"}
GROUPS: dict[str, list[str]] = {"editor": ["first_load", "page", "preview", "device", "search"]}


async def _run(name: str) -> dict[str, Any]:
    return await BENCHES[name]()


def main() -> int:
    names = [one for name in sys.argv[1:] for one in GROUPS.get(name, [name])] or list(BENCHES)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        known = ", ".join([*BENCHES, *GROUPS])
        print(f"there is no measurement {', '.join(unknown)}; there are {known}")
        return 2
    found: list[tuple[str, Verdict]] = []
    for name in names:
        # On uvloop where the clients would be the bound.
        factory = uvloop.new_event_loop if name in LIGHT else None
        with asyncio.Runner(loop_factory=factory) as runner:
            result = runner.run(_run(name))
        result["missed"] = missed(name, result)
        show(result)
        found += [(name, verdict) for verdict in verdicts(name, result)]
    for name, verdict in found:
        print(_line(name, verdict), file=sys.stderr)
    return int(any(not verdict.is_met for _, verdict in found))


def _line(name: str, verdict: Verdict) -> str:
    path, figure, sign, target = verdict
    said = "met" if verdict.is_met else "MISSED"
    return f"{name + ' ' + path:<44} {figure:>10} {sign} {target:<8} {said}"


if __name__ == "__main__":
    sys.exit(main())
