"""PostgreSQL through asyncpg: a pool, and transactions that may run beside each other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.engine import Transaction, Work, finish, store_errors
from sync.port import StoreError

T = TypeVar("T")

_COMMAND_TIMEOUT_S = 30
_POOL_TIMEOUT_S = 10


def postgresql_engine(url: URL, *, pool_size: int) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_POOL_TIMEOUT_S,
        pool_pre_ping=True,
        hide_parameters=True,  # what people wrote does not belong into error messages and logs
        connect_args={
            "command_timeout": _COMMAND_TIMEOUT_S,
            "server_settings": {"application_name": "quire", "synchronous_commit": "on"},
        },
    )


class PostgresqlDatabase:
    """A `Database` in PostgreSQL. Connects at its first use.

    All SQL here is waited for to its end, even by a cancelled task: asyncpg cancelled in the middle
    of a statement leaves a connection that nobody can use or give back.
    """

    def __init__(self, url: URL, *, pool_size: int = 10) -> None:
        self._engine = postgresql_engine(url, pool_size=pool_size)
        self._snapshots = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._closed = False

    async def read(self, work: Work[T]) -> T:
        return await finish(self._read(work))

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        self._check_open()
        transaction = _PostgresqlTransaction(self._engine)
        try:
            yield transaction
        except BaseException:
            await finish(transaction.roll_back())
            raise
        await finish(transaction.commit())

    async def aclose(self) -> None:
        self._closed = True
        await finish(self._engine.dispose())

    async def _read(self, work: Work[T]) -> T:
        self._check_open()
        with store_errors():
            async with self._snapshots.connect() as connection:
                return await connection.run_sync(work)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError("the database is closed")


class _PostgresqlTransaction:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    async def run(self, work: Work[T]) -> T:
        return await finish(self._run(work))

    async def _run(self, work: Work[T]) -> T:
        with store_errors():
            if self._connection is None:
                self._connection = await self._engine.connect()
            return await self._connection.run_sync(work)

    async def commit(self) -> None:
        if self._connection is None:
            return
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
