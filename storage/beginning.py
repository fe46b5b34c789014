"""The documents that existed when a cursor started, as changes that come before the feed's.

A cursor that reads them stands at a negative position, and notes the position `feed_from` where
the feed goes on. Changes after that are kept for it, so what they do to a document tells the
version that it had there: the `after_version` of the first, else its head.
"""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, bindparam, case, func, select, union_all

from storage.table import changes, documents, new_changes
from sync.changes import Change

_FIRST: Final = -(1 << 52)
"""Exact in JSON, and with room for more keys than there will be."""
_PER_DOCUMENT: Final = 3
BEFORE_ALL: Final = _FIRST - 1
"""The position before every document."""

_chosen = (
    select(
        documents.c.key,
        documents.c.name,
        documents.c.version,
        documents.c.deleted_at_ms,
    )
    .where(documents.c.key >= bindparam("first_key", type_=BigInteger))
    .order_by(documents.c.key)
    .limit(bindparam("most"))
    .cte("chosen")
)
_later = union_all(
    select(changes.c.document_key, changes.c.kind, changes.c.after_version).where(
        changes.c.position > bindparam("feed_from", type_=BigInteger),
        changes.c.document_key.in_(select(_chosen.c.key)),
    ),
    select(new_changes.c.document_key, new_changes.c.kind, new_changes.c.after_version).where(
        new_changes.c.document_key.in_(select(_chosen.c.key))
    ),
).subquery("later")


def _count(kind: str) -> Any:
    return func.count(case((_later.c.kind == kind, 1)))


# In one statement, so that heads and changes are of one moment.
_documents = (
    select(
        _chosen.c.key,
        _chosen.c.name,
        func.coalesce(
            func.min(case((_later.c.kind == "edited", _later.c.after_version))), _chosen.c.version
        ),
        _chosen.c.deleted_at_ms.is_not(None) & (_count("deleted") == 0),
        _count("created") > 0,
    )
    .outerjoin_from(_chosen, _later, _later.c.document_key == _chosen.c.key)
    .group_by(_chosen.c.key, _chosen.c.name, _chosen.c.version, _chosen.c.deleted_at_ms)
    .order_by(_chosen.c.key)
)


def read(connection: Connection, after: int, feed_from: int, limit: int) -> list[Change]:
    """Return up to `limit` changes after a negative position; none once all are read.

    The order of the feed is locked: nobody assigns or removes positions meanwhile.
    """
    key = max(after - _FIRST, 0) // _PER_DOCUMENT
    found: list[Change] = []
    while len(found) < limit:
        wanted = {"first_key": key, "feed_from": feed_from, "most": limit}
        rows = connection.execute(_documents, wanted).all()
        if not rows:
            break
        for row in rows:
            found += (change for change in _changes(*row) if change.position > after)
        key = rows[-1].key + 1
    return found[:limit]


def _changes(
    key: int, name: str, version: int, was_deleted: bool, comes_later: bool
) -> Iterator[Change]:
    if comes_later:
        return  # all of it is in the feed
    position = _FIRST + _PER_DOCUMENT * key
    yield Change(position, "created", key, name, 0, 0)
    if version:
        yield Change(position + 1, "edited", key, name, 0, version)
    if was_deleted:
        yield Change(position + 2, "deleted", key, name, 0, 0)


def is_past(position: int, key: int) -> bool:
    """Return whether a cursor at a negative position has surely passed a document."""
    return position >= _FIRST + (key + 1) * _PER_DOCUMENT
