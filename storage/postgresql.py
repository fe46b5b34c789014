"""PostgreSQL through asyncpg: a pool, and transactions that may run beside each other."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.engine import Transaction, Work, finish, store_errors
from sync.port import StoreError

T = TypeVar("T")


def postgresql_engine(url: URL, *, pool_size: int, timeout_s: float | None) -> AsyncEngine:
    """A pool of connections to that database.

    Args:
        timeout_s: how long to wait for a free connection, and for the answer to a statement. A
            transaction that stands still for as long, on a host that vanished say, is ended by the
            server, and its locks go. None is for ever, as a migration needs it.

    Raises:
        StoreError: asyncpg is not installed.
    """
    try:
        engine = create_async_engine(
            _asyncpg_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=timeout_s,
            hide_parameters=True,  # what people wrote does not belong into error messages and logs
            connect_args={
                "timeout": timeout_s,
                "command_timeout": timeout_s,
                "server_settings": {
                    "application_name": "quire",
                    "synchronous_commit": "on",
                    # Who waited for a head reads it as it is then, not as it was at the start.
                    "default_transaction_isolation": "read committed",
                    "idle_in_transaction_session_timeout": str(round((timeout_s or 0) * 1000)),
                    "jit": "off",  # it costs more than any statement here
                },
            },
        )
    except ModuleNotFoundError as error:
        raise StoreError(f"for PostgreSQL, install Quire's extra `postgres`: {error}") from error
    event.listen(engine.sync_engine, "checkout", _replace_closed)
    return engine


def _asyncpg_url(url: URL) -> URL:
    """With what libpq calls `sslmode` under asyncpg's name."""
    query = dict(url.query)
    if "sslmode" in query:
        query.setdefault("ssl", query.pop("sslmode"))
    return url.set(query=query)


_NOT_DURABLE: Final = "SET LOCAL synchronous_commit = off"


def _replace_closed(_: object, record: Any, __: object) -> None:
    """Have the pool replace a connection that the server has closed meanwhile.

    SQLAlchemy's `pool_pre_ping` would find that out with three round trips, each time.
    """
    if record.driver_connection.is_closed():
        raise DisconnectionError("closed by the server")


class PostgresqlDatabase:
    """A `Database` in PostgreSQL. Connects at its first use.

    All SQL here is waited for to its end, even by a cancelled task: asyncpg cancelled in the middle
    of a statement leaves a connection that nobody can use or give back.
    """

    def __init__(self, url: URL, *, pool_size: int, timeout_s: float) -> None:
        self._engine = postgresql_engine(url, pool_size=pool_size, timeout_s=timeout_s)
        # Without BEGIN and ROLLBACK, which would be two round trips more.
        self._statements = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._snapshots = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._closed = False
        self._uses = 0
        self._unused = asyncio.Event()
        self._unused.set()

    async def read(self, work: Work[T]) -> T:
        with self._use():
            return await finish(self._read(self._statements, work))

    async def read_snapshot(self, work: Work[T]) -> T:
        with self._use():
            return await finish(self._read(self._snapshots, work))

    @asynccontextmanager
    async def write(self, *, is_background: bool = False) -> AsyncIterator[Transaction]:
        with self._use():
            transaction = _PostgresqlTransaction(self._engine, is_durable=not is_background)
            try:
                yield transaction
            except BaseException:
                await finish(transaction.roll_back())
                raise
            await finish(transaction.commit())

    async def aclose(self) -> None:
        self._closed = True
        # A connection that is in use belongs to its user: the pool would never close it.
        await self._unused.wait()
        await finish(self._engine.dispose())

    async def _read(self, engine: AsyncEngine, work: Work[T]) -> T:
        with store_errors():
            async with engine.connect() as connection:
                return await connection.run_sync(work)

    @contextmanager
    def _use(self) -> Iterator[None]:
        if self._closed:
            raise StoreError("the database is closed")
        self._uses += 1
        self._unused.clear()
        try:
            yield
        finally:
            self._uses -= 1
            if not self._uses:
                self._unused.set()


class _PostgresqlTransaction:
    def __init__(self, engine: AsyncEngine, *, is_durable: bool) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._is_durable = is_durable
        self._failed = False

    async def run(self, work: Work[T], *, is_brief: bool = False) -> T:
        return await finish(self._run(work))

    async def _run(self, work: Work[T]) -> T:
        with store_errors():
            try:
                if self._connection is None:
                    self._connection = await self._engine.connect()
                    if not self._is_durable:
                        await self._connection.exec_driver_sql(_NOT_DURABLE)
                return await self._connection.run_sync(work)
            except BaseException:
                self._failed = True
                raise

    async def commit(self) -> None:
        if self._connection is None:
            return
        if self._failed:
            # PostgreSQL would answer this COMMIT by rolling back, and call it a success.
            await self.roll_back()
            raise StoreError("a transaction in which a statement failed is rolled back")
        with store_errors():
            try:
                await self._connection.commit()
            except BaseException:
                await self._connection.invalidate()
                raise
            finally:
                await self._connection.close()

    async def roll_back(self) -> None:
        if self._connection is None:
            return
        try:
            await self._connection.rollback()
        except (SQLAlchemyError, OSError):
            # The reason for rolling back is on its way already. A fresh connection will do.
            await self._connection.invalidate()
        finally:
            await self._connection.close()
