"""The log in SQL, whole: events in rows, older ones in segments, merged ones, read as one.

    1 … merged events │ … compacted_version: segments │ … head: rows

Rows are moved as they are read: they go into a segment in one commit, and are removed in later
ones, from the oldest on. So whoever reads rows first, and then in segments what is before them,
misses nothing, even if each statement sees a later moment. Merged events take the place of those in
segments in one commit: they are read last.
"""

from collections.abc import Container, Iterator, Sequence
from itertools import accumulate, islice

from sqlalchemy import BigInteger, Connection, bindparam, select

from storage import authored_query, event_query, sitting_query
from storage.compaction import segment_query
from storage.retention import merged_rows
from storage.segments.event_segment import Segment
from storage.sitting_grouping import EventHead, grouped, merged_sitting
from storage.table import documents
from sync.document.merged_event import MergedEvent
from sync.port import DocumentRecord, EventRecord, Sitting
from sync.text.authored import AuthoredDeltas, TextWriter
from sync.text.delta import Delta

_compacted = select(documents.c.compacted_version).where(
    documents.c.key == bindparam("of_document", type_=BigInteger)
)


def read(connection: Connection, key: int, after: int, upto: int, limit: int) -> list[EventRecord]:
    """Return events with `after < version <= upto`, ascending, at most `limit`.

    One that is merged may end at more than `limit` versions after `after`.

    Raises:
        HistoryThinnedError: some of these versions are gone.
    """
    near = min(upto, after + limit)
    rows = event_query.read(connection, key, after, near, max(near - after, 0))
    return _with_older(connection, key, after, upto, limit, rows)


def _with_older(
    connection: Connection,
    key: int,
    after: int,
    upto: int,
    limit: int,
    rows: list[EventRecord],
) -> list[EventRecord]:
    """Return rows after a version with the events before them, from wherever these are."""
    first = rows[0].version if rows else min(upto, after + limit) + 1
    if first <= after + 1:
        return rows
    found = segment_query.read(connection, key, after, first - 1) + rows
    if found and found[0].version == after + 1:
        return found
    older = merged_rows.read(connection, key, after, upto, limit)
    while older and found and found[0].version <= older[-1].version:
        del found[0]  # it was merged meanwhile
    return (older + found)[:limit]


def read_with_head(
    connection: Connection, key: int, after: int, limit: int
) -> tuple[DocumentRecord, list[EventRecord]] | None:
    """Return the head, and the events after `after`, at most `limit`; None without a head."""
    found = event_query.read_with_head(connection, key, after, limit)
    if found is None:
        return None
    head, rows = found
    if after >= head.compacted_version or (rows and rows[0].version == after + 1):
        return found
    return head, _with_older(connection, key, after, head.version, limit, rows)


def by_version(connection: Connection, key: int, version: int) -> EventRecord | None:
    """Return the event of a version; None: there is none.

    Raises:
        HistoryThinnedError: it is gone.
    """
    found = event_query.by_version(connection, key, version)
    if found is None:
        for event in segment_query.read(connection, key, version - 1, version):
            return event
        return merged_rows.by_version(connection, key, version)
    return found


def by_id(connection: Connection, key: int, event_id: str) -> EventRecord | None:
    found = find_many(connection, [(key, event_id)], (), is_sure=True)
    return found.get((key, event_id))


def find_many(
    connection: Connection,
    wanted: Sequence[tuple[int, str]],
    rows_alone: Container[int],
    *,
    is_sure: bool = False,
) -> dict[tuple[int, str], EventRecord]:
    """Return the events that have these ids, by document key and id.

    Args:
        rows_alone: the keys of documents that have no segment.
        is_sure: see `segment_query.find_ids`.
    """
    found = event_query.find_many(connection, wanted)
    older = [pair for pair in wanted if pair[0] not in rows_alone and pair not in found]
    if older:
        found |= segment_query.find_ids(connection, older, is_sure=is_sure)
    return found


def history(
    connection: Connection,
    key: int,
    *,
    after: int | None,
    before: int | None,
    limit: int,
    actor: str | None,
    descending: bool,
) -> list[EventRecord]:
    """Return events with `after < version < before`, by one actor id or all, from one snapshot."""
    bound = connection.execute(_compacted, {"of_document": key}).scalar_one_or_none() or 0
    least = after or 0

    def rows(limit: int) -> list[EventRecord]:
        if before is not None and before <= bound + 1:
            return []
        return event_query.history(
            connection,
            key,
            after=max(least, bound) or None,
            before=before,
            limit=limit,
            actor=actor,
            descending=descending,
        )

    def segments(limit: int) -> list[EventRecord]:
        if least >= bound:
            return []
        return segment_query.history(
            connection,
            key,
            after=least,
            before=bound + 1 if before is None else min(before, bound + 1),
            limit=limit,
            actor=actor,
            descending=descending,
        )

    def merged(limit: int) -> list[EventRecord]:
        events = merged_rows.whole(connection, key, least, bound if before is None else before - 1)
        chosen: Iterator[EventRecord] = (event for event in events if _is_by(event, actor))
        return list(chosen)[::-1][:limit] if descending else list(islice(chosen, limit))

    sources = [rows, segments] if least >= bound else [rows, segments, merged]
    found: list[EventRecord] = []
    for source in sources if descending else reversed(sources):
        if len(found) < limit:
            found += source(limit - len(found))
    return found


def _is_by(event: MergedEvent, actor: str | None) -> bool:
    return actor is None or any(share.writer.actor_id == actor for share in event.shares)


def authored(
    connection: Connection, key: int, after: int, upto: int, max_bytes: int
) -> AuthoredDeltas:
    """Return the events with `after < version <= upto` in columns, from one snapshot.

    Fewer if they are large or end with a segment, but at least one.

    Args:
        max_bytes: of their deltas, about.

    Raises:
        StoreError: the log has a gap there.
    """
    segment = next(segment_query.read_segments(connection, key, after, after + 1), None)
    if segment is None:
        merged = merged_rows.authored(connection, key, after, upto, max_bytes)
        return merged or authored_query.read(connection, key, after, upto, max_bytes)
    with segment_query.telling(key, segment.first, segment.last):
        ops = segment.ops(after, upto)
        sizes = accumulate(map(_size, ops))
        last = after + 1 + sum(1 for size in sizes if size < max_bytes)
        last = min(last, upto, segment.last)
        return AuthoredDeltas(
            after,
            [TextWriter(*writer) for writer in segment.writers],
            segment.writing(after, last),
            segment.times(after, last),
            ops[: last - after],
        )


def _size(ops: Delta) -> int:
    """The rough size of a delta as a row would have it."""
    return sum(len(op) if isinstance(op, str) else 4 for op in ops)


def sittings(
    connection: Connection, key: int, after: int, upto: int, pause_ms: int
) -> list[Sitting]:
    """Return the sittings of events with `after < version <= upto`, newest first, of one moment."""
    bound = connection.execute(_compacted, {"of_document": key}).scalar_one_or_none() or 0
    if after >= bound:
        return sitting_query.read(connection, key, after, upto, pause_ms)
    heads: list[EventHead] = []
    old = min(upto, bound)
    merged = [merged_sitting(event) for event in merged_rows.whole(connection, key, after, old)]
    for segment in segment_query.read_segments(connection, key, after, old):
        with segment_query.telling(key, segment.first, segment.last):
            heads += _heads(segment, after, old)
    heads += sitting_query.heads(connection, key, bound, upto)
    return grouped(heads, pause_ms) + merged[::-1]


def _heads(segment: Segment, after: int, upto: int) -> Iterator[EventHead]:
    first = max(after + 1, segment.first)
    written = zip(segment.times(after, upto), segment.writing(after, upto), strict=True)
    writers = segment.writers
    for version, (at_ms, number) in enumerate(written, first):
        yield EventHead(version, at_ms, *writers[number])
