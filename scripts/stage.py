"""Stages of `./test`: what one is, what it is given, and how one ends."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
CACHE: Final = ROOT / ".cache"


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
    run: Callable[[Options], str | None]
    """Raises if it does not pass; returns what it left out, if anything."""
    beside: bool = False
    """True if it runs beside the stages before it; its output is then shown in its turn."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one stage."""

    stage: Stage
    verdict: str
    seconds: float = 0.0
    reason: str = field(default="")


def is_ci() -> bool:
    """Return whether this is a run that must not skip anything."""
    return os.environ.get("CI") == "true"
