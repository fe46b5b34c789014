"""SQLite's readers: a few threads, each with a connection that it keeps from one read to the next.

SQLAlchemy takes longer to fetch a connection from its pool and to give it back than SQLite takes
for most reads.
"""

import asyncio
import threading
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine

from storage.engine import Work

T = TypeVar("T")

READERS: Final = 3
"""Reader threads, each with a connection. A read that finds none free waits its turn."""


class SqliteReaders:
    """Threads that read, with a connection each, which a read that fails gives back.

    Args:
        engine: has at least `READERS` connections.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(READERS, "quire-sqlite-read")
        self._own = threading.local()
        self._kept: dict[int, Connection] = {}
        """The connections that are kept, by their thread."""

    def run(self, work: Work[T]) -> Awaitable[T]:
        """Run `work` in a transaction of its own, on one of the threads."""
        return asyncio.get_running_loop().run_in_executor(self._threads, self._read, work)

    async def aclose(self) -> None:
        """Wait for the reads that go on, and close every connection."""
        await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self._close)

    def _read(self, work: Work[T]) -> T:
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._engine.connect()
            self._kept[threading.get_ident()] = connection
        try:
            with connection.begin():
                return work(connection)
        except BaseException:
            # Nothing is relied on that a failure may have left behind: the pool looks after it.
            del self._own.connection, self._kept[threading.get_ident()]
            connection.close()
            raise

    def _close(self) -> None:
        for connection in self._kept.values():
            connection.close()
        self._kept.clear()
        self._engine.dispose()
