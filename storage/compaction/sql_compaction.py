"""Compaction in SQL, step by step: events go into a segment in one commit, their rows go later.

    read a piece ──▶ make the segment, read it back ──▶ insert it, move `compacted_version` ──▶
    remove some rows ──▶ remove some rows …

Each transaction is over in a few tenths of a millisecond, and begins in a gap between those that
somebody waits for. What it needs from the disk was read before it began.

Whoever dies in between leaves rows that are in a segment already; they are removed at the next
visit. Two that compact one document at once both make the segment, and one of them stores it.
"""

from functools import partial
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, bindparam, delete, exists, insert, or_, select

from storage import catalogue, checkpoint
from storage.compaction import moved_rows
from storage.compaction.piece import CompactionRule
from storage.compaction.preparation import (
    Preparation,
    PreparedCheckpoints,
    ThreadPreparation,
)
from storage.compaction.segment_row import NewSegment
from storage.engine import Database
from storage.prepared import Prepared
from storage.table import documents, events, segment_ids, segments
from sync.port import DocumentRecord, StoreError

ROWS_AT_ONCE: Final = 128
"""Rows that are removed in one transaction, unless nobody else is at work."""
_BRIEF_BYTES: Final = 64 << 10
"""A segment up to so large is stored in a few tenths of a millisecond."""
_RESTING_EVENTS: Final = 128
"""Rows of a document that rests are looked at if they are so many. Fewer than half of them have
come after its newest state, or its room would have saved another one: so most of them may go."""

_key = bindparam("of_document", type_=BigInteger)
_is_left = exists().where(
    events.c.document_key == documents.c.key, events.c.version <= documents.c.compacted_version
)
_young = documents.c.version - documents.c.compacted_version
_visited = (
    select(
        documents.c.key,
        or_(
            _young >= bindparam("least"),
            (_young >= bindparam("least_resting"))
            & (documents.c.updated_at_ms <= bindparam("resting_since_ms")),
            (documents.c.compacted_version > 0) & _is_left,
        ),
    )
    .where(documents.c.key > bindparam("after"), documents.c.purged_at_ms.is_(None))
    .order_by(documents.c.key)
    .limit(bindparam("most"))
)
_this = (segments.c.document_key == _key, segments.c.last_version == bindparam("last"))
_stored = select(segments.c.data).where(*_this)
_replace = delete(segments).where(*_this, segments.c.first_version == bindparam("first"))
_insert_ids = Prepared(insert(segment_ids), *segment_ids.c.keys())


class SqlCompaction:
    """The compaction of a log. Every method may raise `StoreError`.

    Cancelling any of them is safe: what is not committed leaves no trace.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._threads = ThreadPreparation(database)

    async def visit(
        self, after: int, limit: int, rule: CompactionRule, *, now_ms: int = 0
    ) -> tuple[list[int], int | None]:
        """Look at the next documents, by key; return those with work, and the last one looked at.

        None: there are no more.
        """
        values = {
            "after": after,
            "most": limit,
            "least": rule.keep_events + min(rule.min_events, rule.min_old_events),
            "least_resting": _RESTING_EVENTS,
            "resting_since_ms": -1 if rule.resting_ms is None else now_ms - rule.resting_ms,
        }

        def work(connection: Connection) -> list[tuple[int, bool]]:
            return [(key, bool(has_work)) for key, has_work in connection.execute(_visited, values)]

        rows = await self._database.read(work)
        return [key for key, has_work in rows if has_work], rows[-1][0] if rows else None

    async def step(
        self,
        key: int,
        rule: CompactionRule,
        now_ms: int,
        *,
        preparation: Preparation | None = None,
    ) -> int:
        """Put the next events of a document into a segment; return how many, 0: there is nothing.

        Args:
            preparation: makes the segment; threads of this process if not given.

        Raises:
            UnequalError: the segment does not give its events back; nothing has changed.
        """
        prepared = await (preparation or self._threads).segment(key, rule, now_ms)
        if prepared is None:
            return 0
        document, new = prepared.document, prepared.new
        async with self._database.write(is_background=True) as transaction:
            is_stored = await transaction.run(
                partial(_store, document=document, new=new),
                is_brief=len(new.data) <= _BRIEF_BYTES,
            )
        if not is_stored:
            return 0
        await self._make_sparse(key, new.last)
        return new.last - document.compacted_version

    async def _make_sparse(self, key: int, upto: int) -> None:
        """Remove checkpoints that are superfluous; what is left of them, the next step finds."""
        if await self._database.read(partial(checkpoint.has_superfluous, key=key, upto=upto)):
            async with self._database.write(is_background=True) as transaction:
                await transaction.run(partial(checkpoint.make_sparse, key=key, upto=upto))

    async def condense(
        self,
        key: int,
        rule: CompactionRule,
        now_ms: int,
        *,
        preparation: Preparation | None = None,
    ) -> int:
        """Compress the checkpoints of a document that rests once more; return how many."""
        prepared = await (preparation or self._threads).checkpoints(key, rule, now_ms)
        if prepared is None:
            return 0
        async with self._database.write(is_background=True) as transaction:
            is_done = await transaction.run(partial(_condense, prepared=prepared))
        return len(prepared.new.dense) if is_done else 0

    async def remove_rows(self, key: int, limit: int = ROWS_AT_ONCE) -> int:
        """Remove the oldest rows whose events are in segments; return how many, 0: none is left.

        Fewer are removed at once than `limit` if they are large.
        """
        upto = await self._database.read(partial(moved_rows.find, key=key, limit=limit))
        if not upto:
            return 0

        work = partial(moved_rows.remove, key=key, upto=upto)
        async with self._database.write(is_background=True) as transaction:
            return await transaction.run(work, is_brief=limit <= ROWS_AT_ONCE)


def _store(connection: Connection, document: DocumentRecord, new: NewSegment) -> bool:
    """Store a segment, if the document is as it was; the rows of its events are left.

    That they are still there need not be counted: the segment was made of them, and of this epoch
    nobody removes a row that is after `compacted_version`.
    """
    key, before = document.key, document.compacted_version
    head = catalogue.lock_heads(connection, [key]).get(key)
    if (
        head is None
        or (head.epoch, head.compacted_version) != (document.epoch, before)
        or head.purged_at_ms is not None
    ):
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
    return True


def _condense(connection: Connection, prepared: PreparedCheckpoints) -> bool:
    """Put dense checkpoints in their places, if nobody has written the document meanwhile."""
    before = prepared.document
    head = catalogue.lock_heads(connection, [before.key]).get(before.key)
    if head is None or (head.epoch, head.version) != (before.epoch, before.version):
        return False
    if head.purged_at_ms is not None:
        return False
    checkpoint.put_condensed(connection, before.key, prepared.new)
    return True
