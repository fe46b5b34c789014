"""Run every check and test of the project, in order, up to the first stage that fails.

    ./test                         everything
    ./test unit property           only these stages
    ./test unit -- -k delta -x     arguments after -- go to pytest
    ./test --soak                  let property and load tests run long (QUIRE_SOAK=1)
    ./test --list                  name the stages

With CI=true a stage whose folder is missing fails; otherwise it is skipped, and that is said.
"""

import argparse
import os
import shutil
import sys
from typing import Final

from scripts.junit_report import Tally
from scripts.stage import CACHE, ROOT, Options, Outcome, Stage
from scripts.stage_checks import (
    check_format,
    check_imports,
    check_lint,
    check_structure,
    check_types,
    check_web,
    install_clients,
)
from scripts.stage_run import run_stages
from scripts.tiers import report_of, run_browser_tier, run_integration_tier, tier_stage

STAGES: Final = (
    Stage("format", "ruff format --check", check_format),
    Stage("lint", "ruff check", check_lint),
    Stage("imports", "import directions", check_imports),
    Stage("structure", "ceilings on sizes, names and import arrows", check_structure),
    Stage(
        "web",
        "TypeScript, its tests, and web/dist against its sources",
        check_web,
        beside=True,
    ),
    Stage("clients", "the packages of tests/npm", install_clients, beside=True),
    tier_stage("unit", "tests/unit: pure, in seconds"),
    tier_stage("property", "tests/property: Hypothesis and simulated networks"),
    # One process, for minutes: it runs beside all of the above, and is waited for here.
    Stage("types", "mypy, strict", check_types, beside=True),
    tier_stage("contract", "tests/contract: every implementation of a port"),
    Stage(
        "integration",
        "tests/integration: real server processes, sockets, and clients from npm",
        run_integration_tier,
    ),
    Stage("e2e", "tests/e2e: real browsers on the real page", run_browser_tier),
)


def print_summary(outcomes: list[Outcome]) -> None:
    """Print a line per stage and, if any test ran, the closing line with the counts."""
    print("\n=== summary")
    for outcome in outcomes:
        line = f"{outcome.stage.name:<12} {outcome.verdict:<8} {outcome.seconds:6.1f} s"
        print(f"{line}  {outcome.reason}".rstrip())
    tally = Tally()
    reports = [report for outcome in outcomes if (report := report_of(outcome.stage.name)).exists()]
    for report in reports:
        tally.add(report)
    if reports:
        print(tally, flush=True)


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Read the command line of ./test."""
    parser = argparse.ArgumentParser(
        prog="./test", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stages", nargs="*", metavar="STAGE", help="stages to run (default: all)")
    parser.add_argument("--list", action="store_true", help="name the stages and exit")
    parser.add_argument("--soak", action="store_true", help="let long tests run long")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Run what the command line asks for; return the exit code."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    wanted = parse_arguments(arguments[:split])
    if wanted.list:
        for stage in STAGES:
            print(f"{stage.name:<12} {stage.about}")
        return 0
    unknown = set(wanted.stages) - {stage.name for stage in STAGES}
    if unknown:
        print(f"./test: no such stage: {', '.join(sorted(unknown))}; see --list", file=sys.stderr)
        return 2
    chosen = [stage for stage in STAGES if not wanted.stages or stage.name in wanted.stages]
    shutil.rmtree(CACHE / "reports", ignore_errors=True)
    options = Options(pytest_arguments=tuple(arguments[split + 1 :]), soak=wanted.soak)
    outcomes = run_stages(chosen, options)
    print_summary(outcomes)
    return int(any(outcome.verdict == "FAILED" for outcome in outcomes))


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
