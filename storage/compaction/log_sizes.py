"""The sizes of documents in SQL: what takes how many bytes."""

from functools import reduce
from operator import add
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Table, bindparam, func, select, text

from storage.table import checkpoints, documents, events, images, merged_events, segments


class LogSize(Struct, frozen=True):
    """The sizes of one document, without the database's own overhead."""

    name: str
    versions: int
    rows: int
    """Events that are rows."""
    rows_bytes: int
    segments: int
    segments_bytes: int
    merged: int
    """Events that stand for several."""
    merged_bytes: int
    checkpoints: int
    checkpoints_bytes: int
    images: int
    images_bytes: int

    @property
    def total_bytes(self) -> int:
        """The bytes of everything."""
        return (
            self.rows_bytes
            + self.segments_bytes
            + self.merged_bytes
            + self.checkpoints_bytes
            + self.images_bytes
        )


def _length(column: ColumnElement[Any]) -> Any:
    return func.coalesce(func.length(column), 0)


def _of(table: Table, *sizes: Any) -> Any:
    """The number and the bytes of the rows of each document."""
    size = func.coalesce(func.sum(reduce(add, sizes)), 0)
    return (
        select(table.c.document_key, func.count().label("rows"), size.label("bytes"))
        .group_by(table.c.document_key)
        .subquery(f"{table.name}_sizes")
    )


_parts = (
    _of(
        events,
        *map(_length, (events.c.ops, events.c.update, events.c.id, events.c.nonce)),
        _length(events.c.digest),
    ),
    _of(segments, _length(segments.c.data)),
    _of(merged_events, _length(merged_events.c.data)),
    _of(
        checkpoints,
        *map(_length, (checkpoints.c.text, checkpoints.c.state, checkpoints.c.pairs)),
    ),
    _of(images, images.c.size_bytes),
)
_joined: Any = documents
for _part in _parts:
    _joined = _joined.outerjoin(_part, _part.c.document_key == documents.c.key)
_sizes = (
    select(
        documents.c.name,
        documents.c.version,
        *(func.coalesce(value, 0) for part in _parts for value in (part.c.rows, part.c.bytes)),
    )
    .select_from(_joined)
    .where(documents.c.purged_at_ms.is_(None))
    .order_by(documents.c.name)
)
_one = _sizes.where(documents.c.name == bindparam("document_name"))


def read_sizes(connection: Connection, name: str | None) -> list[LogSize]:
    """Return the sizes of all documents, or of one, by name. Reads all of their rows."""
    rows = (
        connection.execute(_sizes)
        if name is None
        else connection.execute(_one, {"document_name": name})
    )
    return [LogSize(row[0], *map(int, row[1:])) for row in rows]


def database_bytes(connection: Connection) -> tuple[int, int]:
    """Return the size of the database, and how much of it is free for new rows, if known."""
    if connection.dialect.name == "sqlite":
        size, count, free = (
            int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
            for name in ("page_size", "page_count", "freelist_count")
        )
        return size * count, size * free
    whole = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    return int(whole), 0
