"""SQLite's readers: which connections they keep, and what a read that fails leaves behind."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from storage.sqlite import driver_of, sqlite_engine
from storage.sqlite_readers import READERS, SqliteReaders

pytestmark = pytest.mark.anyio


def _engine(folder: Path) -> Engine:
    return sqlite_engine(folder / "quire.db", begin="BEGIN", pragmas=("query_only = ON",))


def _held(engine: Engine) -> int:
    assert isinstance(engine.pool, QueuePool), "it counts"
    return engine.pool.checkedout()


def _is_in_transaction(connection: Connection) -> bool:
    return driver_of(connection).in_transaction


async def test_each_thread_takes_one_connection_and_begins_and_ends_each_read(
    tmp_path: Path,
) -> None:
    engine = _engine(tmp_path)
    taken: list[Any] = []
    event.listen(engine, "checkout", lambda *which: taken.append(which[0]))
    readers = SqliteReaders(engine)
    seen: set[Connection] = set()

    def read(connection: Connection) -> bool:
        seen.add(connection)
        return _is_in_transaction(connection)

    assert all(await asyncio.gather(*(readers.run(read) for _ in range(20))))
    assert 1 <= len(taken) <= READERS
    assert not any(map(_is_in_transaction, seen)), "what is read next is of a later moment"
    await readers.aclose()
    assert _held(engine) == 0


async def test_a_read_that_fails_gives_its_connection_back_without_a_transaction(
    tmp_path: Path,
) -> None:
    engine = _engine(tmp_path)
    readers = SqliteReaders(engine)
    for _ in range(READERS + 1):
        with pytest.raises(OperationalError, match="no such table"):
            await readers.run(lambda connection: connection.exec_driver_sql("SELECT * FROM gone"))
        assert _held(engine) == 0
    one = await readers.run(lambda c: c.exec_driver_sql("SELECT 1").scalar_one())
    assert one == 1
    await readers.aclose()
    assert _held(engine) == 0
