"""The bound of the versions of a document that retention may merge."""

from typing import Final

from msgspec import Struct
from sqlalchemy import BigInteger, Connection, bindparam, func, select

from storage import beginning
from storage.compaction import segment_query
from storage.retention import merged_rows
from storage.retention.retention_rule import RetentionRule
from storage.row import document_record
from storage.table import (
    changes,
    checkpoints,
    cursors,
    documents,
    events,
    new_changes,
    segments,
)
from sync.port import DocumentRecord

SETTLED_MS: Final = 600_000
"""Younger events are never merged: rooms of other processes and clients are on their way there."""
DAY_MS: Final = 86_400_000

_key = bindparam("of_document", type_=BigInteger)
_document = select(*documents.c).where(documents.c.key == _key)
_young_row = select(func.min(events.c.version)).where(
    events.c.document_key == _key,
    events.c.version > bindparam("after", type_=BigInteger),
    events.c.at_ms > bindparam("cutoff_ms", type_=BigInteger),
)
_young_segment = (
    select(segments.c.first_version, segments.c.last_version)
    .where(segments.c.document_key == _key, segments.c.to_ms > bindparam("cutoff_ms"))
    .order_by(segments.c.last_version)
    .limit(1)
)
_newest_state = select(func.max(checkpoints.c.version)).where(
    checkpoints.c.document_key == _key, checkpoints.c.state.is_not(None)
)
_readers = select(cursors.c.position, cursors.c.feed_from)
_unread = select(func.min(changes.c.after_version)).where(
    changes.c.document_key == _key,
    changes.c.kind == "edited",
    changes.c.position > bindparam("read_up_to", type_=BigInteger),
)
_unread_new = select(func.min(new_changes.c.after_version)).where(
    new_changes.c.document_key == _key, new_changes.c.kind == "edited"
)


class RetentionBound(Struct, frozen=True):
    """The last version of a document that its rule lets be merged, and what has to come first."""

    document: DocumentRecord
    merged: int
    """The last version of the events that are merged already."""
    upto: int
    """By age, and by what consumers of the feed of changes have read."""
    openable: int
    """The version of the newest state: later events are needed to open the document."""
    is_idle: bool
    """True if nobody has written for a while."""


def read_bound(
    connection: Connection, key: int, rule: RetentionRule, now_ms: int
) -> RetentionBound | None:
    """Return the bound of a document; None: nothing of it is to be merged."""
    row = connection.execute(_document, {"of_document": key}).one_or_none()
    document = None if row is None else document_record(row)
    if document is None or document.purged_at_ms is not None or rule.kind == "keep":
        return None
    settled = _old_upto(connection, document, now_ms - SETTLED_MS)
    wanted = 0
    if rule.days is not None:
        wanted = _old_upto(connection, document, now_ms - max(rule.days * DAY_MS, SETTLED_MS))
    if rule.kind == "drop" and rule.before_version is not None:
        wanted = max(wanted, min(rule.before_version, settled))
    upto = min(wanted, _read_upto(connection, document))
    newest = connection.execute(_newest_state, {"of_document": key}).scalar_one() or 0
    is_idle = settled == document.version
    return RetentionBound(document, merged_rows.top(connection, key), upto, newest, is_idle)


def _old_upto(connection: Connection, document: DocumentRecord, cutoff_ms: int) -> int:
    """Return the last version before the first event that is younger than a time."""
    values = {"of_document": document.key, "cutoff_ms": cutoff_ms}
    young = connection.execute(_young_segment, values).one_or_none()
    if young is not None:
        after, last = young[0] - 1, young[1]
        for segment in segment_query.read_segments(connection, document.key, after, last):
            with segment_query.telling(document.key, segment.first, segment.last):
                for version, at_ms in enumerate(segment.times(after, last), segment.first):
                    if at_ms > cutoff_ms:
                        return version - 1
    rows = values | {"after": document.compacted_version}
    first: int | None = connection.execute(_young_row, rows).scalar_one()
    return document.version if first is None else first - 1


def _read_upto(connection: Connection, document: DocumentRecord) -> int:
    """Return the version up to which every consumer of the feed of changes has read."""
    readers = connection.execute(_readers).all()
    if not readers:
        return document.version
    for position, feed_from in readers:
        if feed_from is not None and not beginning.is_past(position, document.key):
            return 0
    read_up_to = min(position if begun is None else begun for position, begun in readers)
    this = {"of_document": document.key}
    unread = (
        connection.execute(_unread, this | {"read_up_to": read_up_to}).scalar_one(),
        connection.execute(_unread_new, this).scalar_one(),
    )
    return min((each for each in unread if each is not None), default=document.version)
