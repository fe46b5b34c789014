"""Runs of stages: in order, some of them beside the others; and what is printed of them."""

import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from contextvars import copy_context

from scripts.stage import Options, Outcome, Stage, StageFailed, StageMissing, is_ci
from scripts.stage_command import command_output


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
        command_output.set(self._written)
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
    """Print a warning for a stage that could not run, or not whole."""
    if outcome.verdict in ("MISSING", "PARTLY"):
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
        if left_out := stage.run(options):
            verdict, reason = "PARTLY", left_out
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
