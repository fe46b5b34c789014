"""Events of segments in SQL: a range, by id, by author. What is damaged says so, and no more."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Connection, Integer, bindparam, select, text

from storage.compaction.history_damage import HistoryDamagedError
from storage.compaction.id_ranges import places_of
from storage.prepared import Prepared
from storage.retention import merged_rows
from storage.retention.history_thinned import HistoryThinnedError
from storage.segments.container import SegmentDamaged
from storage.segments.event_segment import Segment, open_segment
from storage.table import segment_ids, segments
from sync.port import EventRecord

_log = logging.getLogger(__name__)

_key = bindparam("of_document", type_=segments.c.document_key.type)
_columns = (segments.c.first_version, segments.c.last_version, segments.c.data)

_with = (
    select(*_columns)
    .where(segments.c.document_key == _key, segments.c.last_version >= bindparam("version"))
    .order_by(segments.c.last_version)
    .limit(1)
)
_at_or_before = (
    select(*_columns)
    .where(segments.c.document_key == _key, segments.c.first_version <= bindparam("version"))
    .order_by(segments.c.last_version.desc())
    .limit(1)
)
_outlines = (
    select(segments.c.first_version, segments.c.last_version, segments.c.actors)
    .where(
        segments.c.document_key == _key,
        segments.c.last_version > bindparam("after"),
        segments.c.first_version < bindparam("before"),
    )
    .order_by(segments.c.last_version)
)

_ASKED = {
    "sqlite": """
        SELECT json_extract(value, '$[0]') AS document_key, json_extract(value, '$[1]') AS stem,
            json_extract(value, '$[2]') AS number, json_extract(value, '$[3]') AS place
        FROM json_each(:wanted)""",
    "postgresql": """
        SELECT CAST(value ->> 0 AS BIGINT) AS document_key, CAST(value ->> 1 AS BIGINT) AS stem,
            CAST(value ->> 2 AS INTEGER) AS number, CAST(value ->> 3 AS INTEGER) AS place
        FROM jsonb_array_elements(CAST(:wanted AS JSONB)) AS asked (value)""",
}


def _by_places(sql: str) -> Any:
    columns = text(sql).columns(
        document_key=BigInteger, stem=BigInteger, number=Integer, place=Integer
    )
    asked = columns.subquery("asked")
    same = (
        (segment_ids.c.document_key == asked.c.document_key)
        & (segment_ids.c.stem == asked.c.stem)
        & (segment_ids.c.low <= asked.c.number)
        & (segment_ids.c.high >= asked.c.number)
    )
    return select(asked.c.place, segment_ids.c.version).join_from(asked, segment_ids, same)


_candidates = Prepared({name: _by_places(sql) for name, sql in _ASKED.items()}, "wanted")


def read(connection: Connection, key: int, after: int, upto: int) -> list[EventRecord]:
    """Return the events of segments with `after < version <= upto`, ascending.

    Raises `HistoryDamagedError`.
    """
    found: list[EventRecord] = []
    while after < upto:
        segment = _find(connection, key, after + 1)
        if segment is None or segment.first > upto:
            break
        with telling(key, segment.first, segment.last):
            found += segment.events(after, upto)
        after = segment.last
    return found


def find_ids(
    connection: Connection, wanted: Sequence[tuple[int, str]], *, is_sure: bool
) -> dict[tuple[int, str], EventRecord]:
    """Return the events of segments that have these ids, by document key and id.

    Args:
        is_sure: whether a damaged segment, which may have one of them, is an error. Otherwise it
            has none: who appends for many documents does not fail for one.

    Raises `HistoryDamagedError`.
    """
    asked = [
        (key, *each, place)
        for place, (key, event_id) in enumerate(wanted)
        for each in places_of(event_id)
    ]
    rows = _candidates.fetch(connection, msgspec.json.encode(asked).decode())
    found: dict[tuple[int, str], EventRecord] = {}
    opened: dict[tuple[int, int], Segment | None] = {}
    for place, version in rows:
        key, event_id = wanted[place]
        try:
            if (key, version) not in opened:
                opened[key, version] = _find(connection, key, version)
            segment = opened[key, version]
            if segment is None or segment.first > version:
                event = _alone(connection, key, version, event_id)
            else:
                event = _with_id(key, segment, event_id)
        except HistoryThinnedError:
            continue
        except HistoryDamagedError:
            if is_sure:
                raise
            continue
        if event is not None:
            found[key, event_id] = event
    return found


def _alone(connection: Connection, key: int, version: int, event_id: str) -> EventRecord | None:
    """Return the event of a version that was merged with no other, if it has an id."""
    event = merged_rows.by_version(connection, key, version)
    if event is None or event.first != version or event.id != event_id:
        return None
    return event


def _with_id(key: int, segment: Segment, event_id: str) -> EventRecord | None:
    with telling(key, segment.first, segment.last):
        at = segment.find_id(event_id)
        return None if at is None else segment.events(at - 1, at)[0]


def history(
    connection: Connection,
    key: int,
    *,
    after: int,
    before: int,
    limit: int,
    actor: str | None,
    descending: bool,
) -> list[EventRecord]:
    """Return the events of segments with `after < version < before`, by one actor id or all.

    Raises `HistoryDamagedError`.
    """
    outlines = connection.execute(
        _outlines, {"of_document": key, "after": after, "before": before}
    ).all()
    found: list[EventRecord] = []
    for _, last, actors in reversed(outlines) if descending else outlines:
        if len(found) >= limit:
            break
        if actor is not None and actors is not None and actor not in msgspec.json.decode(actors):
            continue
        segment = _find(connection, key, last)
        if segment is None:
            continue
        with telling(key, segment.first, segment.last):
            found += _page(
                segment,
                after=max(after, found[-1].version) if found and not descending else after,
                before=min(before, found[-1].version) if found and descending else before,
                limit=limit - len(found),
                actor=actor,
                descending=descending,
            )
    return found


def _page(
    segment: Segment, *, after: int, before: int, limit: int, actor: str | None, descending: bool
) -> list[EventRecord]:
    versions: Sequence[int] = range(segment.first, segment.last + 1)
    if actor is not None:
        versions = segment.versions_by_actor(actor)
    chosen = [version for version in versions if after < version < before]
    chosen = chosen[-limit:] if descending else chosen[:limit]
    if not chosen:
        return []
    wanted = set(chosen)
    around = segment.events(chosen[0] - 1, chosen[-1])
    events = [event for event in around if event.version in wanted]
    return events[::-1] if descending else events


def read_segments(connection: Connection, key: int, after: int, upto: int) -> Iterator[Segment]:
    """Yield the segments that have versions with `after < version <= upto`, ascending.

    Reading one is done within `telling`.

    Raises `HistoryDamagedError`.
    """
    while after < upto:
        segment = _find(connection, key, after + 1)
        if segment is None or segment.first > upto:
            return
        yield segment
        after = segment.last


def newest(connection: Connection, key: int) -> Any:
    """Return the row of the newest segment; None: there is none."""
    values = {"of_document": key, "version": 1 << 53}
    return connection.execute(_at_or_before, values).one_or_none()


def _find(connection: Connection, key: int, version: int) -> Segment | None:
    """Return the segment that has a version, or the next one."""
    row = connection.execute(_with, {"of_document": key, "version": version}).one_or_none()
    return None if row is None else _open(key, row)


def _open(key: int, row: Any) -> Segment:
    first, last, data = row
    with telling(key, first, last):
        segment = open_segment(bytes(data))
        if (segment.first, segment.last) != (first, last):
            raise SegmentDamaged(f"it has the versions {segment.first} to {segment.last}")
        return segment


@contextmanager
def telling(key: int, first: int, last: int) -> Iterator[None]:
    """Translate what is damaged in a segment into a `HistoryDamagedError`, and log it."""
    try:
        yield
    except SegmentDamaged as error:
        _log.error("the versions %d to %d of document %d are damaged: %s", first, last, key, error)
        raise HistoryDamagedError(
            f"versions {first} to {last} are damaged: {error}", upto=last
        ) from error
