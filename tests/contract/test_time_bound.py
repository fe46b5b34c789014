"""Reading that takes too long is stopped, on both databases, and harms nothing that follows."""

import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, text

from storage.database import open_database
from storage.engine import Database
from storage.time_bound import TooSlowError, time_bound
from sync.port import StoreError
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

_ENDLESS = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    "SELECT max(x) FROM n",
    "postgresql": "SELECT pg_sleep(600)",
}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url, pool_size=2, timeout_s=PATIENCE_S)
    yield opened
    await opened.aclose()


def endless(connection: Connection) -> None:
    with time_bound(connection, 0.2):
        connection.execute(text(_ENDLESS[connection.dialect.name])).all()


def brief(connection: Connection) -> int:
    return int(connection.execute(text("SELECT 7")).scalar_one())


async def test_endless_statement_is_stopped_and_the_next_one_is_not(database: Database) -> None:
    begun = time.monotonic()
    for _ in range(4):
        with pytest.raises(TooSlowError):
            await database.read_snapshot(endless)
        assert await database.read_snapshot(brief) == 7
        assert await database.read(brief) == 7
    assert time.monotonic() - begun < PATIENCE_S


async def test_time_counts_between_statements_too(database: Database) -> None:
    def work(connection: Connection) -> None:
        with time_bound(connection, 0.01) as require_time:
            require_time()
            time.sleep(0.02)
            require_time()

    with pytest.raises(TooSlowError):
        await database.read_snapshot(work)


async def test_other_errors_are_what_they_were(database: Database) -> None:
    def work(connection: Connection) -> None:
        with time_bound(connection, 60):
            connection.execute(text("SELECT none FROM nowhere"))

    with pytest.raises(StoreError, match="nowhere"):
        await database.read_snapshot(work)
