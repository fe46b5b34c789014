"""Rows of blames: of each document the newest one that is kept, which is made from the log."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.table import blame_checkpoints, documents

_columns = blame_checkpoints.c
_find = select(_columns.data).where(_columns.document_key == bindparam("of_document"))
_versions = select(_columns.document_key, _columns.version).where(
    _columns.document_key.in_(bindparam("keys", expanding=True))
)


def _upsert(module: Any) -> Any:
    new = module.insert(blame_checkpoints).from_select(
        ["document_key", "version", "data"],
        # A purged document gets none: what it had is removed.
        select(
            documents.c.key,
            bindparam("at_version", type_=_columns.version.type),
            bindparam("new_data", type_=_columns.data.type),
        ).where(documents.c.key == bindparam("of_document"), documents.c.purged_at_ms.is_(None)),
    )
    return new.on_conflict_do_update(
        index_elements=["document_key"],
        set_={"version": new.excluded.version, "data": new.excluded.data},
        where=_columns.version < new.excluded.version,
    )


_save = {"sqlite": _upsert(sqlite), "postgresql": _upsert(postgresql)}


def find(connection: Connection, key: int) -> bytes | None:
    row = connection.execute(_find, {"of_document": key}).one_or_none()
    return None if row is None else bytes(row.data)


def versions(connection: Connection, keys: Sequence[int]) -> dict[int, int]:
    """Return, of some documents, the version of the blame that is kept."""
    rows = connection.execute(_versions, {"keys": list(keys)})
    return {row.document_key: row.version for row in rows}


def save(connection: Connection, key: int, version: int, data: bytes) -> None:
    """Keep a blame in the place of an older one; nothing if a newer one is kept."""
    values = {"of_document": key, "at_version": version, "new_data": data}
    connection.execute(_save[connection.dialect.name], values)
