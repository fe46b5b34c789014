"""Run every check and test of the project, in order, up to the first stage that fails.

    ./test                         everything
    ./test unit property           only these stages
    ./test unit -- -k delta -x     arguments after -- go to pytest
    ./test --soak                  let property and load tests run long (QUIRE_SOAK=1)
    ./test --list                  name the stages

With CI=true a stage whose folder is missing fails; otherwise it is skipped, and that is said.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final
from xml.etree import ElementTree

from scripts import chromium, firefox, nginx
from scripts.node import node_environment

ROOT: Final = Path(__file__).resolve().parent.parent
CACHE: Final = ROOT / ".cache"
WEB: Final = ROOT / "web"
NPM_CLIENTS: Final = ROOT / "tests" / "npm"
NO_TESTS_COLLECTED: Final = 5
CORES: Final = min(os.cpu_count() or 1, 4)
WORKERS: Final = {"integration": 2 * CORES, "e2e": CORES + 1}
"""Processes that run the tests of a tier side by side, where they are more than the cores: its
tests wait for other processes much of the time."""


class StageFailed(Exception):
    """A stage did not pass; the message says why in a few words."""


class StageMissing(Exception):
    """The subject of a stage does not exist; the message names it."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command line, for all stages."""

    pytest_arguments: tuple[str, ...]
    soak: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """One named step of the run."""

    name: str
    about: str
    run: Callable[[Options], None]
    beside: bool = False
    """True if it runs beside the stages before it; its output is then shown in its turn."""


@dataclass(slots=True)
class Tally:
    """Tests counted over all tiers, from the reports that pytest wrote."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, report: Path) -> None:
        """Count in one JUnit report."""
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            failed = int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
            skipped = int(suite.get("skipped", "0"))
            self.failed += failed
            self.skipped += skipped
            self.passed += max(0, int(suite.get("tests", "0")) - failed - skipped)

    def __str__(self) -> str:
        """Return the closing line that CI reads."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one stage."""

    stage: Stage
    verdict: str
    seconds: float = 0.0
    reason: str = field(default="")


_output: ContextVar[IO[bytes] | None] = ContextVar("output", default=None)
"""The file to which commands write; None: the output of this process."""


def run_command(
    command: list[str], folder: Path = ROOT, variables: Mapping[str, str] | None = None
) -> None:
    """Run a command and raise `StageFailed` unless it succeeds."""
    needs_node = folder in (WEB, NPM_CLIENTS)
    environment = node_environment(CACHE / "node") if needs_node else dict(os.environ)
    program = shutil.which(command[0], path=environment.get("PATH"))
    if program is None:
        raise StageFailed(f"{command[0]} not found")
    done = subprocess.run(
        [program, *command[1:]],
        cwd=folder,
        env=environment | dict(variables or {}),
        stdin=subprocess.DEVNULL,
        stdout=_output.get(),
        stderr=_output.get(),
        check=False,
    )
    if done.returncode != 0:
        raise StageFailed(f"`{' '.join(command)}` exited {done.returncode}")


def run_tool(module: str, *arguments: str) -> None:
    """Run a Python tool of this environment, whatever PATH says."""
    run_command([sys.executable, "-m", module, *arguments])


def check_format(_: Options) -> None:
    """Check that every Python file is as `ruff format` writes it."""
    run_tool("ruff", "format", "--check", ".")


def check_lint(_: Options) -> None:
    """Check that `ruff check` finds nothing."""
    run_tool("ruff", "check", ".")


def check_types(_: Options) -> None:
    """Check the types, strictly, in the folders that `tool.mypy.files` names."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named: list[str] = settings["tool"]["mypy"]["files"]
    present = [name for name in named if any((ROOT / name).rglob("*.py"))]
    run_tool("mypy", *present)
    if present != named:
        raise StageMissing(", ".join(f"{name}/" for name in named if name not in present))


def check_imports(_: Options) -> None:
    """Check the import directions of `tool.importlinter`."""
    run_command([str(Path(sys.executable).parent / "lint-imports"), "--no-logo"])


def check_structure(_: Options) -> None:
    """Check sizes, names and imports of the code against the ceilings of `scripts.structure`."""
    run_tool("scripts.structure")


def check_web(_: Options) -> None:
    """Check types and tests of the web client, and that `web/dist` is what it builds to."""
    if not (WEB / "package.json").exists():
        raise StageMissing("web/package.json")
    install_packages(WEB)
    run_command(["npm", "run", "check"], WEB)
    run_command(["npm", "test"], WEB)
    committed = fingerprint(WEB / "dist")
    run_command(["npm", "run", "build"], WEB)
    if fingerprint(WEB / "dist") != committed:
        raise StageFailed("web/dist was not what the sources build to; it is now: commit it")


def install_clients(_: Options) -> None:
    """Install the clients from npm that integration tests run."""
    try:
        install_packages(NPM_CLIENTS)
    except (StageFailed, SystemExit) as failure:
        raise StageMissing(f"way to install the clients of tests/npm: {failure}") from None


def install_packages(folder: Path) -> None:
    """Run `npm ci` unless the folder's `node_modules` is already what its lock file says."""
    stamp = folder / "node_modules" / ".quire-lock"
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        stamp.unlink(missing_ok=True)
        run_command(["npm", "ci"], folder)
        stamp.write_text(wanted)


def fingerprint(folder: Path) -> dict[str, str]:
    """Return the hash of every file below a folder, by its path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def run_integration_tier(options: Options) -> None:
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
    run_tier("integration", options, nginx_variable())


def nginx_variable() -> dict[str, str]:
    """Return what names the nginx to the tests behind a proxy; without one they are skipped.

    Raises `StageFailed` under CI=true if there is none.
    """
    path = nginx.find_nginx()
    if path is not None:
        return {nginx.VARIABLE: path}
    if is_ci():
        raise StageFailed(f"no nginx that starts; name one with {nginx.VARIABLE}=/path/to/it")
    print("!!! without an nginx: the tests behind a proxy are skipped", flush=True)
    return {}


def run_browser_tier(options: Options) -> None:
    """Run the e2e tier, with the browsers whose paths are in `QUIRE_TEST_CHROMIUM` and `_FIREFOX`.

    Without a Firefox, or the package that drives it, its tests are skipped; under CI=true the
    stage fails.
    """
    require_tier("e2e")
    path = chromium.find_chromium(CACHE / "chromium")
    if path is None:
        raise StageFailed(f"no Chromium that starts; name one with {chromium.VARIABLE}=/path/to/it")
    install_packages(WEB)  # the suites of markdown
    variables = {chromium.VARIABLE: path, **firefox_variable(), **nginx_variable()}
    run_tier("e2e", options, variables)


def firefox_variable() -> dict[str, str]:
    """Return what names the Firefox to the tests, with the package that drives it installed."""
    try:
        install_packages(NPM_CLIENTS)
        path = firefox.find_firefox()
        if path is None:
            raise StageFailed(f"no Firefox that starts; name one with {firefox.VARIABLE}=…")
    except (StageFailed, SystemExit) as failure:
        if is_ci():
            raise StageFailed(str(failure)) from None
        print(f"!!! without a Firefox: its tests are skipped: {failure}", flush=True)
        return {}
    return {firefox.VARIABLE: path}


def run_tier(tier: str, options: Options, variables: Mapping[str, str] | None = None) -> None:
    """Run one folder of tests with pytest and leave a report for the tally."""
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


STAGES: Final = (
    Stage("format", "ruff format --check", check_format),
    Stage("lint", "ruff check", check_lint),
    Stage("imports", "import directions", check_imports),
    Stage("structure", "ceilings on sizes, names and import arrows", check_structure),
    Stage("web", "TypeScript, its tests, and web/dist against its sources", check_web, beside=True),
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


class Beside:
    """A stage that runs in a thread, with what it writes kept until it is asked for."""

    def __init__(self, stage: Stage, options: Options) -> None:
        self._stage = stage
        self._options = options
        self._outcome: Outcome | None = None
        self._written = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `finish`)
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,))
        self._thread.start()

    def _run(self) -> None:
        _output.set(self._written)
        self._outcome = time_stage(self._stage, self._options)

    def finish(self) -> Outcome:
        """Wait for it, show what it wrote, and say how it ended."""
        print_heading(self._stage)
        self._thread.join()
        self._written.seek(0)
        sys.stdout.write(self._written.read().decode(errors="replace"))
        self._written.close()
        assert self._outcome is not None, "the thread has ended"
        print_missing(self._outcome)
        return self._outcome


def print_heading(stage: Stage) -> None:
    """Print the name of the stage whose output follows."""
    print(f"\n=== {stage.name}: {stage.about}", flush=True)


def print_missing(outcome: Outcome) -> None:
    """Print a warning for a stage that could not run."""
    if outcome.verdict == "MISSING":
        print(f"!!! {outcome.stage.name}: {outcome.reason}", flush=True)


def run_stage(stage: Stage, options: Options) -> Outcome:
    """Run one stage and say how it ended."""
    print_heading(stage)
    outcome = time_stage(stage, options)
    print_missing(outcome)
    return outcome


def time_stage(stage: Stage, options: Options) -> Outcome:
    """Run a stage's function and say how it ended."""
    started = time.monotonic()
    verdict, reason = "ok", ""
    try:
        stage.run(options)
    except StageFailed as failure:
        verdict, reason = "FAILED", str(failure)
    except StageMissing as missing:
        verdict = "FAILED" if is_ci() else "MISSING"
        reason = f"there is no {missing}"
    return Outcome(stage, verdict, time.monotonic() - started, reason)


def run_stages(stages: Iterable[Stage], options: Options) -> list[Outcome]:
    """Run stages in order; those after a failed one are not run."""
    stages = list(stages)
    beside = {stage.name: Beside(stage, options) for stage in stages if stage.beside}
    outcomes: list[Outcome] = []
    failed = False
    for stage in stages:
        if stage.name in beside:
            outcomes.append(beside[stage.name].finish())
        else:
            outcomes.append(Outcome(stage, "not run") if failed else run_stage(stage, options))
        failed = failed or outcomes[-1].verdict == "FAILED"
    return outcomes


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


def is_ci() -> bool:
    """Return whether this is a run that must not skip anything."""
    return os.environ.get("CI") == "true"


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
