"""The trash: documents are brought back from it, or purged, step by step; and templates.

A purged document leaves its row in `documents`, so that its name stays taken, without a title, an
owner or an event. All other rows that belong to it are removed, those of its images by whoever
removes their blobs.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Table,
    bindparam,
    delete,
    false,
    select,
    update,
)

from storage import catalogue, change_feed
from storage.search.sql_search import index_work
from storage.table import (
    access_changes,
    audit,
    changes,
    documents,
    events,
    images,
    metadata,
    new_changes,
    segment_ids,
    webhook_deliveries,
    writers,
)

KEPT: Final = (changes, new_changes, access_changes, audit, images, webhook_deliveries)
"""These tables tell of a document and are no part of it. The rows of images are, and last until
their blobs are removed with them: see `storage.image_rows`.
"""
_REMOVED_LATER: Final = (events, writers, segment_ids)
"""Their rows may be many, and are removed some at a time."""
_EVENTS_AT_ONCE: Final = 500

_key = bindparam("of_document", type_=BigInteger)
_is_trashed = (documents.c.deleted_at_ms.is_not(None), documents.c.purged_at_ms.is_(None))
_restore = (
    update(documents)
    .where(documents.c.key == _key, *_is_trashed)
    .values(deleted_at_ms=None, updated_at_ms=bindparam("now_ms"))
)
_empty = (
    update(documents)
    .where(documents.c.key == _key, *_is_trashed, documents.c.read_only_at_ms.is_(None))
    .values(
        purged_at_ms=bindparam("now_ms"),
        title="",
        derived_title="",
        owner_id="",
        is_template=false(),
    )
)
_finish = update(documents).where(documents.c.key == _key).values(version=0, compacted_version=0)
_first_events = (
    select(events.c.version)
    .where(events.c.document_key == _key)
    .order_by(events.c.version)
    .limit(_EVENTS_AT_ONCE)
)
_remove_events = delete(events).where(
    events.c.document_key == _key, events.c.version.in_(_first_events)
)
_first_ids = select(segment_ids.c.stem).where(segment_ids.c.document_key == _key)
_remove_ids = delete(segment_ids).where(
    segment_ids.c.document_key == _key,
    segment_ids.c.stem.in_(_first_ids.order_by(segment_ids.c.stem).limit(_EVENTS_AT_ONCE)),
)
_expired = (
    select(documents.c.name)
    .where(
        documents.c.deleted_at_ms.is_not(None),
        documents.c.deleted_at_ms < bindparam("before_ms"),
        documents.c.purged_at_ms.is_(None),
        documents.c.read_only_at_ms.is_(None),
    )
    .order_by(documents.c.deleted_at_ms)
    .limit(bindparam("most"))
)
_unfinished = select(documents.c.key).where(
    documents.c.deleted_at_ms.is_not(None),
    documents.c.purged_at_ms.is_not(None),
    documents.c.version > 0,
)


_set_template = (
    update(documents)
    .where(documents.c.key == _key)
    .values(is_template=bindparam("now_template", type_=Boolean))
)


def set_template(connection: Connection, key: int, *, is_template: bool) -> None:
    """Make a document a template, or none; it does not count as changed by that."""
    connection.execute(_set_template, {"of_document": key, "now_template": is_template})
    catalogue.forget_heads(connection)


def restore(connection: Connection, key: int, at_ms: int) -> bool:
    """Bring a document back; False: it is not in the trash."""
    if connection.execute(_restore, {"of_document": key, "now_ms": at_ms}).rowcount != 1:
        return False
    catalogue.forget_heads(connection)
    change_feed.record(connection, [(key, "restored", 0, 0)])
    return True


def empty(connection: Connection, key: int, at_ms: int) -> bool:
    """Remove all of a document but its events and its name.

    False: it is not in the trash, or read-only.
    """
    if connection.execute(_empty, {"of_document": key, "now_ms": at_ms}).rowcount != 1:
        return False
    catalogue.forget_heads(connection)
    index_work((), (), (key,), is_first=False)(connection)
    for table in belonging():
        if table not in _REMOVED_LATER:
            connection.execute(delete(table).where(table.c.document_key == key))
    change_feed.record(connection, [(key, "purged", 0, 0)])
    return True


def remove_events(connection: Connection, key: int) -> bool:
    """Remove some events of a document that is emptied; False: nothing of it is left."""
    for some in (_remove_events, _remove_ids):
        if connection.execute(some, {"of_document": key}).rowcount:
            return True
    for table in belonging():
        connection.execute(delete(table).where(table.c.document_key == key))
    connection.execute(_finish, {"of_document": key})
    catalogue.forget_heads(connection)
    return False


def expired(connection: Connection, before_ms: int, limit: int) -> list[str]:
    """Return the names of documents that were deleted before a time, at most `limit`."""
    return list(connection.scalars(_expired, {"before_ms": before_ms, "most": limit}))


def unfinished(connection: Connection) -> list[int]:
    """Return the keys of documents whose removal has begun and not ended."""
    return list(connection.scalars(_unfinished))


def belonging() -> Iterator[Table]:
    """Yield the tables of what belongs to documents, those that refer to others first."""
    for table in reversed(metadata.sorted_tables):
        if "document_key" in table.c and table not in KEPT:
            yield table
