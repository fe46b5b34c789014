"""Merged events in SQL: a range, one version, in columns. What is gone says so."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, func, insert, select

from storage.compaction.history_damage import HistoryDamagedError
from storage.compaction.id_ranges import id_ranges
from storage.retention.history_thinned import HistoryThinnedError
from storage.retention.merged_codec import MergedDamaged, decode_merged, encode_merged
from storage.table import merged_events, segment_ids
from sync.document.merged_event import MergedEvent
from sync.port import EventRecord
from sync.text.authored import AuthoredDeltas, TextWriter
from sync.text.delta import Delta
from sync.text.merging import spread

_log = logging.getLogger(__name__)

_columns = merged_events.c
_of_document = _columns.document_key == bindparam("of_document", type_=BigInteger)
_after = (
    select(_columns.first_version, _columns.last_version, _columns.data)
    .where(_of_document, _columns.last_version > bindparam("after", type_=BigInteger))
    .order_by(_columns.last_version)
    .limit(bindparam("most"))
)
_top = select(func.max(_columns.last_version)).where(_of_document)
_bounds = (
    select(_columns.first_version, _columns.last_version)
    .where(_of_document, _columns.last_version > bindparam("after", type_=BigInteger))
    .order_by(_columns.last_version)
)
_around = _bounds.limit(1)
_PAGE_ROWS = 64


def top(connection: Connection, key: int) -> int:
    """Return the last version of merged events; 0: there are none."""
    return connection.execute(_top, {"of_document": key}).scalar_one() or 0


def bounds(connection: Connection, key: int, after: int = 0) -> list[tuple[int, int]]:
    """Return the first and last versions of merged events that end after a version, in order."""
    rows = connection.execute(_bounds, {"of_document": key, "after": after})
    return [(row[0], row[1]) for row in rows]


def require_kept(connection: Connection, key: int, version: int) -> None:
    """Raise `HistoryThinnedError` if a version is gone."""
    values = {"of_document": key, "after": version}
    row = connection.execute(_around, values).one_or_none()
    if row is not None and row[0] <= version:
        raise HistoryThinnedError(version, row[0] - 1, row[1])


def insert_many(connection: Connection, key: int, merged: Sequence[MergedEvent]) -> None:
    """Insert merged events, at least one, with what finds the alone among them by their ids."""
    connection.execute(
        insert(merged_events),
        [
            {
                "document_key": key,
                "last_version": event.version,
                "first_version": event.first,
                "from_ms": min(share.from_ms for share in event.shares),
                "to_ms": max(share.to_ms for share in event.shares),
                "data": encode_merged(event),
            }
            for event in merged
        ],
    )
    # A range for each: unlike a segment, a merged event has one id.
    alone = (event for event in merged if event.first == event.version)
    ranges = [each for event in alone for each in id_ranges([(event.version, event.id)])]
    if ranges:
        values = [{"document_key": key, **each._asdict()} for each in ranges]
        connection.execute(insert(segment_ids), values)


def read(connection: Connection, key: int, after: int, upto: int, limit: int) -> list[EventRecord]:
    """Return the merged events after a version and up to another, ascending, at most `limit`.

    Raises:
        HistoryThinnedError: one of these versions is gone.
        HistoryDamagedError: an event is damaged.
    """
    found: list[EventRecord] = []
    while after < upto and len(found) < limit:
        most = min(limit - len(found), _PAGE_ROWS)
        page = connection.execute(_after, {"of_document": key, "after": after, "most": most}).all()
        for first, last, data in page:
            if first > after + 1 or first > upto:
                return found
            if first <= after:
                raise HistoryThinnedError(after, first - 1, last)
            if last > upto:
                raise HistoryThinnedError(upto, first - 1, last)
            found.append(_decoded(key, first, last, data))
            after = last
        if len(page) < most:
            break
    return found


def by_version(connection: Connection, key: int, version: int) -> MergedEvent | None:
    """Return the merged event of a version; None: it is not among them.

    Raises:
        HistoryThinnedError: it is gone.
        HistoryDamagedError: it is damaged.
    """
    if version < 1:
        return None
    values = {"of_document": key, "after": version - 1, "most": 1}
    row = connection.execute(_after, values).one_or_none()
    if row is None or row[0] > version:
        return None
    first, last, data = row
    if last != version:
        raise HistoryThinnedError(version, first - 1, last)
    return _decoded(key, first, last, data)


def whole(connection: Connection, key: int, after: int, upto: int) -> Iterator[MergedEvent]:
    """Yield the merged events whose last version is after one and up to another, ascending.

    Raises:
        HistoryDamagedError: one is damaged.
    """
    while after < upto:
        values = {"of_document": key, "after": after, "most": _PAGE_ROWS}
        page = connection.execute(_after, values).all()
        for first, last, data in page:
            if last > upto:
                return
            yield _decoded(key, first, last, data)
            after = last
        if len(page) < _PAGE_ROWS:
            return


def authored(
    connection: Connection, key: int, after: int, upto: int, max_bytes: int
) -> AuthoredDeltas | None:
    """Return merged events in columns; None: the version after `after` is not in one.

    They go beyond `upto` if one does: whoever reads a long range in parts comes to its end.

    Args:
        max_bytes: of their deltas, about; one is returned whatever its size.

    Raises:
        HistoryThinnedError: `after` is gone.
        HistoryDamagedError: an event is damaged.
    """
    begin, size = after, 0
    parts: list[AuthoredDeltas] = []
    while after < upto and size < max_bytes:
        values = {"of_document": key, "after": after, "most": 1}
        row = connection.execute(_after, values).one_or_none()
        if row is None or row[0] > after + 1:
            break
        first, last, data = row
        if first <= after:
            raise HistoryThinnedError(after, first - 1, last)
        event = _decoded(key, first, last, data)
        parts.append(spread(first, event.shares))
        size += sum(map(_size, parts[-1].ops))
        after = last
    return _joined(begin, parts) if parts else None


def _joined(after: int, parts: Sequence[AuthoredDeltas]) -> AuthoredDeltas:
    writers: list[TextWriter] = []
    writer: list[int] = []
    at_ms: list[int] = []
    ops: list[Delta] = []
    for part in parts:
        writer += [len(writers) + index for index in part.writer]
        writers += part.writers
        at_ms += part.at_ms
        ops += part.ops
    return AuthoredDeltas(after, writers, writer, at_ms, ops)


def _size(ops: Delta) -> int:
    return 1 + sum(len(op) if isinstance(op, str) else 4 for op in ops)


def _decoded(key: int, first: int, last: int, data: Any) -> MergedEvent:
    try:
        event = decode_merged(bytes(data))
        if (event.first, event.version) != (first, last):
            raise MergedDamaged(f"it has the versions {event.first} to {event.version}")
    except MergedDamaged as error:
        _log.error("the versions %d to %d of document %d are damaged: %s", first, last, key, error)
        raise HistoryDamagedError(
            f"versions {first} to {last} are damaged: {error}", upto=last
        ) from error
    return event
