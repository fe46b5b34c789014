"""Compaction in SQL, step by step: events go into a segment in one commit, their rows go later.

    read a piece ──▶ make the segment, read it back ──▶ insert it, move `compacted_version` ──▶
    remove some rows ──▶ remove some rows …

Whoever dies in between leaves rows that are in a segment already; they are removed at the next
visit. Two that compact one document at once both make the segment, and one of them stores it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import BigInteger, Connection, bindparam, delete, exists, func, insert, or_, select

from storage import catalogue, checkpoint, event_query, secret
from storage.compaction import segment_query
from storage.compaction.history_damage import HistoryDamagedError
from storage.compaction.piece import (
    CompactionRule,
    LogShape,
    begin_of_piece,
    chosen,
    upper_bound,
)
from storage.compaction.segment_row import NewSegment, make_segment
from storage.engine import Database
from storage.prepared import Prepared
from storage.row import document_record
from storage.table import documents, events, segment_ids, segments
from sync.document.window import weight
from sync.port import DocumentRecord, EventRecord, StoreError

Make = Callable[[Sequence[EventRecord], int], Awaitable[NewSegment]]

ROWS_AT_ONCE: Final = 512
"""Rows that are removed in one transaction, unless nobody else is at work."""
_READ_ROWS: Final = 512

_key = bindparam("of_document", type_=BigInteger)
_is_left = exists().where(
    events.c.document_key == documents.c.key, events.c.version <= documents.c.compacted_version
)
_visited = (
    select(
        documents.c.key,
        or_(
            documents.c.version - documents.c.compacted_version >= bindparam("least"),
            (documents.c.compacted_version > 0) & _is_left,
        ),
    )
    .where(documents.c.key > bindparam("after"), documents.c.purged_at_ms.is_(None))
    .order_by(documents.c.key)
    .limit(bindparam("most"))
)
_document = select(*documents.c).where(documents.c.key == _key)
_at_ms = select(events.c.at_ms).where(
    events.c.document_key == _key, events.c.version == bindparam("version")
)
_count = select(func.count()).where(
    events.c.document_key == _key,
    events.c.version > bindparam("after"),
    events.c.version <= bindparam("upto"),
)
_this = (segments.c.document_key == _key, segments.c.last_version == bindparam("last"))
_stored = select(segments.c.data).where(*_this)
_replace = delete(segments).where(*_this, segments.c.first_version == bindparam("first"))
_compacted = select(documents.c.compacted_version).where(documents.c.key == _key).scalar_subquery()
_moved = (
    select(events.c.version)
    .where(events.c.document_key == _key, events.c.version <= _compacted)
    .order_by(events.c.version)
    .limit(bindparam("most"))
)
_remove = delete(events).where(events.c.document_key == _key, events.c.version.in_(_moved))
_insert_ids = Prepared(insert(segment_ids), *segment_ids.c.keys())


class Piece(Struct, frozen=True):
    """Events that are to become a segment, as they were read."""

    document: DocumentRecord
    events: list[EventRecord]
    nonce_secret: bytes | None
    """The secret that the nonces of made-up ids follow from; None: none was made yet."""


class SqlCompaction:
    """The compaction of a log. Every method may raise `StoreError`.

    Cancelling any of them is safe: what is not committed leaves no trace.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def visit(
        self, after: int, limit: int, rule: CompactionRule
    ) -> tuple[list[int], int | None]:
        """Look at the next documents, by key; return those with work, and the last one looked at.

        None: there are no more.
        """
        least = rule.keep_events + min(rule.min_events, rule.min_old_events)
        values = {"after": after, "most": limit, "least": least}

        def work(connection: Connection) -> list[tuple[int, bool]]:
            return [(key, bool(has_work)) for key, has_work in connection.execute(_visited, values)]

        rows = await self._database.read(work)
        return [key for key, has_work in rows if has_work], rows[-1][0] if rows else None

    async def step(
        self, key: int, rule: CompactionRule, now_ms: int, *, make: Make | None = None
    ) -> int:
        """Put the next events of a document into a segment; return how many, 0: there is nothing.

        Args:
            make: makes the segment; in a thread if not given.

        Raises:
            UnequalError: the segment does not give its events back; nothing has changed.
        """
        piece = await self._database.read_snapshot(
            partial(_read_piece, key=key, rule=rule, now_ms=now_ms)
        )
        if piece is None:
            return 0
        before = piece.document.compacted_version
        make = make or partial(_make_in_thread, nonce_secret=piece.nonce_secret)
        new = await make(piece.events, before)
        async with self._database.write() as transaction:
            is_stored = await transaction.run(partial(_store, document=piece.document, new=new))
        return new.last - before if is_stored else 0

    async def remove_rows(self, key: int, limit: int = ROWS_AT_ONCE) -> int:
        """Remove the oldest rows whose events are in segments; return how many."""

        def work(connection: Connection) -> int:
            removed = connection.execute(_remove, {"of_document": key, "most": limit})
            return removed.rowcount

        async with self._database.write() as transaction:
            return await transaction.run(work)


async def _make_in_thread(
    events: Sequence[EventRecord], indexed_after: int, *, nonce_secret: bytes | None
) -> NewSegment:
    work = partial(make_segment, events, indexed_after, nonce_secret=nonce_secret)
    return await asyncio.to_thread(work)


def _read_piece(
    connection: Connection, key: int, rule: CompactionRule, now_ms: int
) -> Piece | None:
    row = connection.execute(_document, {"of_document": key}).one_or_none()
    if row is None:
        return None
    document = document_record(row)
    before = document.compacted_version
    shape = _shape(connection, document)
    upto = min(upper_bound(shape, rule), before + rule.segment_events + 1)
    if document.purged_at_ms is not None or upto <= before:
        return None
    looked_at = {"of_document": key, "version": min(upto, before + rule.min_events)}
    at_ms = connection.execute(_at_ms, looked_at).scalar_one_or_none()
    if at_ms is None or at_ms > now_ms - rule.age_ms:
        return None
    found = chosen(
        _older(connection, key, begin_of_piece(shape, rule), before),
        _rows(connection, key, before, upto, rule.segment_bytes),
        rule,
        now_ms,
    )
    return Piece(document, found, secret.find(connection, secret.NONCES)) if found else None


def _shape(connection: Connection, document: DocumentRecord) -> LogShape:
    last = segment_query.newest(connection, document.key)
    return LogShape(
        head=document.version,
        compacted=document.compacted_version,
        openable=checkpoint.oldest_with_state(connection, document.key),
        last_first=document.compacted_version + 1 if last is None else last.first_version,
        last_bytes=0 if last is None else len(last.data),
    )


def _older(connection: Connection, key: int, after: int, upto: int) -> list[EventRecord]:
    try:
        return segment_query.read(connection, key, after, upto)
    except HistoryDamagedError:
        return []  # it stays as it is


def _rows(
    connection: Connection, key: int, after: int, upto: int, max_bytes: int
) -> list[EventRecord]:
    """Return rows in order, up to somewhat more than a number of bytes."""
    found: list[EventRecord] = []
    size = 0
    while after < upto and size < max_bytes:
        page = event_query.read(connection, key, after, min(upto, after + _READ_ROWS), _READ_ROWS)
        if [event.version for event in page] != list(range(after + 1, after + 1 + len(page))):
            raise StoreError(f"the log of document {key} has a gap after {after}")
        if not page:
            break
        found += page
        size += sum(map(weight, page))
        after = page[-1].version
    return found


def _store(connection: Connection, document: DocumentRecord, new: NewSegment) -> bool:
    """Store a segment, if the document is as it was; the rows of its events are left."""
    key, before = document.key, document.compacted_version
    head = catalogue.lock_heads(connection, [key]).get(key)
    if (
        head is None
        or (head.epoch, head.compacted_version) != (document.epoch, before)
        or head.purged_at_ms is not None
    ):
        return False
    moved = {"of_document": key, "after": before, "upto": new.last}
    if connection.execute(_count, moved).scalar_one() != new.last - before:
        return False
    if new.first <= before:
        replaced = {"of_document": key, "last": before, "first": new.first}
        if connection.execute(_replace, replaced).rowcount != 1:
            return False
    connection.execute(insert(segments), new.values(key))
    stored: Any = connection.execute(_stored, {"of_document": key, "last": new.last}).scalar_one()
    if bytes(stored) != new.data:
        raise StoreError(f"the segment of document {key} up to {new.last} was stored otherwise")
    if new.ids:
        _insert_ids.run_many(connection, [(key, *each) for each in new.ids])
    catalogue.set_compacted(connection, key, new.last)
    checkpoint.make_sparse(connection, key, new.last)
    return True
