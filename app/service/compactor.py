"""The background task that moves old events into segments, document by document.

    visit some documents ──▶ one that has work: remove rows │ make a segment, rest, … ──▶ the next

It remembers nothing but documents that cannot be compacted: what there is to do, the log says. So a
process that dies leaves nothing undone for the next, and several at once are safe.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from app.compaction_settings import CompactionSettings
from storage.compaction.log_care import SqlLogCare
from storage.compaction.piece import CompactionRule
from storage.compaction.preparation import Preparation
from storage.compaction.segment_row import UnequalError
from storage.compaction.sql_compaction import SqlCompaction
from sync.port import StoreError
from sync.shells.clock import now_ms

_log = logging.getLogger(__name__)

_FIRST_AFTER_S: Final = 30.0
"""The time from the start to the first look, so that a start is not made slower."""
_INTERVAL_S: Final = 60.0
"""The time between two looks at all documents."""
_DOCUMENTS_AT_ONCE: Final = 500
_KEPT_EVENTS: Final = 1_000
"""The newest of each document stay rows: clients that come back ask for them."""
_RESTING_FACTOR: Final = 24
"""A document rests when nobody has written it for so many times as events are to be old."""
_MINUTE_MS: Final = 60_000
_LEAST_PAUSE_S: Final = 0.02
_BUSY_PAUSE_S: Final = 0.25
"""The rest after a transaction, while people write: hardly 1 in 100 of their commits comes right
after one, and has its pages to bring to the disk, too."""
_REST: Final = 4.0
"""It rests so many times as long as it works: whoever edits is not to notice it."""


def compaction_rule(
    settings: CompactionSettings, *, is_age_ignored: bool = False
) -> CompactionRule:
    """Return which events may be compacted.

    Args:
        is_age_ignored: those of any age may be, down to what a room needs to be opened.
    """
    age_ms = settings.compact_after_minutes * _MINUTE_MS
    resting_ms = _RESTING_FACTOR * age_ms
    if is_age_ignored:
        return CompactionRule(age_ms=0, keep_events=0, resting_ms=resting_ms)
    return CompactionRule(age_ms=age_ms, keep_events=_KEPT_EVENTS, resting_ms=resting_ms)


@dataclass(slots=True)
class Compactor:
    """Compacts the documents of one store, beside other processes that do the same.

    Args:
        preparation: makes segments; threads of this process if not given.
        rest: see `_REST`.
        appends: counts the transactions of those who write.
    """

    compaction: SqlCompaction
    care: SqlLogCare
    rule: CompactionRule
    preparation: Preparation | None = None
    rest: float = _REST
    appends: Callable[[], int] = lambda: 0
    _left_alone: set[int] = field(default_factory=set, init=False)
    """Documents whose events do not come back from a segment: a defect, told once."""

    async def run(self) -> None:
        """Compact until cancelled. While the store fails, try again and again."""
        await asyncio.sleep(_FIRST_AFTER_S)
        while True:
            try:
                await self.round()
            except StoreError as error:
                _log.warning("old events are not compacted now: %s", error)
            await asyncio.sleep(_INTERVAL_S)

    async def round(self) -> int:
        """Look at all documents once, and compact what may be; return how many events that were.

        Raises `StoreError`.
        """
        try:
            return await self._round()
        finally:
            if self.preparation is not None:
                await self.preparation.end()

    async def _round(self) -> int:
        moved = 0
        after: int | None = 0
        while after is not None:
            keys, after = await self.compaction.visit(
                after, _DOCUMENTS_AT_ONCE, self.rule, now_ms=now_ms()
            )
            for key in keys:
                if key not in self._left_alone:
                    moved += await self._compact(key)
            await asyncio.sleep(_LEAST_PAUSE_S)
        if moved:
            await self._give_back()
        return moved

    async def _compact(self, key: int) -> int:
        moved = 0
        while True:
            while await self._rested(key):
                pass
            begun = monotonic()
            try:
                count = await self.compaction.step(
                    key, self.rule, now_ms(), preparation=self.preparation
                )
            except UnequalError as error:
                _log.error("document %d is not compacted: %s", key, error)
                self._left_alone.add(key)
                return moved
            if not count:
                break
            moved += count
            await self._pause(begun)
        if moved:
            await self.compaction.condense(key, self.rule, now_ms(), preparation=self.preparation)
        return moved

    async def _rested(self, key: int) -> int:
        """Remove some rows, and rest; return how many."""
        begun = monotonic()
        removed = await self.compaction.remove_rows(key)
        if removed:
            await self._pause(begun)
        return removed

    async def _give_back(self) -> None:
        """Give free pages back to the file system, some at a time."""
        if not await self.care.gives_pages_back():
            return
        while True:
            begun = monotonic()
            if not await self.care.give_back():
                return
            await self._pause(begun)

    async def _pause(self, begun: float) -> None:
        before = self.appends()
        await asyncio.sleep(max(_LEAST_PAUSE_S, (monotonic() - begun) * self.rest))
        if self.appends() != before:
            await asyncio.sleep(_BUSY_PAUSE_S)
