"""The work that a page has with what is done in it, in processor time of its own thread.

Other processes on the machine do not change these figures, as they do those of the clock.
"""

import asyncio
from typing import Any, Final, Self

from playwright.async_api import CDPSession, Page

_CATEGORIES: Final = ["toplevel", "devtools.timeline"]
_TASK: Final = "ThreadControllerImpl::RunTask"
_METRICS: Final = {
    "script_ms": "ScriptDuration",
    "layout_ms": "LayoutDuration",
    "style_ms": "RecalcStyleDuration",
}
_COUNTS: Final = {"layouts": "LayoutCount", "style_runs": "RecalcStyleCount"}


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
        config = {"includedCategories": _CATEGORIES, "excludedCategories": ["*"]}
        await session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": config})
        return work

    async def stop(self, keys: int) -> dict[str, float]:
        """The work for each of so many keys, and the longest task: all in milliseconds."""
        after = await _metrics(self._session)
        await self._session.send("Tracing.end")
        await self._complete.wait()
        await self._session.detach()
        grown = {name: after[name] - self._before[name] for name in after}
        times = {of: round(grown[name] * 1_000 / keys, 2) for of, name in _METRICS.items()}
        counts = {of: round(grown[name] / keys, 1) for of, name in _COUNTS.items()}
        return {**times, **counts, "longest_task_ms": self._longest_task_ms()}

    def _longest_task_ms(self) -> float:
        """Of the thread that input is dispatched on; the tracing's own start is left out."""
        dispatches = [event for event in self._events if event["name"] == "EventDispatch"]
        if not dispatches:
            return 0.0
        thread = (dispatches[0]["pid"], dispatches[0]["tid"])
        since = min(event["ts"] for event in dispatches)
        tasks = [
            event.get("tdur", 0)
            for event in self._events
            if event["name"] == _TASK and (event["pid"], event["tid"]) == thread
            if event["ts"] + event.get("dur", 0) >= since
        ]
        return round(max(tasks, default=0) / 1_000, 1)


async def _metrics(session: CDPSession) -> dict[str, float]:
    answer = await session.send("Performance.getMetrics")
    return {metric["name"]: metric["value"] for metric in answer["metrics"]}
