"""The contract of database engines, and the choice of one by its URL: SQLite or PostgreSQL.

The SQL of the log is written once, as plain functions of a SQLAlchemy `Connection`. A `Database`
says where they run: on threads of its own (SQLite), or inside an asyncio driver (PostgreSQL).
"""

import asyncio
import sqlite3
import zlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import TracebackType
from typing import Final, Protocol, TypeAlias, TypeVar

import msgspec
from sqlalchemy import Connection, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from sync.port import StoreError

T = TypeVar("T")
Work: TypeAlias = Callable[[Connection], T]
"""SQL to run, start to end, on a connection that is inside a transaction."""

KNOWN: Final = "quire.known"
"""The key in `Connection.info` of a dict that caches facts about the database for SQL that writes.

They hold inside the transaction. The dict is a new one when anybody else has committed, and after a
transaction that was rolled back. There may be none.
"""


class Transaction(Protocol):
    async def run(self, work: Work[T], *, is_brief: bool = False) -> T:
        """Run `work` inside the transaction; the first call begins it.

        Args:
            is_brief: it is done in a few milliseconds, by indexes, so that the event loop may do
                it itself where that is quicker than having it done.
        """
        ...


class Database(Protocol):
    async def read(self, work: Work[T]) -> T:
        """Run `work` on what is committed; each of its statements may see a later moment."""
        ...

    async def read_snapshot(self, work: Work[T]) -> T:
        """Run `work` on what is committed at one moment."""
        ...

    def write(self, *, is_background: bool = False) -> AbstractAsyncContextManager[Transaction]:
        """A write transaction: commits on normal exit, rolls back on any exception.

        Args:
            is_background: whether nobody waits for it. It gives way to those that somebody waits
                for, and its commit does not wait for the disk: a loss of power may undo it as a
                whole, unless one that is not in the background has followed it.

        Cancelled while it commits, it first learns how that ended: the commit stands, or it is
        rolled back, and the connection is clean when `CancelledError` goes on its way.
        """
        ...

    async def aclose(self) -> None: ...


def read_url(database_url: str) -> URL:
    """The URL of an SQLite or PostgreSQL database; its backend name is one of these.

    Raises `StoreError` for any other.
    """
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        # The text is not repeated: it may hold a password.
        raise StoreError("the database URL cannot be read") from None
    match url.get_backend_name():
        case "sqlite":
            return url
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+asyncpg")
        case other:
            raise StoreError(f"Quire keeps its log in SQLite or PostgreSQL, not in {other}")


class _StoreErrors:
    """The translation of `store_errors`. A class with nothing in it is entered at a lower cost than
    a generator."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if error is None:
            return
        match error:
            case DBAPIError():
                refused = error.orig.__cause__ if error.orig is not None else None
                if refused is not None and isinstance(refused.__cause__, ValueError):
                    # asyncpg could not encode a value, and its message begins with the value.
                    raise StoreError("a value cannot be stored") from None
                raise StoreError(f"the database refused: {error.orig}") from error
            case TimeoutError():
                raise StoreError("the database did not answer in time") from error
            case SQLAlchemyError() | sqlite3.Error() | OSError():
                raise StoreError(f"the database failed: {error}") from error
            case UnicodeError() | zlib.error() | msgspec.MsgspecError():
                raise StoreError(f"a value cannot be stored or read back: {error}") from error


_STORE_ERRORS: Final = _StoreErrors()


def store_errors() -> AbstractContextManager[None]:
    """Translate any exception of the driver, or of an unreadable row, into a `StoreError`."""
    return _STORE_ERRORS


async def finish(work: Awaitable[T]) -> T:
    """Wait until `work` has ended, even if cancelled meanwhile; then raise `CancelledError`.

    A commit whose waiter has gone would otherwise leave its connection, and SQLite's write lock,
    to the garbage collector.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if not task.cancelled():
                cancelled = error
        except Exception:  # noqa: BLE001
            break  # it is that of the work, which has ended
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # marks it as seen: asyncio would report it as lost
        raise cancelled
    return task.result()
