"""Writers in SQL: one row for each session in each document, instead of its names at each event."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from sqlalchemy import Connection, bindparam, insert, select

from storage.prepared import Prepared
from storage.table import writers

WriterName: TypeAlias = tuple[int, str, str, str, str]
"""Document key and epoch, session, actor id and actor name."""

MAX_KNOWN: Final = 20_000
"""The bound of the writers that are cached."""

_NAMES: Final = ("document_key", "session", "actor_id", "actor_name")
_PARAMETERS: Final = tuple(f"of_{name}" for name in _NAMES)
_given = {
    name: bindparam(parameter, type_=writers.c[name].type)
    for name, parameter in zip(_NAMES, _PARAMETERS, strict=True)
}

_find = Prepared(
    select(writers.c.key).where(*(writers.c[name] == _given[name] for name in _NAMES)),
    *_PARAMETERS,
)
_add = Prepared(insert(writers).values(_given).returning(writers.c.key), *_PARAMETERS)


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
    found = _find.fetch(connection, key, *names) or _add.fetch(connection, key, *names)
    ((writer,),) = found
    return int(writer)
