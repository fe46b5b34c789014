"""`lab load`: ten thousand connections on one process, thirty thousand on four, and their work.

Scenarios by name: hold (idle and typing, beside Hocuspocus), readers, presence, busy, return,
large, proxy. Each prints its figures with targets, met or missed.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import uvloop

from lab.load.behind_proxy import hold_behind_proxy
from lab.load.coming_back import come_back
from lab.load.holding import hold
from lab.load.large_document import join_large
from lab.load.load_line import LoadLine
from lab.load.one_room import busy, presence, readers
from lab.markdown_table import render_table
from lab.proof_page import write_section

Scenario = Callable[[argparse.Namespace], Awaitable[list[LoadLine]]]
SCENARIOS: Final[Mapping[str, Scenario]] = {
    "hold": lambda options: hold(options.connections),
    "readers": lambda options: readers(options.connections),
    "presence": lambda _: presence(),
    "busy": lambda _: busy(),
    "return": lambda options: come_back(options.connections),
    "large": lambda _: join_large(),
    "proxy": lambda options: hold_behind_proxy(options.proxied),
}


def run_load(arguments: Sequence[str]) -> int:
    """Run the scenarios; return 1 if a target was missed."""
    options = _parse(arguments)
    lines: list[LoadLine] = []
    end_s = time.monotonic() + options.total_s
    for name in options.scenarios or SCENARIOS:
        started = time.monotonic()
        within_s = min(options.within_s, end_s - started)
        # By uvloop, as the server: less of what is measured is the clients' own.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(_bounded(name, options, within_s))
        print(_table(found), f"\n{name}: {time.monotonic() - started:.0f} s", flush=True)
        lines += found
    missed = [line for line in lines if not line.is_met]
    for line in missed:
        print(f"missed: {line.scenario}: {line.figure} {line.value} {line.sign} {line.target}")
    if options.write:
        command = " ".join(("python -m lab load", *options.scenarios))
        write_section("load", _table(lines), command)
    return int(bool(missed))


async def _bounded(name: str, options: argparse.Namespace, within_s: float) -> list[LoadLine]:
    """Run a scenario; one that fails, or takes too long, is a figure that misses its target."""
    try:
        async with asyncio.timeout(within_s):
            return await SCENARIOS[name](options)
    except Exception as error:  # noqa: BLE001 - the other scenarios are measured all the same
        return [LoadLine(name, f"not done: {type(error).__name__} {error}"[:90], 0, ">=", 1)]


def _table(lines: Sequence[LoadLine]) -> str:
    return render_table(
        ("scenario", "figure", "value", "target", ""),
        [
            (
                line.scenario,
                line.figure,
                f"{line.value:,}",
                "" if line.target is None else f"{line.sign} {line.target:,}",
                line.verdict,
            )
            for line in lines
        ],
    )


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab load", description=__doc__)
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], metavar="SCENARIO")
    parser.add_argument("--connections", type=int, default=10_000, help="on one process")
    parser.add_argument("--proxied", type=int, default=30_000, help="on four, behind HAProxy")
    parser.add_argument("--within-s", type=float, default=240.0, help="for each scenario")
    parser.add_argument("--total-s", type=float, default=840.0, help="for all of them")
    parser.add_argument("--write", action="store_true", help="write the section of docs/proof.md")
    return parser.parse_args(arguments)
