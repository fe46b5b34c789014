"""Writers in SQL: one row for each session in each document, instead of its names at each event."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from sqlalchemy import Connection, bindparam, insert, select

from storage.table import writers

WriterName: TypeAlias = tuple[int, str, str, str, str]
"""Document key and epoch, session, actor id and actor name."""

MAX_KNOWN: Final = 20_000
"""The bound of the writers that are cached."""

_NAMES = ("document_key", "session", "actor_id", "actor_name")

_find = select(writers.c.key).where(
    *(writers.c[name] == bindparam(f"writer_{name}") for name in _NAMES)
)
_insert = insert(writers)


class KnownWriters(dict[WriterName, int]):
    """The keys of writers that are committed, so that an append need not look them up.

    A restored backup may have given a key to another writer; then its document has another epoch.
    """

    def learn(self, committed: Mapping[WriterName, int]) -> None:
        if len(self) > MAX_KNOWN:
            self.clear()
        self.update(committed)


def find_or_add(connection: Connection, name: WriterName) -> int:
    """Return the key of a writer, whose document's head is locked.

    A row is never changed or removed: a key, once committed, holds.
    """
    key, _, *names = name
    values = dict(zip(_NAMES, (key, *names), strict=True))
    found = connection.execute(
        _find, {f"writer_{column}": value for column, value in values.items()}
    ).scalar_one_or_none()
    if found is not None:
        return int(found)
    added = connection.execute(_insert, values).inserted_primary_key
    assert added is not None, "the database counts the keys up"
    return int(added[0])
