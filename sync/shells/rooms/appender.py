"""The appender: turns the waiting submissions of all rooms into events, by transactions.

    wait for a room ─▶ gather ─▶ begin ─▶ lock heads ─▶ look up ids and old bases ─┐
          ┌────────────────────────────────────────────────────────────────────────┘
          └─▶ rooms catch up and merge ─▶ insert ─▶ commit ─▶ each room is told `Committed`
                                                                acks, fan-out ◀─┘

When it is idle it acts at once. Under load it starts at most one transaction in each
`flush_interval_s`, and one commit serves many rooms. It is one task, which no socket can cancel; so
a commit and its acks cannot be separated.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from msgspec import Struct

from sync.document.document import Lookup
from sync.fact import CommitFailed, Committed, Deleted, Fact
from sync.limit import Limits
from sync.port import (
    AppendTransaction,
    AuthorBinding,
    Checkpoint,
    DocumentRecord,
    EventRecord,
    Followed,
    HistoryError,
    LogWriting,
    StoreError,
)
from sync.room.room import Room
from sync.shells.edit_tracer import EditTracer
from sync.shells.log_reader import text_at
from sync.shells.meter import AppendTimes, Meter
from sync.shells.rooms.registry import tell_bad_state
from sync.yjs.replica import ReplicaBrokenError

_log = logging.getLogger(__name__)


class _Batch(Struct):
    room: Room
    merged: bool = False
    discarded: bool = False


class _Rows(Struct):
    events: list[tuple[int, EventRecord]] = []
    bindings: list[AuthorBinding] = []
    checkpoints: list[tuple[int, Checkpoint]] = []
    text_roots: list[tuple[int, str]] = []


class Appender:
    """The appender of one process.

    Args:
        tell: hands a fact to a room and executes the effects that it orders.
        discard: closes a room that failed by a defect.
        now_ms: the server's clock, UTC, milliseconds.
        meter: counts and times what is appended.
        tracer: told of each event that was committed; None: nobody is.
        flush_interval_s: the shortest time between two transactions' starts.
    """

    def __init__(
        self,
        log: LogWriting,
        limits: Limits,
        *,
        tell: Callable[[Room, Fact], None],
        discard: Callable[[Room], None],
        now_ms: Callable[[], int],
        meter: Meter,
        tracer: EditTracer | None = None,
        flush_interval_s: float,
    ) -> None:
        self._log = log
        self._limits = limits
        self._tell = tell
        self._discard = discard
        self._now_ms = now_ms
        self._meter = meter
        self._tracer = tracer
        self._flush_interval_s = flush_interval_s
        self._waiting: OrderedDict[str, Room] = OrderedDict()
        self._waiting_since_s = 0.0
        """The arrival of the oldest submission that waits; an earlier time after an overflow."""
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def want(self, room: Room) -> None:
        """Ask for a room's submissions to be merged soon."""
        waiting = self._waiting
        if not waiting:
            self._idle.clear()
            self._wake.set()
            self._waiting_since_s = monotonic()
        waiting[room.name] = room

    async def settle(self) -> None:
        """Wait until no submission waits to be merged."""
        await self._idle.wait()

    async def run(self) -> None:
        """Append until cancelled. Cancelling between a commit and its acks loses the acks only."""
        loop = asyncio.get_running_loop()
        started = loop.time() - self._flush_interval_s
        while True:
            if not self._waiting:
                self._idle.set()
                self._wake.clear()
                await self._wake.wait()
            pause = started + self._flush_interval_s - loop.time()
            if pause > 0:
                await asyncio.sleep(pause)
            started = loop.time()
            await self._flush()

    async def _flush(self) -> None:
        """Append the batches of the rooms that have waited longest, in one transaction."""
        wanted_s = self._waiting_since_s
        batches = self._take()
        if not batches:
            return
        begun_s = monotonic()
        try:
            async with self._log.append() as transaction:
                rows = await self._merge(transaction, batches)
                merged_s = monotonic()
                if rows.events:
                    await transaction.insert(
                        rows.events,
                        authors=rows.bindings,
                        checkpoints=rows.checkpoints,
                        text_roots=rows.text_roots,
                        updated_at_ms=self._now_ms(),
                    )
        except Exception as error:  # noqa: BLE001
            # A defect, too, must cost its documents a reload, not the appender of all (P8).
            unforeseen = None if isinstance(error, StoreError) else error
            _log.warning(
                "append failed, its documents are reloaded: %s", error, exc_info=unforeseen
            )
            self._meter.failed_batches += len(batches)
            for batch in batches:
                if not (batch.room.deleted or batch.discarded):
                    self._tell(batch.room, CommitFailed())
            return
        committed_s = monotonic()
        committed = Committed()
        for batch in batches:
            if batch.merged:
                self._tell(batch.room, committed)
            elif not (batch.room.deleted or batch.discarded):
                self._tell(batch.room, CommitFailed())
        times = AppendTimes(wanted_s, begun_s, merged_s, committed_s, monotonic())
        self._meter.append(len(rows.events), len(batches), times)
        if self._tracer is not None:
            self._tracer.appended(rows.events, times)

    def _take(self) -> list[_Batch]:
        batches: list[_Batch] = []
        events, size = self._limits.max_batch_events, self._limits.max_batch_bytes
        waiting = self._waiting
        while waiting and events > 0 and size > 0:
            _, room = waiting.popitem(last=False)
            try:
                submissions = room.take_batch(events, size)
            except Exception:  # noqa: BLE001
                # A defect must cost one document, not the appender of all (P8).
                _log.exception("no batch can be taken from room %r; it is closed", room.name)
                self._discard(room)
                continue
            if submissions:
                events -= len(submissions)
                for submission in submissions:
                    size -= submission.size
                batches.append(_Batch(room))
        meter = self._meter
        meter.submissions += self._limits.max_batch_events - events
        meter.submission_bytes += self._limits.max_batch_bytes - size
        return batches

    async def _merge(self, transaction: AppendTransaction, batches: Sequence[_Batch]) -> _Rows:
        """Merge each batch on top of the log; a room whose replica fails is left out."""
        heads = await transaction.lock_heads([batch.room.key for batch in batches])
        current = [batch for batch in batches if self._may_go_on(batch.room, heads)]
        lookups = await self._look_up(transaction, current)
        # The time is read after the lock: events that others appended before have earlier times.
        now_ms = self._now_ms()
        rows = _Rows()
        add = rows.events.append
        for batch in current:
            room = batch.room
            key = room.key
            head = heads[key]
            if head.version > room.version:
                foreign = await self._read(transaction, key, room.version, head.version)
                found = Followed(head, foreign, await transaction.authors(key))
            else:
                found = Followed(head, [], {})
            try:
                draft = room.merge(found, lookups.get(key) or Lookup(), now_ms)
            except ReplicaBrokenError:
                _log.exception("merging broke the replica of %r; it is reloaded", room.name)
                continue
            except Exception:  # noqa: BLE001
                # A defect must cost one document, not the appender of all (P8).
                _log.exception("merging failed in room %r; it is closed", room.name)
                batch.discarded = True
                self._discard(room)
                continue
            batch.merged = True
            for event in draft.events:
                add((key, event))
            if draft.bindings:
                rows.bindings += draft.bindings
            if draft.checkpoint is not None:
                if draft.checkpoint.state is None:
                    tell_bad_state(room.name, draft.checkpoint.version)
                rows.checkpoints.append((key, draft.checkpoint))
            if draft.text_root != head.text_root and draft.events:
                rows.text_roots.append((key, draft.text_root))
        return rows

    def _may_go_on(self, room: Room, heads: Mapping[int, DocumentRecord]) -> bool:
        """Return True if a room may append to the log; tell it if its document was deleted.

        The room's history has to be the beginning of the log's.
        """
        head = heads.get(room.key)
        if head is None or head.epoch != room.epoch or head.version < room.version:
            return False
        if head.deleted_at_ms is not None:
            self._tell(room, Deleted())
            return False
        return True

    async def _look_up(
        self, transaction: AppendTransaction, batches: Sequence[_Batch]
    ) -> dict[int, Lookup]:
        """Return the log's answers to the questions of the batches, by the key of the document."""
        wanted: list[tuple[int, str]] = []
        lookups: dict[int, Lookup] = {}
        for batch in batches:
            room = batch.room
            asked = room.prepare()
            if asked is None:
                continue
            lookup = lookups[room.key] = Lookup()
            wanted += [(room.key, event_id) for event_id in asked.ids]
            try:
                if asked.after is not None:
                    lookup.history = await self._read(
                        transaction, room.key, asked.after, room.oldest_base
                    )
                for version in asked.texts:
                    lookup.texts[version] = await text_at(self._log, room.key, version)
            except HistoryError as error:
                # Edits against what is gone are refused; all others go on.
                _log.warning("an old base of %r cannot be read: %s", room.name, error)
        if wanted:
            for (key, event_id), record in (await transaction.find_ids(wanted)).items():
                lookups[key].known[event_id] = record
        return lookups

    async def _read(
        self, transaction: AppendTransaction, key: int, after: int, upto: int
    ) -> list[EventRecord]:
        records: list[EventRecord] = []
        while after < upto:
            page = await transaction.read(key, after, upto, self._limits.page_events)
            if not page:
                raise StoreError(f"the log ends at {after}, its head says {upto}")
            records += page
            after = page[-1].version
        return records
