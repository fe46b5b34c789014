"""Copy an installation into another database: every row of every table that has a meaning there.

    documents ─▶ what belongs to them ─▶ everything is there, every log is whole ─▶ commit

The source is read in one snapshot and stays as it is; the target is written in one transaction, so
it has everything or, if anything fails, nothing. Rows go over as they are, key for key, some
megabytes at a time.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    delete,
    func,
    insert,
    or_,
    select,
    text,
)
from sqlalchemy.engine import URL
from sqlalchemy.util import greenlet_spawn

from storage.engine import read_url, store_errors
from storage.migrate import has_schema, require_current, upgrade
from storage.postgresql import postgresql_engine
from storage.secret import SIGNING_PREFIX
from storage.sqlite import database_path, sqlite_engine
from storage.table import (
    access_changes,
    access_head,
    audit,
    blame_checkpoints,
    blob_removals,
    changes,
    cursors,
    documents,
    events,
    feed_head,
    merged_events,
    metadata,
    new_changes,
    search_texts,
    secrets,
    segments,
    tickets,
    users,
    webhook_deliveries,
    writers,
)
from sync.port import StoreError

Report: TypeAlias = Callable[[str, int], None]
"""Takes the name of a table and the number of its copied rows, after every batch."""

LEFT_OUT = (
    *(new_changes, changes, cursors, feed_head, access_changes, access_head, tickets),
    *(search_texts, blame_checkpoints, blob_removals),
)
"""Consumers of changes start anew, as they have nothing there yet, search and blame among them; a
ticket lives for seconds. Blobs that are to be removed were not copied.
"""
KEPT_SECRETS = secrets.c.name.startswith(SIGNING_PREFIX, autoescape=True)
"""The keys of what users keep, so that they are the same users there. Others the target makes of
its own: who reads one installation then cannot speak in both.
"""
_COPIED = [table for table in metadata.sorted_tables if table not in LEFT_OUT]
_FETCHED_ROWS = 50
_BATCH_BYTES = 4 << 20
_BATCH_ROWS = 2_000


async def copy_installation(source_url: str, target_url: str, report: Report) -> dict[str, int]:
    """Copy everything into an empty database; returns after commit, with the rows of each table.

    A target without tables gets them first. The source may be in use, but what is written after
    the start is not copied. Blocks the event loop when a database is SQLite: not for a server.

    Raises:
        StoreError: a database cannot be used or fails, the target has documents, or what arrived
            is not whole. The target then holds no row more than before.
    """
    with _naming("source"):
        source = read_url(source_url)
        if source.get_backend_name() == "sqlite" and not database_path(source).exists():
            raise StoreError(f"there is no file {database_path(source)}")
        await require_current(source_url)
    with _naming("target"):
        target = read_url(target_url)
        if not await has_schema(target_url):
            await upgrade(target_url)
        await require_current(target_url)
    with store_errors():
        async with AsyncExitStack() as opened:
            reading = await opened.enter_async_context(database_connection(source, write=False))
            writing = await opened.enter_async_context(database_connection(target, write=True))
            return await greenlet_spawn(_copy, reading, writing, report)


@contextmanager
def _naming(database: str) -> Iterator[None]:
    """Name, in an error, the database that it is about."""
    try:
        yield
    except StoreError as error:
        raise StoreError(f"the {database}: {error}") from error


@asynccontextmanager
async def database_connection(url: URL, *, write: bool) -> AsyncIterator[Connection]:
    """A connection inside a transaction: a snapshot, or one that commits on normal exit.

    That of PostgreSQL works in a function which `greenlet_spawn` runs.
    """
    if url.get_backend_name() == "sqlite":
        begin = "BEGIN IMMEDIATE" if write else "BEGIN"
        sqlite = sqlite_engine(database_path(url), begin=begin)
        try:
            with sqlite.begin() as connection:
                yield connection
        finally:
            sqlite.dispose()
        return
    postgresql = postgresql_engine(url, pool_size=1, timeout_s=None)
    if not write:
        postgresql = postgresql.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
    try:
        async with postgresql.begin() as asynchronous:
            assert asynchronous.sync_connection is not None, "it has begun"
            yield asynchronous.sync_connection
    finally:
        await postgresql.dispose()


def _copy(source: Connection, target: Connection, report: Report) -> dict[str, int]:
    require_empty(target)
    copied = {table.name: _copy_table(source, target, table, report) for table in _COPIED}
    require_whole(target, copied)
    continue_keys(target)
    return copied


def require_empty(target: Connection) -> None:
    """Raise `StoreError` unless a database has neither documents nor users, until the commit."""
    if target.dialect.name == "postgresql":
        # Until the commit, nobody else puts a document in; on SQLite nobody else writes at all.
        target.execute(text("LOCK TABLE documents, users IN SHARE ROW EXCLUSIVE MODE"))
    for table in (documents, users):
        count = target.execute(select(func.count()).select_from(table)).scalar_one()
        if count:
            raise StoreError(f"the target is not empty: it has {count} {table.name}")
    # Nobody keeps anything that was signed with these: there was no user.
    target.execute(delete(secrets).where(KEPT_SECRETS))


def _copy_table(source: Connection, target: Connection, table: Table, report: Report) -> int:
    copied = 0
    statement = insert(table)
    for batch in batches(source, table):
        target.execute(statement, batch)
        copied += len(batch)
        report(table.name, copied)
    return copied


def batches(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """Yield all rows in the order of the primary key, in lists of bounded size."""
    rows = source.execute(
        rows_of(table).order_by(*table.primary_key),
        execution_options={"yield_per": _FETCHED_ROWS},
    )
    batch: list[dict[str, Any]] = []
    size = 0
    for row in rows.mappings():
        batch.append(dict(row))
        size += sum(len(value) for value in row.values() if isinstance(value, str | bytes))
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_ROWS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def rows_of(table: Table) -> Select[Any]:
    """Return the query for the rows of a table that have a meaning in another database."""
    return select(table).where(KEPT_SECRETS) if table is secrets else select(table)


def require_whole(target: Connection, copied: Mapping[str, int]) -> None:
    """Check that every row arrived, and that every document has the events 1 to its head.

    Args:
        copied: the rows by table; others are not counted.

    Raises:
        StoreError: a row or an event is missing.
    """
    for table in metadata.sorted_tables:
        if table.name not in copied:
            continue
        arriving = select(func.count()).select_from(rows_of(table).subquery())
        arrived = target.execute(arriving).scalar_one()
        if arrived != copied[table.name]:
            raise StoreError(f"{copied[table.name]} rows of {table.name} copied, {arrived} arrived")
    # Each version once is what the primary keys see to.
    rows = _per_document(events, func.count(), events.c.version > documents.c.compacted_version)
    old = _spanned(segments) + _spanned(merged_events)
    last = _per_document(events, func.max(events.c.version))
    is_short = or_(
        documents.c.version != rows + documents.c.compacted_version,
        documents.c.compacted_version != old,
        (documents.c.version > documents.c.compacted_version) & (documents.c.version != last),
    )
    broken = target.execute(
        select(documents.c.name, documents.c.version, rows + old)
        .where(documents.c.purged_at_ms.is_(None), is_short)
        .order_by(documents.c.key)
        .limit(1)
    ).one_or_none()
    if broken is not None:
        name, head, found = broken
        raise StoreError(f"document {name} is at version {head}, but has {found} events")


def _spanned(table: Table) -> ColumnElement[int]:
    """The number of versions that the rows of each document stand for."""
    return _per_document(table, func.sum(table.c.last_version - table.c.first_version + 1))


def _per_document(
    table: Table, value: ColumnElement[int], *conditions: ColumnElement[bool]
) -> ColumnElement[int]:
    """A value of the rows of each document; 0 if there is none."""
    belongs = table.c.document_key == documents.c.key
    found = select(value).where(belongs, *conditions).correlate(documents).scalar_subquery()
    return func.coalesce(found, 0)


def continue_keys(target: Connection) -> None:
    """Set the next key of each table: PostgreSQL has only counted keys that it gave itself."""
    if target.dialect.name == "postgresql":
        for table in (documents, writers, audit, webhook_deliveries):
            sequence = f"CAST(pg_get_serial_sequence('{table.name}', 'key') AS regclass)"
            # Of no row the greatest key is NULL, and the sequence is left alone.
            target.execute(text(f"SELECT setval({sequence}, max(key)) FROM {table.name}"))
