"""`lab crash`: `kill -9` under load, over all configurations, and the same on others' servers.

A line of the table is a configuration. `found` are the acknowledged edits that the log has after
the restart. The last lines are there to show that the recorder sees a loss: a Quire that
acknowledges before it commits, and servers that do so by design.
"""

import argparse
import asyncio
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Final

from lab.crash.crash_verdict import Verdict
from lab.crash.peer_rounds import PeerOutcome, run_peer
from lab.crash.quire_service import Plan
from lab.crash.rounds import Outcome, run_plan
from lab.markdown_table import Row, render_table
from lab.peer_server import HOCUSPOCUS, Y_WEBSOCKET, PeerKind, install_peers
from lab.proof_page import write_section

_PLANS: Final = (
    (3, Plan("SQLite", "sqlite", 1, (), 0, 1)),
    (2, Plan("SQLite, connections cut, clock wrong", "sqlite", 1, ("cuts", "clock"), 0, 2)),
    (2, Plan("SQLite, disk full", "sqlite", 1, ("disk",), 0, 3)),
    (2, Plan("PostgreSQL, its connections cut", "postgresql", 1, ("cuts", "database"), 0, 4)),
    (
        6,
        Plan(
            "PostgreSQL, three processes, Redis killed",
            "postgresql",
            3,
            ("redis", "cuts", "database", "clock"),
            0,
            5,
        ),
    ),
)
"""The configurations, each with its share of the kills."""
_PLANTED: Final = Plan(
    "Quire that acknowledges before it commits", "sqlite", 1, (), 0, 6, acks_first=True
)
_HEAD: Final = (
    "configuration",
    "kills",
    "acknowledged",
    "found",
    "lost",
    "shown",
    "lost ",
    "doubled",
    "moved",
)


def plans_of(kills: int, seed: int) -> list[Plan]:
    """Return the configurations, with the kills shared out; none has less than one."""
    shares = sum(share for share, _ in _PLANS)
    return [
        replace(plan, kills=max(1, round(kills * share / shares)), seed=seed * 10 + plan.seed)
        for share, plan in _PLANS
    ]


def run_crash(arguments: Sequence[str]) -> int:
    """Run the experiment; return 1 if Quire lost, doubled or moved anything."""
    options = _parse(arguments)
    plans = plans_of(options.kills, options.seed)
    planted = replace(_PLANTED, kills=options.contrast_kills, seed=options.seed * 10 + 6)
    peers = [HOCUSPOCUS, Y_WEBSOCKET] if options.contrast_kills else []
    if peers:
        install_peers()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.parallel, mp_context=context) as pool:
        # The longest first, so that they do not run alone at the end.
        jobs = {
            plan: pool.submit(_run_plan, plan) for plan in sorted(plans, key=lambda p: -p.kills)
        }
        broken = pool.submit(_run_plan, planted) if options.contrast_kills else None
        others = [
            pool.submit(_run_peer, kind, options.contrast_kills, options.seed) for kind in peers
        ]
        outcomes = [jobs[plan].result() for plan in plans]
        contrast: list[Outcome | PeerOutcome] = [broken.result()] if broken else []
        contrast += [job.result() for job in others]
    return _report(options, outcomes, contrast)


def _report(
    options: argparse.Namespace,
    outcomes: Sequence[Outcome],
    contrast: Sequence[Outcome | PeerOutcome],
) -> int:
    total = Verdict()
    for outcome in outcomes:
        total.add(outcome.verdict)
    rows = [_row(_name(outcome), outcome.verdict) for outcome in outcomes]
    rows.append(_row("all of Quire", total))
    rows += [_row(_name(outcome), outcome.verdict) for outcome in contrast]
    table = render_table(_HEAD, rows)
    problems = [problem for outcome in outcomes for problem in outcome.problems]
    print(table)
    for problem in problems:
        print(f"problem: {problem}")
    print(f"seed {options.seed}; " + ", ".join(f"{_name(o)}: {o.seconds:.0f} s" for o in outcomes))
    blind = [o for o in contrast if isinstance(o, Outcome) and o.verdict.is_clean]
    for outcome in blind:
        print(f"the recorder saw no loss in: {_name(outcome)}")
    if options.write:
        command = f"python -m lab crash --kills {options.kills} --seed {options.seed}"
        write_section("crash", table, command)
    return int(not total.is_clean or bool(problems) or bool(blind))


def _name(outcome: Outcome | PeerOutcome) -> str:
    return outcome.plan.name if isinstance(outcome, Outcome) else outcome.name


def _row(name: str, verdict: Verdict) -> Row:
    return (
        name,
        verdict.kills,
        verdict.acknowledged,
        verdict.found,
        verdict.lost_acknowledged,
        verdict.shown,
        verdict.lost_shown,
        verdict.doubled,
        verdict.moved,
    )


def _run_plan(plan: Plan) -> Outcome:
    return asyncio.run(run_plan(plan))


def _run_peer(kind: PeerKind, kills: int, seed: int) -> PeerOutcome:
    return asyncio.run(run_peer(kind, kills, seed))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=60, help="of Quire, over all configurations")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=3, help="configurations at a time")
    parser.add_argument(
        "--contrast-kills", type=int, default=5, help="of each server that is to lose; 0: none"
    )
    parser.add_argument("--write", action="store_true", help="write the section of docs/proof.md")
    return parser.parse_args(arguments)
