"""The event log in SQL: `sync.port.EventLog` on SQLite and PostgreSQL."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import TracebackType

from sqlalchemy import Connection, select

from storage import author_query, catalogue, checkpoint, secret, text_query, whole_log
from storage.append import SqlAppendTransaction
from storage.change_feed import SqlChangeFeed
from storage.database import open_database
from storage.engine import Database, Transaction
from storage.writer import KnownWriters
from sync.names import MAX_INTEGER
from sync.permission import Reader
from sync.port import (
    AppendTransaction,
    Checkpoint,
    DerivedTitle,
    DocumentRecord,
    EventRecord,
    Followed,
    NewDocument,
    Opened,
    Sitting,
    StoreError,
)
from sync.text.authored import AuthoredDeltas

_RELAY_KEY = "relay"
_APPENDS_PER_CLEANING = 500
"""Of changes that nobody will read."""


def open_event_log(
    database_url: str, *, pool_size: int = 10, timeout_s: float = 30.0
) -> "SqlEventLog":
    """The event log of an installation, e.g. `sqlite+aiosqlite:///quire.db`.

    Connects at its first use; `storage.migrate.upgrade` should have run before.

    Args:
        pool_size: connections to PostgreSQL, at least two: who writes may have to read beside that.
        timeout_s: how long PostgreSQL may take to answer; see `storage.postgresql`.

    Raises:
        StoreError: the URL names no database.
    """
    return SqlEventLog(open_database(database_url, pool_size=pool_size, timeout_s=timeout_s))


class SqlEventLog:
    """A `sync.port.EventLog`. Every method may raise `StoreError`.

    Cancelling a read is safe. A write that is cancelled either stands or leaves no trace, and its
    connection is clean in both cases; which of the two, only the log can tell.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.changes = SqlChangeFeed(database)
        self.committed_appends = 0
        """The number of `append` transactions that have committed."""
        self.failed_appends = 0
        """The number of `append` transactions that the store has failed."""
        self._writers = KnownWriters()
        self._begun_appends = 0

    async def find(self, name: str) -> DocumentRecord | None:
        """Return the document of that name, deleted or not."""
        return await self._database.read(partial(catalogue.find, name=name))

    async def create(self, new: NewDocument) -> tuple[DocumentRecord, bool]:
        """Create a document; if the name is taken, even by a deleted one, return that and False."""
        async with self._database.write() as transaction:
            return await transaction.run(partial(catalogue.create, new=new))

    async def update_document(
        self,
        name: str,
        *,
        title: str | None = None,
        text_root: str | None = None,
        deleted_at_ms: int | None = None,
        updated_at_ms: int,
    ) -> DocumentRecord | None:
        """Change the given fields; return the document as it is then, None if there is none.

        Nothing is changed if `text_root` is another one and there may be a text already.
        """
        async with self._database.write() as transaction:
            return await transaction.run(
                partial(
                    catalogue.change,
                    name=name,
                    title=title,
                    text_root=text_root,
                    deleted_at_ms=deleted_at_ms,
                    updated_at_ms=updated_at_ms,
                )
            )

    async def set_derived_titles(self, titles: Sequence[DerivedTitle]) -> None:
        """Save titles, but none over one of a later version. Nothing counts as updated by that."""
        if not titles:
            return
        async with self._database.write() as transaction:
            await transaction.run(partial(catalogue.set_derived_titles, titles=titles))

    async def list_documents(
        self,
        *,
        query: str | None,
        before: tuple[int, int] | None,
        limit: int,
        reader: Reader | None = None,
        now_ms: int = MAX_INTEGER,
    ) -> list[DocumentRecord]:
        """Return documents that are not deleted, newest first.

        Args:
            query: looked for in shown titles and names, in upper or lower case.
            before: (updated_at_ms, key) of the last one seen.
            reader: only documents that it may read are returned; None: all.
            now_ms: share links end at it; left out, only those count that never end.
        """
        return await self._database.read(
            partial(
                catalogue.newest,
                query=query,
                before=before,
                limit=limit,
                reader=reader,
                now_ms=now_ms,
            )
        )

    async def heads(self, keys: Sequence[int]) -> dict[int, DocumentRecord]:
        """Return the documents of these keys, as committed; keys of no document are left out."""
        if not keys:
            return {}
        return await self._database.read(partial(catalogue.heads, keys=keys))

    async def open(self, name: str, *, before: int | None = None) -> Opened | None:
        """Return all that a room needs to open a document, deleted or not, from one snapshot.

        Only checkpoints of versions below `before` are used; at 0 none is.

        Raises `StoreError` if the log does not lead without a gap to the head.
        """
        return await self._database.read_snapshot(partial(_open, name=name, before=before))

    async def follow(self, key: int, after: int, limit: int) -> Followed | None:
        """Return the head, the events after `after`, at most `limit`, and the authors."""
        return await self._database.read(partial(_follow, key=key, after=after, limit=limit))

    async def read(self, key: int, after: int, upto: int, limit: int) -> list[EventRecord]:
        """Return events with `after < version <= upto`, ascending, at most `limit`."""
        return await self._database.read(
            partial(whole_log.read, key=key, after=after, upto=upto, limit=limit)
        )

    async def history(
        self,
        key: int,
        *,
        after: int | None,
        before: int | None,
        limit: int,
        actor: str | None,
        descending: bool,
    ) -> list[EventRecord]:
        """Return events with `after < version < before`, by one actor id or all."""
        return await self._database.read_snapshot(
            partial(
                whole_log.history,
                key=key,
                after=after,
                before=before,
                limit=limit,
                actor=actor,
                descending=descending,
            )
        )

    async def sittings(self, key: int, after: int, upto: int, pause_ms: int) -> list[Sitting]:
        """Return the sittings of the events with `after < version <= upto`, newest first."""
        return await self._database.read_snapshot(
            partial(whole_log.sittings, key=key, after=after, upto=upto, pause_ms=pause_ms)
        )

    async def authored(self, key: int, after: int, upto: int, max_bytes: int) -> AuthoredDeltas:
        """Return the events with `after < version <= upto` in columns; fewer if they are large."""
        return await self._database.read_snapshot(
            partial(whole_log.authored, key=key, after=after, upto=upto, max_bytes=max_bytes)
        )

    async def event(self, key: int, version: int) -> EventRecord | None:
        return await self._database.read(partial(whole_log.by_version, key=key, version=version))

    async def find_id(self, key: int, event_id: str) -> EventRecord | None:
        return await self._database.read(partial(whole_log.by_id, key=key, event_id=event_id))

    async def checkpoint_at_or_before(self, key: int, version: int) -> Checkpoint | None:
        """Return the newest checkpoint at or before a version; its state may be None."""
        return await self._database.read(partial(checkpoint.at_or_before, key=key, version=version))

    async def text_at(self, key: int, version: int) -> str:
        """Return the text at a version up to the head."""
        return await self._database.read_snapshot(
            partial(text_query.text_at, key=key, version=version)
        )

    async def save_checkpoint(self, key: int, checkpoint: Checkpoint) -> None:
        """Save a checkpoint; only the newest two of a document keep their state."""
        async with self._database.write() as transaction:
            await transaction.run(partial(_save_checkpoint, key=key, saved=checkpoint))

    def append(self) -> AbstractAsyncContextManager[AppendTransaction]:
        """A write transaction: commits on normal exit, rolls back on any exception.

        What it wrote is durable once the block is left, and visible to nobody before. On SQLite
        one transaction runs at a time and others wait; they begin at their first statement.
        """
        return _Append(self, self._database.write())

    def begin_append(self, transaction: Transaction) -> SqlAppendTransaction:
        """Return what appends in a transaction; at times, it also cleans the feed of changes."""
        self._begun_appends += 1
        is_cleaner = self._begun_appends % _APPENDS_PER_CLEANING == 0
        return SqlAppendTransaction(transaction, self._writers, is_cleaner=is_cleaner)

    async def relay_key(self) -> bytes:
        """Return the key of `sync.wire.relay`: 32 random bytes, the same for all processes."""
        return await secret.shared(self._database, _RELAY_KEY)

    async def nonce_secret(self) -> bytes:
        """Return the secret of `sync.yjs.nonce`: 32 random bytes, the same for all processes."""
        return await secret.shared(self._database, secret.NONCES)

    async def ping(self) -> None:
        """Raise `StoreError` unless the store answers."""
        await self._database.read(_ping)

    async def probe_write(self) -> None:
        """Commit a small change that nobody reads; raise `StoreError` if that cannot be done."""
        async with self._database.write() as transaction:
            await transaction.run(secret.change_probe)

    async def aclose(self) -> None:
        """Wait for the transaction under way, then close all connections."""
        await self._database.aclose()


class _Append:
    """The block of `SqlEventLog.append`, which counts how its transaction ends.

    A class, since it is entered for every batch: generators cost several times more.
    """

    __slots__ = ("_appending", "_log", "_write")

    def __init__(self, log: SqlEventLog, write: AbstractAsyncContextManager[Transaction]) -> None:
        self._log = log
        self._write = write
        self._appending: SqlAppendTransaction | None = None

    async def __aenter__(self) -> AppendTransaction:
        try:
            transaction = await self._write.__aenter__()
        except StoreError:
            self._log.failed_appends += 1
            raise
        self._appending = self._log.begin_append(transaction)
        return self._appending

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self._write.__aexit__(kind, error, trace)
        except StoreError:
            self._log.failed_appends += 1
            raise
        if error is None:
            assert self._appending is not None, "it was entered"
            self._appending.committed()
            self._log.committed_appends += 1
        elif isinstance(error, StoreError):
            self._log.failed_appends += 1


def _open(connection: Connection, name: str, before: int | None) -> Opened | None:
    found = catalogue.find(connection, name)
    if found is None:
        return None
    bound = MAX_INTEGER + 1 if before is None else before
    saved = checkpoint.newest_with_state(connection, found.key, bound)
    start = 0 if saved is None else saved.version
    length = found.version - start
    tail = whole_log.read(connection, found.key, start, found.version, max(length, 0))
    # Each version once and in order is what the primary key sees to; so the count is the proof.
    count = len(tail)
    if count != length:
        count = sum(event.version - event.first + 1 for event in tail)
    if count != length:
        raise StoreError(
            f"the log of document {found.key} has {count} events after {start}, not {length}"
        )
    return Opened(found, saved, tail, author_query.of_document(connection, found.key))


def _follow(connection: Connection, key: int, after: int, limit: int) -> Followed | None:
    found = whole_log.read_with_head(connection, key, after, limit)
    if found is None:
        return None
    head, news = found
    # Authors are only ever added: those of a later moment include the ones of these events.
    return Followed(head, news, author_query.of_document(connection, key) if news else {})


def _save_checkpoint(connection: Connection, key: int, saved: Checkpoint) -> None:
    checkpoint.save(connection, key, saved)


def _ping(connection: Connection) -> None:
    connection.execute(select(1))
