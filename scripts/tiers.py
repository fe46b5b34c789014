"""Tiers of tests: each is a folder of `tests/` that pytest runs, with what its tests need."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scripts import chromium
from scripts.debian_program import FIREFOX, HAPROXY, NGINX, DebianProgram
from scripts.junit_report import Tally
from scripts.stage import CACHE, ROOT, Options, Stage, StageFailed, StageMissing, is_ci
from scripts.stage_command import NPM_CLIENTS, WEB, install_packages, run_command

NO_TESTS_COLLECTED: Final = 5
CORES: Final = min(os.cpu_count() or 1, 4)
WORKERS: Final = {"integration": 2 * CORES, "e2e": CORES + 1}
"""Processes that run the tests of a tier side by side, where they are more than the cores: its
tests wait for other processes much of the time."""


def run_integration_tier(options: Options) -> str | None:
    """Run the integration tier, with the clients from npm that some of its tests run in Node.

    Where they cannot be installed, those tests are skipped; under CI=true the stage fails.
    """
    require_tier("integration")
    try:
        install_packages(NPM_CLIENTS)
    except (StageFailed, SystemExit) as failure:
        if is_ci():
            raise StageFailed(f"the clients of tests/npm: {failure}") from None
        print(f"!!! integration: without the clients of tests/npm: {failure}", flush=True)
    return run_tier("integration", options, program_variables(NGINX, HAPROXY))


def run_browser_tier(options: Options) -> str | None:
    """Run the e2e tier, with the browsers whose paths are in `QUIRE_TEST_CHROMIUM` and `_FIREFOX`.

    Raises `StageFailed` without a Chromium, or without the packages from npm: axe, and the suites
    of markdown. Without a Firefox its tests are skipped; under CI=true the stage fails.
    """
    require_tier("e2e")
    path = chromium.find_chromium(CACHE / "chromium")
    if path is None:
        raise StageFailed(f"no Chromium that starts; name one with {chromium.VARIABLE}=/path/to/it")
    for folder in (WEB, NPM_CLIENTS):
        install_packages(folder)
    variables = {chromium.VARIABLE: path, **program_variables(FIREFOX, NGINX)}
    return run_tier("e2e", options, variables)


def program_variables(*programs: DebianProgram) -> dict[str, str]:
    """Return what names the programs to the tests; without one, its tests are skipped.

    Raises `StageFailed` under CI=true if one is not there.
    """
    variables = {}
    for program in programs:
        if path := program.find():
            variables[program.variable] = path
        elif is_ci():
            name = f"name one with {program.variable}=/path/to/it"
            raise StageFailed(f"no {program.title} that starts; {name}")
        else:
            print(f"!!! without {program.title}: its tests are skipped", flush=True)
    return variables


def run_tier(tier: str, options: Options, variables: Mapping[str, str] | None = None) -> str | None:
    """Run one folder of tests with pytest and leave a report for the tally.

    Returns what was skipped because something is not there, if anything was. Raises `StageFailed`
    if a test failed, or if none ran.
    """
    require_tier(tier)
    report = report_of(tier)
    report.parent.mkdir(parents=True, exist_ok=True)
    soak = {"QUIRE_SOAK": "1"} if options.soak else {}
    command = [sys.executable, "-m", "pytest", f"tests/{tier}", f"--junitxml={report}"]
    # A soak is long on purpose; a test's own timeout mark still holds.
    command += ["--timeout=36000"] if options.soak else []
    workers = WORKERS.get(tier, CORES)
    if workers > 1:
        # Each begins with a part of its own, in order, so that the tests of a file share a server;
        # whoever is done takes tests from the end of another's part.
        command += [f"--numprocesses={workers}", "--dist=worksteal"]
    command += options.pytest_arguments
    try:
        run_command(command, variables=soak | dict(variables or {}))
    except StageFailed as failure:
        if f"exited {NO_TESTS_COLLECTED}" in str(failure):
            raise StageFailed("no test was collected") from None
        raise StageFailed("see above") from None
    return skips_of(report)


def skips_of(report: Path) -> str | None:
    """Return how many tests of a report were skipped for want of something, and of what.

    Raises `StageFailed` if no test of it ran.
    """
    tally = Tally()
    tally.add(report)
    if tally.passed == 0:
        raise StageFailed(f"no test ran: {tally.skipped} were skipped")
    skips = (f"{count} skipped: {reason}" for reason, count in tally.missing.most_common())
    return "; ".join(skips) or None


def require_tier(tier: str) -> None:
    """Raise `StageMissing` unless the tier has a test file."""
    if not any((ROOT / "tests" / tier).rglob("test_*.py")):
        raise StageMissing(f"tests/{tier}/")


def report_of(tier: str) -> Path:
    """Return where a tier's JUnit report is written."""
    return CACHE / "reports" / f"{tier}.xml"


def tier_stage(name: str, about: str) -> Stage:
    """Return the stage that runs one tier of tests."""
    return Stage(name, about, lambda options: run_tier(name, options))
