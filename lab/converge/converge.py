"""`lab converge`: simulated worlds with hostile clients, until so many sessions were played.

A world is drawn from its seed: one or several processes on one log, clients of all dialects, faults
of all kinds. `--only SEED` plays one again. A failure is cut down to the steps that it needs.
"""

import argparse
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from random import Random
from typing import Final

from lab.converge.frame_world import Script, failure_of, play
from lab.converge.shrink import shrink
from lab.markdown_table import render_table
from lab.proof_page import write_section
from tests.property.simulation.scenario import Scenario

_BATCH: Final = 50
_MAX_FAILURES: Final = 3


@dataclass
class Tally:
    """Counts over many worlds.

    Args:
        failures: the seed of each world that failed, and how.
    """

    worlds: int = 0
    sessions: int = 0
    hostile_sessions: int = 0
    events: int = 0
    failures: tuple[tuple[int, str], ...] = ()

    def add(self, other: "Tally") -> None:
        """Add another's counts to these."""
        self.worlds += other.worlds
        self.sessions += other.sessions
        self.hostile_sessions += other.hostile_sessions
        self.events += other.events
        self.failures += other.failures


def script_of(seed: int) -> Script:
    """Draw a world."""
    dice = Random(seed)

    def maybe() -> bool:
        return dice.randrange(2) == 0

    # Where a hostile client may be the first to write, it chooses the text root for all.
    hostiles = dice.randrange(3)
    scenario = Scenario(
        seed=seed,
        servers=dice.choice((1, 2, 3)),
        text_clients=dice.randrange(4),
        yjs_clients=dice.randrange(1, 4),
        dialect_clients=dice.randrange(4),
        failures=maybe(),
        crashes=maybe(),
        drops=maybe(),
        disorder=maybe(),
        slow=maybe(),
        rewinds=maybe(),
        unfit=maybe(),
        carriers=maybe(),
        window_events=dice.choice((2, 8, 1_024)),
        max_batch=dice.choice((1, 3, 512)),
        checkpoint_events=dice.choice((3, 500)),
        undecided=hostiles == 0 and maybe(),
    )
    steps = dice.choice((60, 150, 300))
    restless = dice.choice((10, 40, 120))
    return Script(scenario, hostiles, restless, tuple(range(steps)), crossing=maybe())


def play_batch(first: int, count: int) -> Tally:
    """Play worlds of consecutive seeds."""
    tally = Tally()
    for seed in range(first, first + count):
        script = script_of(seed)
        tally.worlds += 1
        try:
            world = play(script)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - a panic of pycrdt is no Exception
            tally.failures += ((seed, f"{type(error).__name__}: {str(error)[:300]}"),)
            continue
        tally.sessions += world.sessions
        tally.hostile_sessions += sum(hostile.sessions for hostile in world.hostiles)
        tally.events += world.store.version
    return tally


def run_converge(arguments: Sequence[str]) -> int:
    """Run the experiment; return 1 if a world failed."""
    options = _parse(arguments)
    started = time.monotonic()
    if options.only is not None:
        tally = play_batch(options.only, 1)
    else:
        tally = _play_all(options.sessions, options.seed, options.parallel)
    seconds = time.monotonic() - started
    table = render_table(
        (
            "worlds",
            "sessions",
            "of hostile clients",
            "events",
            "divergences and other failures",
            "s",
        ),
        [
            (
                tally.worlds,
                tally.sessions,
                tally.hostile_sessions,
                tally.events,
                len(tally.failures),
                round(seconds),
            )
        ],
    )
    print(table)
    for seed, failure in tally.failures[:_MAX_FAILURES]:
        print(f"seed {seed}: {failure}")
        _show_smallest(script_of(seed), failure)
    if options.write:
        command = f"python -m lab converge --sessions {options.sessions} --seed {options.seed}"
        write_section("converge", table, command)
    return int(bool(tally.failures))


def _play_all(sessions: int, seed: int, parallel: int) -> Tally:
    tally, at = Tally(), seed * 1_000_000_000
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(parallel, mp_context=context) as pool:
        running: set[Future[Tally]] = set()
        while tally.sessions < sessions and len(tally.failures) < _MAX_FAILURES:
            while len(running) < 2 * parallel:
                running.add(pool.submit(play_batch, at, _BATCH))
                at += _BATCH
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for each in done:
                tally.add(each.result())
        for each in running:
            each.cancel()
        for each in wait([each for each in running if not each.cancelled()]).done:
            tally.add(each.result())
    return tally


def _show_smallest(script: Script, failure: str) -> None:
    """Print the smallest script that fails in the same way."""
    kind = failure[:40]
    smallest = shrink(script, lambda each: (failure_of(each) or "").startswith(kind))
    print(f"  smallest: {smallest}")
    print(f"  fails with {failure_of(smallest)}")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab converge", description=__doc__)
    parser.add_argument("--sessions", type=int, default=20_000, help="to play at least")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="SEED", help="play this world alone")
    parser.add_argument("--parallel", type=int, default=2, help="processes")
    parser.add_argument("--write", action="store_true", help="write the section of docs/proof.md")
    return parser.parse_args(arguments)
