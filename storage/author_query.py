"""The authors of a document in SQL: which user writes under which CRDT client id."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Connection, Select, bindparam, insert, select, text

from storage.prepared import Prepared
from storage.table import authors

_of_document = Prepared(
    select(authors.c.client_id, authors.c.user_id).where(
        authors.c.document_key == bindparam("of_document", type_=authors.c.document_key.type)
    ),
    "of_document",
)
_add = Prepared(insert(authors), *authors.c.keys())

_PAIRS: Final = {
    "sqlite": """
        SELECT json_extract(value, '$[0]') AS document_key,
            json_extract(value, '$[1]') AS client_id
        FROM json_each(:wanted)""",
    "postgresql": """
        SELECT CAST(value ->> 0 AS BIGINT) AS document_key,
            CAST(value ->> 1 AS BIGINT) AS client_id
        FROM jsonb_array_elements(CAST(:wanted AS JSONB)) AS pairs (value)""",
}
"""The pairs that are wanted come as one JSON parameter: any number of them is one statement."""


def _by_pair(sql: str) -> Select[Any]:
    wanted = text(sql).columns(document_key=BigInteger, client_id=BigInteger).subquery("wanted")
    return select(authors.c.document_key, authors.c.client_id, authors.c.user_id).join_from(
        wanted,
        authors,
        (authors.c.document_key == wanted.c.document_key)
        & (authors.c.client_id == wanted.c.client_id),
    )


_by_pairs = Prepared({name: _by_pair(sql) for name, sql in _PAIRS.items()}, "wanted")


def of_document(connection: Connection, key: int) -> dict[int, str]:
    """Return the ids of the users of a document, by CRDT client id."""
    rows = _of_document.fetch(connection, key)
    return {row[0]: row[1] for row in rows}


def among(connection: Connection, pairs: Sequence[tuple[int, int]]) -> Sequence[Sequence[Any]]:
    """Return document key, CRDT client id and user id of the pairs of the first two that exist."""
    return _by_pairs.fetch(connection, msgspec.json.encode(pairs).decode())


def add(connection: Connection, rows: Sequence[tuple[int, int, str]]) -> None:
    """Save document keys, CRDT client ids and user ids; there is at least one."""
    _add.run_many(connection, rows)
