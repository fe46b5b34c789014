"""The rows of events that are in segments already: found without a lock, then removed."""

from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, select

from storage import many
from storage.table import documents, events

_BYTES_AT_ONCE: Final = 256 << 10
"""Of the rows that are removed in one transaction, if it is not one alone."""

_key = bindparam("of_document", type_=BigInteger)
_compacted = select(documents.c.compacted_version).where(documents.c.key == _key).scalar_subquery()
_moved = (
    select(
        events.c.version,
        events.c.id,
        # The length of the column itself SQLite would tell without reading it. (No bytes: null.)
        func.coalesce(func.length(func.substr(events.c.update, 1)), 0) + func.length(events.c.ops),
    )
    .where(events.c.document_key == _key, events.c.version <= _compacted)
    .order_by(events.c.version)
    .limit(bindparam("most"))
)
_with_ids = {
    dialect: select(func.count()).where(
        events.c.document_key == _key, many.is_one_of(events.c.id, "ids", dialect)
    )
    for dialect in ("sqlite", "postgresql")
}
_remove = delete(events).where(
    events.c.document_key == _key,
    events.c.version <= bindparam("upto"),
    events.c.version <= _compacted,
)


def find(connection: Connection, key: int, limit: int) -> int:
    """Return up to which version rows are removed next; 0: there are none.

    All that the removal will need is read here, so that it does not wait for the disk while it
    holds the write lock: the rows with what is large in them, and the entries of chosen ids, which
    lie all over their index.
    """
    rows = connection.execute(_moved, {"of_document": key, "most": limit}).all()
    upto = size = 0
    for version, _, row_bytes in rows:
        size += row_bytes
        if upto and size > _BYTES_AT_ONCE:
            break
        upto = version
    ids = [event_id for version, event_id, _ in rows if event_id is not None and version <= upto]
    if ids:
        values = {"of_document": key, "ids": many.encode_texts(connection, ids)}
        connection.execute(_with_ids[connection.dialect.name], values)
    return upto


def remove(connection: Connection, key: int, upto: int) -> int:
    """Remove the rows up to a version whose events are in segments; return how many."""
    return connection.execute(_remove, {"of_document": key, "upto": upto}).rowcount
