"""The events of the next segment of a document in SQL, and what has to be known of its log."""

from typing import Final

from msgspec import Struct
from sqlalchemy import BigInteger, Connection, bindparam, select

from storage import checkpoint, event_query, secret
from storage.compaction import segment_query
from storage.compaction.history_damage import HistoryDamagedError
from storage.compaction.piece import (
    CompactionRule,
    LogShape,
    begin_of_piece,
    chosen,
    is_resting,
    upper_bound,
)
from storage.row import document_record
from storage.table import documents, events
from sync.document.window import weight
from sync.port import DocumentRecord, EventRecord, StoreError

_READ_ROWS: Final = 512

_key = bindparam("of_document", type_=BigInteger)
_document = select(*documents.c).where(documents.c.key == _key)
_at_ms = select(events.c.at_ms).where(
    events.c.document_key == _key, events.c.version == bindparam("version")
)


class Piece(Struct, frozen=True):
    """Events that are to become a segment, as they were read."""

    document: DocumentRecord
    events: list[EventRecord]
    nonce_secret: bytes | None
    """The secret that the nonces of made-up ids follow from; None: none was made yet."""


def read_piece(connection: Connection, key: int, rule: CompactionRule, now_ms: int) -> Piece | None:
    """Return the next events of a document that are to become a segment; None: there are none.

    Raises:
        StoreError: the log has a gap.
    """
    row = connection.execute(_document, {"of_document": key}).one_or_none()
    if row is None:
        return None
    document = document_record(row)
    before = document.compacted_version
    if document.purged_at_ms is not None or before >= document.version:
        return None
    shape = _shape(connection, document, rule, now_ms)
    upto = min(upper_bound(shape, rule), before + rule.segment_events + 1)
    if upto <= before:
        return None
    at_ms = _time_of(connection, key, min(upto, before + rule.min_events))
    if at_ms is None or at_ms > now_ms - rule.age_ms:
        return None
    found = chosen(
        _older(connection, key, begin_of_piece(shape, rule), before),
        _rows(connection, key, before, upto, rule.segment_bytes),
        rule,
        now_ms,
    )
    return Piece(document, found, secret.find(connection, secret.NONCES)) if found else None


def read_resting(
    connection: Connection, key: int, rule: CompactionRule, now_ms: int
) -> tuple[DocumentRecord, list[checkpoint.StoredCheckpoint]] | None:
    """Return a document that rests, and its checkpoints as they are stored; None: it does not."""
    row = connection.execute(_document, {"of_document": key}).one_or_none()
    if row is None or rule.resting_ms is None:
        return None
    document = document_record(row)
    if document.purged_at_ms is not None:
        return None
    if not is_resting(document.updated_at_ms, rule, now_ms):
        return None
    return document, checkpoint.stored(connection, key)


def _shape(
    connection: Connection, document: DocumentRecord, rule: CompactionRule, now_ms: int
) -> LogShape:
    last = segment_query.newest(connection, document.key)
    oldest, newest = checkpoint.versions_with_state(connection, document.key)
    return LogShape(
        head=document.version,
        compacted=document.compacted_version,
        openable=oldest,
        newest_state=newest,
        last_first=document.compacted_version + 1 if last is None else last.first_version,
        last_bytes=0 if last is None else len(last.data),
        is_resting=is_resting(document.updated_at_ms, rule, now_ms),
    )


def _time_of(connection: Connection, key: int, version: int) -> int | None:
    values = {"of_document": key, "version": version}
    at_ms: int | None = connection.execute(_at_ms, values).scalar_one_or_none()
    return at_ms


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
