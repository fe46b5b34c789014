"""SQLite: one connection that writes, with a thread of its own, and a few reader threads.

What is brief in a write transaction the event loop does itself; what may wait, for a lock or for
the disk, the writer's thread does, above all COMMIT. Not through aiosqlite: it crosses to its
thread and back for every cursor operation, so that a flush pays 19 crossings (counted); here it
pays one. See `docs/decisions/0002-sqlite-on-its-own-threads.md`.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from storage.engine import KNOWN, Transaction, Work, finish, store_errors
from storage.sqlite_readers import READERS, SqliteReaders
from storage.work_thread import WorkThread
from storage.write_gap import WriteGaps
from sync.port import StoreError

T = TypeVar("T")

_BUSY_TIMEOUT_MS = 5_000
"""The longest wait for another process (a migration, a backup) that holds the write lock."""

_PRAGMAS = (
    f"busy_timeout = {_BUSY_TIMEOUT_MS}",
    "foreign_keys = ON",
    "synchronous = FULL",  # in WAL, NORMAL would lose the last commits when the power fails
    "cache_size = -32768",  # KiB
    "mmap_size = 268435456",
    # Pages of WAL between two checkpoints, which the committing thread pays for. The default of
    # 1,000 is a second of full load; the pages written most are the same ones each time.
    "wal_autocheckpoint = 4000",
    "journal_size_limit = 67108864",
)


def database_path(url: URL) -> Path:
    """The file that a `sqlite` URL names, made absolute.

    Raises `StoreError` for a database in memory (nothing in it would outlive its connection) and
    for a folder that does not exist.
    """
    name = url.database
    if not name or name == ":memory:" or name.startswith("file:"):
        raise StoreError("SQLite needs the path of a file, as in sqlite+aiosqlite:///quire.db")
    path = Path(os.path.abspath(name))
    if not path.parent.is_dir():
        raise StoreError(f"the folder of the database does not exist: {path.parent}")
    return path


def sqlite_engine(path: Path, *, begin: str, pragmas: Sequence[str] = ()) -> Engine:
    """A pool of connections to that file whose transactions start with the statement `begin`."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=READERS,  # the writer's thread never asks for a second one
        max_overflow=0,
        hide_parameters=True,  # what people wrote does not belong into error messages and logs
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: object) -> None:
        # Left alone, sqlite3 would begin a transaction only at the first write: two writers that
        # each read the head first would then give out the same version.
        connection.isolation_level = None
        # SQLite's own lower() knows ASCII only, and a search for a title should not.
        connection.create_function("lower", 1, _lower, deterministic=True)
        if connection.execute("PRAGMA page_count").fetchone() == (0,):
            # Only a new file can be told to give free pages back some at a time.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        for pragma in (*_PRAGMAS, *pragmas):
            connection.execute(f"PRAGMA {pragma}")
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            connection.execute("PRAGMA journal_mode = WAL")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        # Past SQLAlchemy, which would take longer than SQLite to run it.
        driver_of(connection).execute(begin)

    return engine


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return the driver's own connection."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection), "the engine is SQLite's"
    return driver


def _lower(text: str | bytes | float | None) -> str | bytes | float | None:
    return text.lower() if isinstance(text, str) else text


class SqliteDatabase:
    """A `Database` in one SQLite file. Connects at its first use."""

    def __init__(self, path: Path) -> None:
        self.writer = Writer(sqlite_engine(path, begin="BEGIN IMMEDIATE"))
        self._readers = SqliteReaders(
            sqlite_engine(path, begin="BEGIN", pragmas=("query_only = ON",))
        )
        self._write_thread = WorkThread("quire-sqlite-write")
        # Held over a whole transaction, which takes the writer's thread several times.
        self._writing = asyncio.Lock()
        self._gaps = WriteGaps()
        self._closed = False

    async def read(self, work: Work[T]) -> T:
        return await self.read_snapshot(work)

    async def read_snapshot(self, work: Work[T]) -> T:
        self._must_be_open()
        with store_errors():
            return await self._readers.run(work)

    def write(self, *, is_background: bool = False) -> AbstractAsyncContextManager[Transaction]:
        return _SqliteTransaction(self, is_background=is_background)

    async def aclose(self) -> None:
        async with self._writing:
            if self._closed:
                return
            self._closed = True
            # Readers first: the last connection to close folds the WAL into the database file.
            await self._readers.aclose()
            await asyncio.to_thread(self._write_thread.shut_down)
            await asyncio.to_thread(self.writer.close)

    async def begin_writing(self, *, is_background: bool) -> None:
        """Take the turn of the one transaction that may write; `end_writing` has to follow.

        Raises `StoreError` if the database is closed.
        """
        if is_background:
            await self._gaps.wait(self._writing.locked)
        try:
            await self._writing.acquire()
        except BaseException:
            self._end_wait(is_background=is_background)
            raise
        if self._closed:
            self.end_writing(is_background=is_background)
            self._must_be_open()

    def end_writing(self, *, is_background: bool) -> None:
        """Let the next transaction write."""
        self._writing.release()
        self._end_wait(is_background=is_background)

    def _end_wait(self, *, is_background: bool) -> None:
        if not is_background:
            self._gaps.ended()

    def on_write_thread(self, call: Callable[[], T]) -> asyncio.Future[T]:
        """Have something done on the writer's thread; see `WorkThread.submit`."""
        self._must_be_open()
        return self._write_thread.submit(call)

    def _must_be_open(self) -> None:
        if self._closed:
            raise StoreError("the database is closed")


class Writer:
    """The one connection that writes, kept from one transaction to the next."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._connection: Connection | None = None
        self._data_version = -1
        self._is_patient: bool | None = None
        self._is_durable = True
        self.is_begun = False

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    def begin(self, *, is_patient: bool, is_durable: bool = True) -> None:
        """Take the write lock.

        Args:
            is_patient: whether to wait, within bounds, while another process holds it.
            is_durable: whether the commit waits for the disk.
        """
        connection = self._connection or self.engine.connect()
        try:
            driver = driver_of(connection)
            if is_patient is not self._is_patient:
                driver.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS if is_patient else 0}")
                self._is_patient = is_patient
            if is_durable is not self._is_durable:
                # NORMAL: the next commit that is FULL brings this one to the disk, too.
                driver.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
                self._is_durable = is_durable
            connection.begin()
            self._connection, self.is_begun = connection, True
            # Another number each time that another connection has committed something.
            (data_version,) = driver.execute("PRAGMA data_version").fetchone()
        except BaseException:
            self._connection = connection
            self._let_go()
            raise
        if data_version != self._data_version:
            self._data_version = data_version
            connection.info[KNOWN] = {}

    def run(self, work: Work[T]) -> T:
        """Run `work` in the transaction that has begun."""
        assert self._connection is not None, "it has begun"
        return work(self._connection)

    def commit(self) -> None:
        assert self._connection is not None, "it has begun"
        try:
            self._connection.commit()
        except BaseException:
            # SQLAlchemy takes the transaction for ended and would go on with the connection as
            # it is, inside it. Closed, SQLite rolls back.
            self._connection.invalidate()
            self._let_go()
            raise
        self.is_begun = False

    def roll_back(self) -> None:
        assert self._connection is not None, "it has begun"
        try:
            self._connection.rollback()
        except (SQLAlchemyError, sqlite3.Error):
            # The reason for rolling back is on its way already. A fresh connection will do.
            self._connection.invalidate()
        self._let_go()

    def close(self) -> None:
        self._let_go()
        self.engine.dispose()

    def _let_go(self) -> None:
        """Give the connection back; its cache and its settings are not relied on any more."""
        connection, self._connection = self._connection, None
        self.is_begun = False
        self._is_patient = None
        self._data_version = -1
        if connection is not None:
            if not self._is_durable:
                # Whoever gets it from the pool relies on its settings being those of a new one.
                connection.invalidate()
                self._is_durable = True
            connection.close()


class _SqliteTransaction:
    """One write transaction, and the block that it is for.

    The methods that do not wait run on the writer's thread, or, while nothing runs there, on the
    event loop's.
    """

    __slots__ = ("_database", "_failed", "_is_background", "_writer")

    def __init__(self, database: SqliteDatabase, *, is_background: bool) -> None:
        self._database = database
        self._writer = database.writer
        self._is_background = is_background
        self._failed = False

    async def __aenter__(self) -> Transaction:
        await self._database.begin_writing(is_background=self._is_background)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        # A rollback is queued behind whatever the transaction still does on the one thread.
        end = self._commit if kind is None else self._roll_back
        try:
            with store_errors():
                await finish(self._database.on_write_thread(end))
        finally:
            self._database.end_writing(is_background=self._is_background)

    async def run(self, work: Work[T], *, is_brief: bool = False) -> T:
        with store_errors():
            if is_brief and self._may_go_on():
                return self._run_nowait(work)
            return await self._database.on_write_thread(partial(self._run_nowait, work))

    def _may_go_on(self) -> bool:
        """Return whether the transaction has begun, or could begin now without waiting."""
        if not self._writer.is_begun and self._writer.is_connected:
            # Whatever keeps it from beginning, the writer's thread will meet it again, and tell.
            with suppress(SQLAlchemyError, sqlite3.Error):
                self._writer.begin(is_patient=False, is_durable=not self._is_background)
        return self._writer.is_begun

    def _run_nowait(self, work: Work[T]) -> T:
        try:
            if not self._writer.is_begun:
                self._writer.begin(is_patient=True, is_durable=not self._is_background)
            return self._writer.run(work)
        except BaseException:
            self._failed = True
            raise

    def _commit(self) -> None:
        if self._failed:
            self._roll_back()
            raise StoreError("a transaction in which a statement failed is rolled back")
        if self._writer.is_begun:
            self._writer.commit()

    def _roll_back(self) -> None:
        if self._writer.is_begun:
            self._writer.roll_back()
