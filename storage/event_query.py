"""Events in SQL: append many, find some by id, read a range."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import BigInteger, Connection, Text, bindparam, insert, select, text

from storage.prepared import Prepared
from storage.row import document_record, event_record, event_row
from storage.table import authors, documents, events
from sync.port import DocumentRecord, EventRecord

COLUMNS = events.c[1:]
"""What `event_record` takes."""

_key = bindparam("of_document", type_=events.c.document_key.type)

_insert = Prepared(insert(events), *events.c.keys())
_range = (
    select(*COLUMNS)
    .where(
        events.c.document_key == _key,
        events.c.version > bindparam("after"),
        events.c.version <= bindparam("upto"),
    )
    .order_by(events.c.version)
    .limit(bindparam("most"))
)
# In one statement, so that the head and the events are of one moment without a transaction.
# Versions have no gaps, so a range bounds their number; a LIMIT need not keep PostgreSQL from
# reading and sorting all that follow.
_head_and_range = (
    select(*documents.c, *COLUMNS)
    .outerjoin_from(
        documents,
        events,
        (events.c.document_key == documents.c.key)
        & (events.c.version > bindparam("after"))
        & (events.c.version <= bindparam("upto")),
    )
    .where(documents.c.key == _key)
    .order_by(events.c.version)
)
_by_id = select(*COLUMNS).where(events.c.document_key == _key, events.c.id == bindparam("event_id"))
_by_version = select(*COLUMNS).where(
    events.c.document_key == _key, events.c.version == bindparam("version")
)
_authors = select(authors.c.client_id, authors.c.user_id).where(authors.c.document_key == _key)

# The wanted pairs come as one JSON parameter. `(document_key, id) IN ((…), …)` says the same, but
# SQLite answers it by scanning all of `events`.
_WANTED = {
    "sqlite": """
        SELECT json_extract(value, '$[0]') AS document_key, json_extract(value, '$[1]') AS id
        FROM json_each(:wanted)""",
    "postgresql": """
        SELECT CAST(value ->> 0 AS BIGINT) AS document_key, value ->> 1 AS id
        FROM jsonb_array_elements(CAST(:wanted AS JSONB)) AS pairs (value)""",
}
_PAIRS = {
    dialect: text(sql).columns(document_key=BigInteger, id=Text).subquery("wanted")
    for dialect, sql in _WANTED.items()
}
_by_ids = Prepared(
    {
        dialect: select(*events.c)
        .select_from(pairs)
        .join(events, (events.c.document_key == pairs.c.document_key) & (events.c.id == pairs.c.id))
        for dialect, pairs in _PAIRS.items()
    },
    "wanted",
)


def insert_many(connection: Connection, added: Sequence[tuple[int, EventRecord]]) -> None:
    """Insert them; there is at least one."""
    _insert.run_many(connection, [event_row(key, event) for key, event in added])


def find_many(
    connection: Connection, wanted: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], EventRecord]:
    pairs = msgspec.json.encode(wanted).decode()
    rows = _by_ids.fetch(connection, pairs)
    return {(row[0], event.id): event for row in rows for event in (event_record(row[1:]),)}


def read(connection: Connection, key: int, after: int, upto: int, limit: int) -> list[EventRecord]:
    rows = connection.execute(
        _range, {"of_document": key, "after": after, "upto": upto, "most": limit}
    )
    return [event_record(row) for row in rows]


def read_with_head(
    connection: Connection, key: int, after: int, limit: int
) -> tuple[DocumentRecord, list[EventRecord]] | None:
    """The head as it is, and the events after `after`, at most `limit`; None without a head."""
    rows = connection.execute(
        _head_and_range, {"of_document": key, "after": after, "upto": after + limit}
    ).all()
    if not rows:
        return None
    width = len(documents.c)
    news = [event_record(row[width:]) for row in rows if row[width] is not None]
    return document_record(rows[0][:width]), news


def by_id(connection: Connection, key: int, event_id: str) -> EventRecord | None:
    row = connection.execute(_by_id, {"of_document": key, "event_id": event_id}).one_or_none()
    return None if row is None else event_record(row)


def by_version(connection: Connection, key: int, version: int) -> EventRecord | None:
    row = connection.execute(_by_version, {"of_document": key, "version": version}).one_or_none()
    return None if row is None else event_record(row)


def history(
    connection: Connection,
    key: int,
    *,
    after: int | None,
    before: int | None,
    limit: int,
    actor: str | None,
    descending: bool,
) -> list[EventRecord]:
    statement = select(*COLUMNS).where(events.c.document_key == key).limit(limit)
    if after is not None:
        statement = statement.where(events.c.version > after)
    if before is not None:
        statement = statement.where(events.c.version < before)
    if actor is not None:
        statement = statement.where(events.c.actor_id == actor)
    order = events.c.version.desc() if descending else events.c.version
    return [event_record(row) for row in connection.execute(statement.order_by(order))]


def authors_of(connection: Connection, key: int) -> dict[int, str]:
    rows = connection.execute(_authors, {"of_document": key})
    return {row.client_id: row.user_id for row in rows}
