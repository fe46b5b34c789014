"""Retention in SQL, step by step: events of segments are replaced by merged ones in one commit.

    read a piece ──▶ merge its events (a thread) ──▶ one commit: the merged events in, the segments
    out, what is left of the last segment in a new one, checkpoints and names of gone versions out

Whoever dies in between has changed nothing. Of two that merge one document at once, one stores it.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import Final

from msgspec import Struct
from sqlalchemy import BigInteger, Connection, and_, bindparam, delete, exists, insert, select

from storage import catalogue, event_query, secret, text_query
from storage.compaction import segment_query
from storage.compaction.id_ranges import id_ranges
from storage.compaction.segment_row import NewSegment
from storage.engine import Database
from storage.retention import merged_rows, retention_rows
from storage.retention.merge_plan import (
    begins_run,
    boundary_at_or_before,
    dropped_regions,
    thinned_runs,
)
from storage.retention.retention_bound import RetentionBound, read_bound
from storage.retention.retention_rule import RetentionKind, RetentionRule
from storage.table import (
    blame_checkpoints,
    checkpoints,
    events,
    merged_events,
    named_versions,
    segment_ids,
    segments,
    writers,
)
from sync.document.merged_event import MergedEvent
from sync.document.window import weight
from sync.event_origin import RESTORE_PREFIX, restored_version
from sync.port import DocumentRecord, EventRecord, StoreError

MAX_PIECE_EVENTS: Final = 20_000
MAX_PIECE_BYTES: Final = 16 << 20
"""Of events as `weight` counts them."""
_MAX_RUNS: Final = 500
"""The events that one commit leaves."""
_READ_EVENTS: Final = 4_096
_LEAST_EVENTS: Final = 2

_key = bindparam("of_document", type_=BigInteger)
_names = select(named_versions.c.version, named_versions.c.is_automatic).where(
    named_versions.c.document_key == _key
)
_restores = select(writers.c.session).where(
    writers.c.document_key == _key, writers.c.session.startswith(RESTORE_PREFIX)
)
_has_moved_rows = select(
    exists().where(events.c.document_key == _key, events.c.version <= bindparam("compacted"))
)


class MergePiece(Struct, frozen=True):
    """Events that are to be merged, as they were read."""

    document: DocumentRecord
    kind: RetentionKind
    after: int
    """The version before the first."""
    text: str
    """The text at that version."""
    updates: list[bytes]
    """All updates up to that version."""
    runs: list[list[EventRecord]]
    """Consecutive; each becomes one event."""
    rest: list[EventRecord]
    """Events after them that are in a segment with the last of them."""
    nonce_secret: bytes | None

    @property
    def upto(self) -> int:
        """The version of the last event."""
        return self.runs[-1][-1].version


class SqlRetention:
    """The retention of a log. Every method may raise `StoreError`.

    Cancelling any of them is safe: what is not committed leaves no trace.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rule(self, key: int) -> RetentionRule | None:
        """Return the rule of a document; None: it has none of its own."""
        return await self._database.read(partial(retention_rows.find, key=key))

    async def set_rule(self, key: int, rule: RetentionRule | None) -> bool:
        """Set the rule of a document, or remove it; False: the document is gone."""
        async with self._database.write() as transaction:
            return await transaction.run(partial(retention_rows.put, key=key, rule=rule))

    async def visit(
        self, after: int, limit: int, *, is_default_keep: bool
    ) -> list[tuple[int, RetentionRule | None]]:
        """Return the next documents, by key, that may have work, each with its own rule."""
        work = partial(
            retention_rows.visited, after=after, limit=limit, is_default_keep=is_default_keep
        )
        return await self._database.read(work)

    async def bound(self, key: int, rule: RetentionRule, now_ms: int) -> RetentionBound | None:
        """Return up to where a document may be merged; None: it is not to be."""
        return await self._database.read_snapshot(
            partial(read_bound, key=key, rule=rule, now_ms=now_ms)
        )

    async def merged(self, key: int, after: int = 0) -> list[tuple[int, int]]:
        """Return the first and last versions of the merged events after a version, in order."""
        return await self._database.read(partial(merged_rows.bounds, key=key, after=after))

    async def require_kept(self, key: int, version: int) -> None:
        """Raise `HistoryThinnedError` if a version is gone."""
        await self._database.read(partial(merged_rows.require_kept, key=key, version=version))

    async def piece(self, key: int, rule: RetentionRule, upto: int) -> MergePiece | None:
        """Return the next events to be merged, up to a version; None: there are none."""
        return await self._database.read_snapshot(
            partial(_read_piece, key=key, rule=rule, upto=upto)
        )

    async def dropped_ends(self, key: int, upto: int) -> list[int]:
        """Return the versions that dropping up to one is to leave, of those it has not left yet."""
        return await self._database.read_snapshot(partial(_dropped_ends, key=key, upto=upto))

    async def store(
        self, piece: MergePiece, merged: Sequence[MergedEvent], rest: NewSegment | None
    ) -> bool:
        """Put merged events in the place of a piece; False: the document is not as it was read.

        Args:
            rest: the segment of the events in `piece.rest`; None: there are none.
        """
        async with self._database.write() as transaction:
            return await transaction.run(partial(_store, piece=piece, merged=merged, rest=rest))


def _kept_versions(connection: Connection, key: int, kind: RetentionKind) -> set[int]:
    """Return the versions that are not merged with later ones, whatever is."""
    this = {"of_document": key}
    names = connection.execute(_names, this).all()
    if kind == "drop":
        return {version for version, is_automatic in names if not is_automatic}
    kept = {version for version, _ in names}
    for session in connection.execute(_restores, this).scalars():
        version = restored_version(session)
        if version is not None:
            kept.add(version)
    return kept


def _dropped_ends(connection: Connection, key: int, upto: int) -> list[int]:
    merged = merged_rows.bounds(connection, key)
    floor = boundary_at_or_before(merged, upto)
    regions = dropped_regions(merged, _kept_versions(connection, key, "drop"), floor)
    return [end for _, end in regions]


def _read_piece(
    connection: Connection, key: int, rule: RetentionRule, upto: int
) -> MergePiece | None:
    document = catalogue.heads(connection, [key]).get(key)
    if document is None or document.purged_at_ms is not None or _has_rows(connection, document):
        return None
    upto = min(upto, document.compacted_version)
    kept = _kept_versions(connection, key, rule.kind)
    if rule.kind == "thin":
        after = merged_rows.top(connection, key)
        found = _events(connection, key, after, upto)
        is_whole = not found or _is_over(connection, document, found[-1], kept)
        runs = thinned_runs(found, kept, is_whole=is_whole)
        if not runs and found and found[-1].version < upto:
            runs = [found]  # a sitting that is too large for one step
        return _piece(connection, document, "thin", after, runs[:_MAX_RUNS])
    merged = merged_rows.bounds(connection, key)
    floor = boundary_at_or_before(merged, upto)
    region = next(dropped_regions(merged, kept, floor), None)
    if region is None:
        return None
    found = _events(connection, key, *region)
    return _piece(connection, document, "drop", region[0], [found] if found else [])


def _events(connection: Connection, key: int, after: int, upto: int) -> list[EventRecord]:
    """Return events after a version, merged ones first, up to the bounds of one step.

    At least two, if there are: so what has begun comes to an end.
    """
    found: list[EventRecord] = []
    size = 0
    for event in _all_events(connection, key, after, upto):
        is_full = len(found) >= MAX_PIECE_EVENTS or size >= MAX_PIECE_BYTES
        if is_full and len(found) >= _LEAST_EVENTS:
            break
        found.append(event)
        size += weight(event)
    return found


def _all_events(connection: Connection, key: int, after: int, upto: int) -> Iterator[EventRecord]:
    for event in merged_rows.whole(connection, key, after, upto):
        yield event
        after = event.version
    while after < upto:
        page = segment_query.read(connection, key, after, min(upto, after + _READ_EVENTS))
        if not page or page[0].version != after + 1:
            raise StoreError(f"the log of document {key} has a gap after {after}")
        yield from page
        after = page[-1].version


def _is_over(
    connection: Connection, document: DocumentRecord, last: EventRecord, kept: Collection[int]
) -> bool:
    """Return whether the sitting of an event ends with it."""
    if last.version == document.version:
        return True
    following = segment_query.read(connection, document.key, last.version, last.version + 1)
    if not following:
        following = event_query.read(connection, document.key, last.version, last.version + 1, 1)
    return not following or begins_run(last, following[0], kept)


def _piece(
    connection: Connection,
    document: DocumentRecord,
    kind: RetentionKind,
    after: int,
    runs: Sequence[Sequence[EventRecord]],
) -> MergePiece | None:
    if not runs:
        return None
    key, upto = document.key, runs[-1][-1].version
    rest: list[EventRecord] = []
    for segment in segment_query.read_segments(connection, key, upto - 1, upto):
        with segment_query.telling(key, segment.first, segment.last):
            rest = segment.events(upto, segment.last)
    return MergePiece(
        document,
        kind,
        after,
        text_query.text_at(connection, key, after),
        [event.update for event in merged_rows.whole(connection, key, 0, after)],
        [list(run) for run in runs],
        rest,
        secret.find(connection, secret.NONCES),
    )


def _has_rows(connection: Connection, document: DocumentRecord) -> bool:
    """Return whether rows are still to be removed whose events are in segments."""
    values = {"of_document": document.key, "compacted": document.compacted_version}
    return bool(connection.execute(_has_moved_rows, values).scalar_one())


def _store(
    connection: Connection,
    piece: MergePiece,
    merged: Sequence[MergedEvent],
    rest: NewSegment | None,
) -> bool:
    before, upto = piece.document, piece.upto
    key, after = before.key, piece.after
    head = catalogue.lock_heads(connection, [key]).get(key)
    if head is None or (head.epoch, head.purged_at_ms) != (before.epoch, None):
        return False
    kept = _kept_versions(connection, key, piece.kind)
    if any(event.first <= version < event.version for event in merged for version in kept):
        return False  # somebody has given a name to one of them
    if not _is_as_read(connection, piece):
        return False
    old_segments = _overlapping(connection, key, upto)
    _remove_ids(connection, key, piece)
    this = segments.c.document_key == key
    connection.execute(delete(segments).where(this, segments.c.last_version.in_(old_segments)))
    if rest is not None:
        connection.execute(insert(segments), rest.values(key))
    _put_merged(connection, key, after, upto, merged)
    if rest is not None and rest.ids:
        values = [{"document_key": key, **each._asdict()} for each in rest.ids]
        connection.execute(insert(segment_ids), values)
    _forget(connection, key, after, upto, {event.version for event in merged}, piece.kind)
    return True


def _is_as_read(connection: Connection, piece: MergePiece) -> bool:
    """Return whether the events of a piece are still where they were."""
    key = piece.document.key
    expected = [
        (event.first, event.version)
        for run in piece.runs
        for event in run
        if isinstance(event, MergedEvent)
    ]
    present = [
        each for each in merged_rows.bounds(connection, key, piece.after) if each[1] <= piece.upto
    ]
    if present != expected:
        return False
    events_after = [
        event for run in piece.runs for event in run if not isinstance(event, MergedEvent)
    ]
    if not events_after:
        return True
    begin = events_after[0].version
    rows = connection.execute(
        select(segments.c.first_version, segments.c.last_version)
        .where(
            segments.c.document_key == key,
            segments.c.last_version >= begin,
            segments.c.first_version <= piece.upto,
        )
        .order_by(segments.c.last_version)
    ).all()
    last = piece.rest[-1].version if piece.rest else piece.upto
    return bool(rows) and rows[0][0] == begin and rows[-1][1] == last


def _overlapping(connection: Connection, key: int, upto: int) -> list[int]:
    """Return the last versions of segments that begin at or before a version."""
    found = connection.execute(
        select(segments.c.last_version).where(
            segments.c.document_key == key, segments.c.first_version <= upto
        )
    )
    return list(found.scalars())


def _remove_ids(connection: Connection, key: int, piece: MergePiece) -> None:
    """Remove the ids of a piece from the index, and of the segment that ends behind it."""
    ids = [(event.version, event.id) for run in piece.runs for event in run]
    ids += [(event.version, event.id) for event in piece.rest]
    last = piece.rest[-1].version if piece.rest else piece.upto
    stems = sorted({each.stem for each in id_ranges(ids)})
    for start in range(0, len(stems), 500):
        connection.execute(
            delete(segment_ids).where(
                segment_ids.c.document_key == key,
                segment_ids.c.stem.in_(stems[start : start + 500]),
                segment_ids.c.version > piece.after,
                segment_ids.c.version <= last,
            )
        )


def _put_merged(
    connection: Connection, key: int, after: int, upto: int, merged: Sequence[MergedEvent]
) -> None:
    of_these = and_(
        merged_events.c.document_key == key,
        merged_events.c.last_version > after,
        merged_events.c.last_version <= upto,
    )
    connection.execute(delete(merged_events).where(of_these))
    merged_rows.insert_many(connection, key, merged)


def _forget(
    connection: Connection, key: int, after: int, upto: int, kept: set[int], kind: RetentionKind
) -> None:
    """Remove what was derived from versions that are gone, and the automatic names of dropped."""
    tables = [checkpoints, blame_checkpoints]
    if kind == "drop":
        tables.append(named_versions)
    for table in tables:
        column = table.c.version
        of_these = and_(table.c.document_key == key, column > after, column < upto)
        gone = [
            version
            for version in connection.execute(select(column).where(of_these)).scalars()
            if version not in kept
        ]
        for start in range(0, len(gone), 500):
            is_gone = column.in_(gone[start : start + 500])
            connection.execute(delete(table).where(table.c.document_key == key, is_gone))
