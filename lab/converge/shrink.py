"""Cutting a failing script down to one that fails with as little as possible."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from lab.converge.frame_world import Script

_FLAGS: Final = (
    "failures",
    "crashes",
    "drops",
    "disorder",
    "slow",
    "rewinds",
    "unfit",
    "carriers",
    "undecided",
)
_COUNTS: Final = ("servers", "text_clients", "yjs_clients", "dialect_clients")


def shrink(script: Script, fails: Callable[[Script], bool], within_s: float = 60.0) -> Script:
    """Return a script that fails still, without what it does not need.

    First fewer clients, servers and faults, then fewer steps: halves, quarters, and so on down to
    single ones, until none can go.
    """
    deadline = time.monotonic() + within_s
    smaller = True
    while smaller and time.monotonic() < deadline:
        smaller = False
        for candidate in _simpler(script):
            if fails(candidate):
                script, smaller = candidate, True
                break
    return _fewer_steps(script, fails, deadline)


def _simpler(script: Script) -> Iterator[Script]:
    scenario = script.scenario
    if script.hostiles:
        yield replace(script, hostiles=script.hostiles - 1)
    if script.crossing:
        yield replace(script, crossing=False)
    if script.restless:
        yield replace(script, restless=0)
    for name in _COUNTS:
        count = getattr(scenario, name)
        least = 1 if name in ("servers", "yjs_clients") else 0
        if count > least:
            yield replace(script, scenario=_with(scenario, name, count - 1))
    for name in _FLAGS:
        if getattr(scenario, name):
            yield replace(script, scenario=_with(scenario, name, False))


def _with(scenario: Any, name: str, value: object) -> Any:
    return replace(scenario, **{name: value})


def _fewer_steps(script: Script, fails: Callable[[Script], bool], deadline: float) -> Script:
    count = max(1, len(script.steps) // 2)
    while script.steps:
        first = 0
        while first < len(script.steps):
            if time.monotonic() > deadline:
                return script
            steps = (*script.steps[:first], *script.steps[first + count :])
            candidate = replace(script, steps=steps)
            if fails(candidate):
                script = candidate
            else:
                first += count
        if count == 1:
            return script
        count = max(1, count // 2)
    return script
