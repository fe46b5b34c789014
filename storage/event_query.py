"""Events in rows, in SQL: append many, find some by id, read a range.

Old ones are in segments: `storage.whole_log` reads both.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    Text,
    bindparam,
    func,
    insert,
    select,
    text,
)

from storage.prepared import Prepared
from storage.row import document_record, event_record, parse_made_up
from storage.table import documents, events, writers
from sync.port import DocumentRecord, EventRecord

COLUMNS = (
    events.c.version,
    events.c.number,
    events.c.nonce,
    events.c.id,
    events.c.ops,
    events.c.update,
    writers.c.actor_id,
    writers.c.actor_name,
    writers.c.session,
    events.c.at_ms,
    events.c.digest,
)
"""The columns that `event_record` takes."""

_FEW_EVENTS = 2_000
"""Of one actor: so many are quicker found by who wrote them, and sorted."""

_written = events.join(writers, writers.c.key == events.c.writer)
_key = bindparam("of_document", type_=events.c.document_key.type)

_insert = Prepared(insert(events), *events.c.keys())
_range = (
    select(*COLUMNS)
    .select_from(_written)
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
    .outerjoin(writers, writers.c.key == events.c.writer)
    .where(documents.c.key == _key)
    .order_by(events.c.version)
)
_by_version = (
    select(*COLUMNS)
    .select_from(_written)
    .where(events.c.document_key == _key, events.c.version == bindparam("version"))
)

# What is wanted comes as one JSON parameter. `(document_key, id) IN ((…), …)` says the same, but
# SQLite answers it by scanning all of `events`.
_CHOSEN = {
    "sqlite": """
        SELECT json_extract(value, '$[0]') AS document_key, json_extract(value, '$[1]') AS id
        FROM json_each(:wanted)""",
    "postgresql": """
        SELECT CAST(value ->> 0 AS BIGINT) AS document_key, value ->> 1 AS id
        FROM jsonb_array_elements(CAST(:wanted AS JSONB)) AS pairs (value)""",
}
_MADE_UP = {
    "sqlite": """
        SELECT json_extract(value, '$[0]') AS document_key, json_extract(value, '$[1]') AS session,
            json_extract(value, '$[2]') AS number
        FROM json_each(:wanted)""",
    "postgresql": """
        SELECT CAST(value ->> 0 AS BIGINT) AS document_key, value ->> 1 AS session,
            CAST(value ->> 2 AS INTEGER) AS number
        FROM jsonb_array_elements(CAST(:wanted AS JSONB)) AS triples (value)""",
}


def _by_chosen(sql: str) -> Select[Any]:
    wanted = text(sql).columns(document_key=BigInteger, id=Text).subquery("wanted")
    same = (events.c.document_key == wanted.c.document_key) & (events.c.id == wanted.c.id)
    return (
        select(events.c.document_key, *COLUMNS)
        .select_from(wanted)
        .join(events, same)
        .join(writers, writers.c.key == events.c.writer)
    )


def _by_made_up(sql: str) -> Select[Any]:
    columns = text(sql).columns(document_key=BigInteger, session=Text, number=Integer)
    wanted = columns.subquery("wanted")
    same_session = (writers.c.document_key == wanted.c.document_key) & (
        writers.c.session == wanted.c.session
    )
    same_number = (events.c.writer == writers.c.key) & (events.c.number == wanted.c.number)
    return (
        select(events.c.document_key, *COLUMNS)
        .select_from(wanted)
        .join(writers, same_session)
        .join(events, same_number)
    )


_by_chosen_ids = Prepared({name: _by_chosen(sql) for name, sql in _CHOSEN.items()}, "wanted")
_by_made_up_ids = Prepared({name: _by_made_up(sql) for name, sql in _MADE_UP.items()}, "wanted")


def insert_many(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of all columns; there is at least one."""
    _insert.run_many(connection, rows)


def find_many(
    connection: Connection, wanted: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], EventRecord]:
    """Return the events that have these ids, chosen or made up, by document key and id."""
    rows = list(_by_chosen_ids.fetch(connection, msgspec.json.encode(wanted).decode()))
    made_up = [
        (key, parts.session, parts.number)
        for key, event_id in wanted
        for parts in (parse_made_up(event_id),)
        if parts is not None
    ]
    if made_up:
        rows += _by_made_up_ids.fetch(connection, msgspec.json.encode(made_up).decode())
    found = {(row[0], event.id): event for row in rows for event in (event_record(row[1:]),)}
    # One session may have written two with one number: who knows its name may choose such ids.
    return {pair: found[pair] for pair in wanted if pair in found}


def read(connection: Connection, key: int, after: int, upto: int, limit: int) -> list[EventRecord]:
    rows = connection.execute(
        _range, {"of_document": key, "after": after, "upto": upto, "most": limit}
    )
    return [event_record(row) for row in rows]


def read_with_head(
    connection: Connection, key: int, after: int, limit: int
) -> tuple[DocumentRecord, list[EventRecord]] | None:
    """Return the head, and the events after `after`, at most `limit`; None without a head."""
    rows = connection.execute(
        _head_and_range, {"of_document": key, "after": after, "upto": after + limit}
    ).all()
    if not rows:
        return None
    width = len(documents.c)
    news = [event_record(row[width:]) for row in rows if row[width] is not None]
    return document_record(rows[0][:width]), news


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
    chosen = select(events.c.version).limit(limit)
    if after is not None:
        chosen = chosen.where(events.c.version > after)
    if before is not None:
        chosen = chosen.where(events.c.version < before)
    if actor is not None:
        by_actor = events.c.writer.in_(
            select(writers.c.key).where(writers.c.document_key == key, writers.c.actor_id == actor)
        )
        chosen = chosen.where(by_actor)
    if actor is None or not _are_few(connection, by_actor):
        chosen = chosen.where(events.c.document_key == key)
    order = events.c.version.desc() if descending else events.c.version
    # First the versions: of few events, from the index of writers alone, which is of one document.
    # SQLite would walk through the document, as is best for many: the newest ones are near.
    statement = (
        select(*COLUMNS)
        .select_from(_written)
        .where(events.c.document_key == key, events.c.version.in_(chosen.order_by(order)))
        .order_by(order)
    )
    return [event_record(row) for row in connection.execute(statement)]


def _are_few(connection: Connection, which: ColumnElement[bool]) -> bool:
    """Return whether at most `_FEW_EVENTS` are so; asks no further."""
    some = select(events.c.version).where(which).limit(_FEW_EVENTS + 1).subquery()
    found: int = connection.execute(select(func.count()).select_from(some)).scalar_one()
    return found <= _FEW_EVENTS
