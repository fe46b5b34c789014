"""Writing without a pause, in which work in the background may not begin; no test is in here."""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

import pytest

from app.service import writing_pause

_PAUSES = 4


def note_rounds(monkeypatch: pytest.MonkeyPatch, worker: type[Any]) -> list[float]:
    """Have a worker note when each of its rounds begins; it waits for a pause for ever."""
    begun: list[float] = []
    real = worker.round

    async def noted(self: Any) -> object:
        begun.append(monotonic())
        return await real(self)

    monkeypatch.setattr(worker, "round", noted)
    monkeypatch.setattr(writing_pause, "MAX_WAIT_S", float("inf"))
    return begun


async def rounds_while_writing(
    write: Callable[[], Awaitable[object]], begun: list[float], pause_s: float
) -> int:
    """Write without a pause for long; returns how many rounds began in it.

    A rest that began before may end in it, so the first of the pauses does not count. A machine
    that held the writer up itself, for half a pause, has it write anew.
    """
    while True:
        start = last = monotonic()
        longest_s = 0.0
        while last < start + (1 + _PAUSES) * pause_s:
            await write()
            longest_s, last = max(longest_s, monotonic() - last), monotonic()
        if longest_s < pause_s / 2:
            return sum(start + pause_s < each < last for each in begun)
