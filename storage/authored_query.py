"""Authored deltas in SQL: consecutive events without updates and ids, many thousand at a time."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from storage.prepared import Prepared
from storage.row import decode_ops
from storage.table import events, writers
from sync.port import StoreError
from sync.text.authored import AuthoredDeltas, TextWriter
from sync.text.delta import Delta

_FIRST_EVENTS: Final = 64
"""Events read at first: how large they are is only known then."""
_MOST_EVENTS: Final = 8_192

_range = Prepared(
    select(events.c.version, events.c.writer, events.c.at_ms, events.c.ops)
    .where(
        events.c.document_key == bindparam("of_document", type_=events.c.document_key.type),
        events.c.version > bindparam("after", type_=events.c.version.type),
        events.c.version <= bindparam("upto", type_=events.c.version.type),
    )
    .order_by(events.c.version),
    "of_document",
    "after",
    "upto",
)
_writers = select(writers.c.key, writers.c.actor_id, writers.c.actor_name, writers.c.session).where(
    writers.c.key.in_(bindparam("keys", expanding=True))
)


def read(connection: Connection, key: int, after: int, upto: int, max_bytes: int) -> AuthoredDeltas:
    """Return the events with `after < version <= upto`: fewer if they are large, but at least one.

    Args:
        max_bytes: of their deltas.

    Raises:
        StoreError: the log has a gap there.
    """
    keys: list[int] = []
    at_ms: list[int] = []
    ops: list[Delta] = []
    size = 0
    most = _FIRST_EVENTS
    while (at := after + len(ops)) < upto and size < max_bytes:
        rows = _range.fetch(connection, key, at, min(at + most, upto))
        taken, size = _within(rows, size, max_bytes)
        if not taken or [row[0] for row in taken] != list(range(at + 1, at + 1 + len(taken))):
            raise StoreError(f"the log of document {key} has a gap after {at}")
        _, new_keys, new_at_ms, texts = zip(*taken, strict=True)
        keys += new_keys
        at_ms += new_at_ms
        ops += map(decode_ops, texts)
        average = max(1, size // len(ops))
        most = max(1, min(_MOST_EVENTS, 4 * most, (max_bytes - size) // average + 1))
    return _columns(connection, after, keys, at_ms, ops)


def _within(
    rows: Sequence[Sequence[Any]], size: int, max_bytes: int
) -> tuple[Sequence[Sequence[Any]], int]:
    """Return the first rows, up to the one with which the bound is reached, and the new size."""
    for index, row in enumerate(rows):
        size += len(row[3])
        if size >= max_bytes:
            return rows[: index + 1], size
    return rows, size


def _columns(
    connection: Connection, after: int, keys: list[int], at_ms: list[int], ops: list[Delta]
) -> AuthoredDeltas:
    used = list(dict.fromkeys(keys))
    found: dict[int, TextWriter] = {}
    # In parts: SQLite takes a bounded number of parameters.
    for start in range(0, len(used), 500):
        rows = connection.execute(_writers, {"keys": used[start : start + 500]})
        found |= {row.key: TextWriter(*row[1:]) for row in rows}
    index = {key: n for n, key in enumerate(used)}
    return AuthoredDeltas(
        after, [found[key] for key in used], [index[key] for key in keys], at_ms, ops
    )
