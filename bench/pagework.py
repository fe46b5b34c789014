"""The work that a page has with what is done in it, in processor time of its own thread.

Other processes on the machine do not change these figures, as they do those of the clock.
"""

import asyncio
from typing import Any, Final, NamedTuple, Self

from playwright.async_api import CDPSession, Page

from bench.key_handling import CATEGORIES, Spent, handling, longest_task_ms

_METRICS: Final = {
    "script_ms": "ScriptDuration",
    "layout_ms": "LayoutDuration",
    "style_ms": "RecalcStyleDuration",
}
_COUNTS: Final = {"layouts": "LayoutCount", "style_runs": "RecalcStyleCount"}


class Work(NamedTuple):
    """The work done for the keys that were pressed."""

    handling: list[Spent]
    """For each key."""
    per_key: dict[str, float]
    """The mean of all keys, in milliseconds of processor time, and the longest task."""


class PageWork:
    """Counts of Chromium from `start` to `stop`."""

    def __init__(self, session: CDPSession, before: dict[str, float]) -> None:
        self._session = session
        self._before = before
        self._events: list[dict[str, Any]] = []
        self._complete = asyncio.Event()
        session.on("Tracing.dataCollected", lambda found: self._events.extend(found["value"]))
        session.on("Tracing.tracingComplete", lambda _: self._complete.set())

    @classmethod
    async def start(cls, window: Page) -> Self:
        session = await window.context.new_cdp_session(window)
        await session.send("Performance.enable", {"timeDomain": "threadTicks"})
        work = cls(session, await _metrics(session))
        config = {"includedCategories": list(CATEGORIES), "excludedCategories": ["*"]}
        await session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": config})
        return work

    async def stop(self, keys: int) -> Work:
        """The work for so many keys."""
        after = await _metrics(self._session)
        await self._session.send("Tracing.end")
        await self._complete.wait()
        await self._session.detach()
        grown = {name: after[name] - self._before[name] for name in after}
        times = {of: round(grown[name] * 1_000 / keys, 2) for of, name in _METRICS.items()}
        counts = {of: round(grown[name] / keys, 1) for of, name in _COUNTS.items()}
        longest = {"longest_task_ms": round(longest_task_ms(self._events), 1)}
        return Work(handling(self._events), {**times, **counts, **longest})


async def _metrics(session: CDPSession) -> dict[str, float]:
    answer = await session.send("Performance.getMetrics")
    return {metric["name"]: metric["value"] for metric in answer["metrics"]}
