"""The background task that merges old events, as the rule of each document says.

    visit some documents ──▶ up to where? ──▶ a state to open it from, old rows into segments
                                         ──▶ read a piece, merge it (a thread), store it, rest …

What there is to do, the log says. So a process that dies leaves nothing undone for the next, and
several at once are safe.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Final, Self

from app.service.blames import Blames
from app.service.retention_rules import Retention
from storage.compaction.piece import CompactionRule
from storage.compaction.segment_row import NewSegment, UnequalError, make_segment
from storage.compaction.sql_compaction import SqlCompaction
from storage.retention.retention_bound import RetentionBound
from storage.retention.retention_rule import RetentionRule
from storage.retention.sql_retention import MergePiece, SqlRetention
from storage.store import Store
from sync.document.document import Document
from sync.document.event_merger import EventMerger, UnmergeableError
from sync.document.merged_event import MergedEvent
from sync.event_origin import kept_session
from sync.limit import Limits
from sync.port import Checkpoint, DocumentRecord, EventLog, StoreError
from sync.shells.clock import now_ms
from sync.text.authored import TextWriter
from sync.text.blame import Blame
from sync.text.merging import Share
from sync.text.span import by_version
from sync.yjs.replica import ReplicaBrokenError

_log = logging.getLogger(__name__)

_FIRST_AFTER_S: Final = 90.0
_INTERVAL_S: Final = 3_600.0
_DOCUMENTS_AT_ONCE: Final = 500
_LEAST_PAUSE_S: Final = 0.02
_MAX_BLAMES: Final = 50
"""More named versions than that, and text that came back there is that of who brought it back."""
_REST: Final = 4.0
"""It rests so many times as long as it works: whoever edits is not to notice it."""


@dataclass(slots=True)
class RetentionKeeper:
    """Merges the old events of one store, beside other processes that do the same.

    Args:
        rest: see `_REST`.
    """

    log: EventLog
    rules: Retention
    compaction: SqlCompaction
    blames: Blames
    limits: Limits
    rest: float = _REST
    _left_alone: set[int] = field(default_factory=set, init=False)
    """Documents whose events cannot be merged: a defect, told once."""

    @classmethod
    def of(cls, store: Store, rules: Retention, limits: Limits, *, rest: float = _REST) -> Self:
        """Return the one of a store."""
        blames = Blames(store.log, store.versions)
        return cls(store.log, rules, store.compaction, blames, limits, rest)

    @property
    def _rows(self) -> SqlRetention:
        return self.rules.rows

    async def run(self) -> None:
        """Merge until cancelled. While the store fails, try again and again."""
        wait_s = _FIRST_AFTER_S
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.rules.changed.wait(), wait_s)
            self.rules.changed.clear()
            wait_s = _INTERVAL_S
            try:
                await self.round()
            except StoreError as error:
                _log.warning("old events are not merged now: %s", error)

    async def round(self) -> int:
        """Look at all documents once; return how many events are gone.

        Raises `StoreError`.
        """
        gone = after = 0
        while True:
            found = await self._rows.visit(
                after, _DOCUMENTS_AT_ONCE, is_default_keep=self.rules.default.kind == "keep"
            )
            for key, rule in found:
                if key not in self._left_alone:
                    gone += await self.keep(key, rule or self.rules.default)
            if len(found) < _DOCUMENTS_AT_ONCE:
                return gone
            after = found[-1][0]

    async def keep(self, key: int, rule: RetentionRule) -> int:
        """Merge what the rule of a document lets be merged; return how many events are gone.

        Raises `StoreError`.
        """
        bound = await self._rows.bound(key, rule, now_ms())
        if bound is None or (rule.kind == "thin" and bound.upto <= bound.merged):
            return 0
        if bound.document.read_only_at_ms is not None:
            return 0  # its history stays as it is, too
        try:
            upto = await self._prepared(bound)
            return await self._merge(key, rule, upto)
        except (UnmergeableError, UnequalError, ReplicaBrokenError) as error:
            _log.error("the history of document %d is not merged: %s", key, error)
            self._left_alone.add(key)
            return 0

    async def _prepared(self, bound: RetentionBound) -> int:
        """Have a state after what is merged, and its events in segments; return up to where."""
        document, upto = bound.document, min(bound.upto, bound.openable)
        if upto < bound.upto and bound.is_idle:
            saved = await self._checkpoint(document)
            if saved is not None:
                await self.log.save_checkpoint(document.key, saved)
                upto = min(bound.upto, saved.version)
        rule = CompactionRule(
            age_ms=0,
            keep_events=document.version - upto,
            min_events=1,
            min_old_events=1,
            keeps_openable=False,
        )
        count = 1
        while document.compacted_version < upto and count:
            begun = monotonic()
            count = await self.compaction.step(document.key, rule, now_ms())
            await self._pause(begun)
        count = 1
        while count:
            begun = monotonic()
            count = await self.compaction.remove_rows(document.key)
            await self._pause(begun)
        return upto

    async def _checkpoint(self, document: DocumentRecord) -> Checkpoint | None:
        opened = await self.log.open(document.name)
        if opened is None or opened.document.version != document.version:
            return None
        loaded = await asyncio.to_thread(Document, opened, self.limits)
        saved = await asyncio.to_thread(loaded.checkpoint)
        return None if saved.state is None else saved

    async def _merge(self, key: int, rule: RetentionRule, upto: int) -> int:
        gone = 0
        told: dict[int, Blame] = {}
        if rule.kind == "drop":
            # Before the first step: later ones no longer find where restored text comes from.
            document = (await self.log.heads([key]))[key]
            for end in (await self._rows.dropped_ends(key, upto))[:_MAX_BLAMES]:
                told[end] = await self.blames.blame(document, end)
        while True:
            begun = monotonic()
            piece = await self._rows.piece(key, rule, upto)
            if piece is None:
                return gone
            merged, rest = await asyncio.to_thread(merge_piece, piece, told.get(piece.upto))
            if not await self._rows.store(piece, merged, rest):
                return gone
            gone += sum(len(run) for run in piece.runs) - len(merged)
            await self._pause(begun)

    async def _pause(self, begun: float) -> None:
        await asyncio.sleep(max(_LEAST_PAUSE_S, (monotonic() - begun) * self.rest))


def merge_piece(
    piece: MergePiece, blame: Blame | None
) -> tuple[list[MergedEvent], NewSegment | None]:
    """Return the events that are left of a piece, and the segment of what comes after it there.

    Args:
        blame: who wrote the text after it, if that is known better than its events say.

    Raises:
        UnmergeableError: the result could not be proven.
        UnequalError: the segment does not give its events back.
    """
    merger = EventMerger(piece.document.text_root, piece.text, piece.updates, kept_session)
    authors = [] if blame is None else _authors(blame)
    merged = [
        merger.merge(run, forgets=piece.kind == "drop", authors=authors) for run in piece.runs
    ]
    make = partial(make_segment, indexed_after=piece.upto, nonce_secret=piece.nonce_secret)
    return merged, make(piece.rest) if piece.rest else None


def _authors(blame: Blame) -> Sequence[tuple[int, Share]]:
    found: list[tuple[int, Share]] = []
    for length, version in by_version(blame.spans):
        who, at_ms = blame.written[version]
        person = blame.people[who]
        writer = TextWriter(person.id, person.name, "")
        found.append((length, Share(writer, 0, at_ms, at_ms, version, ())))
    return found
