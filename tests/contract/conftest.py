"""Databases of its own for every test, for every implementation of the event log."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from storage.migrate import upgrade
from sync.names import Role
from sync.port import DocumentRecord, EventLog, NewDocument
from tests.contract.compacting_log import open_compacting
from tests.contract.sample import Create, open_log
from tests.postgresql import Postgresql, execute

STORES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with empty tables, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "quire.db"
    with ThreadPoolExecutor(1) as thread:  # the loop of the tests is this thread's
        thread.submit(asyncio.run, upgrade(f"sqlite:///{path}")).result()
    return path


@pytest.fixture(params=STORES)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database with empty tables."""
    if request.param == "sqlite":
        path: Path = request.getfixturevalue("migrated_file")
        yield f"sqlite+aiosqlite:///{shutil.copy(path, tmp_path)}"
    else:
        server: Postgresql = request.getfixturevalue("postgresql")
        async with server.database() as url:
            yield url


@pytest.fixture(params=STORES)
async def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/quire.db"
    else:
        server: Postgresql = request.getfixturevalue("postgresql")
        async with server.database(migrated=False) as url:
            yield url


_THROUGH_SEGMENTS = ("test_event_log", "test_log_", "test_sittings")
"""Modules whose names begin so run their tests again over a log that is compacted all the time."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "is_compacted" in metafunc.fixturenames:
        module = metafunc.module.__name__.rpartition(".")[2]
        values = [False, True] if module.startswith(_THROUGH_SEGMENTS) else [False]
        names = ["rows", "segments"][: len(values)] if len(values) > 1 else [""]
        metafunc.parametrize("is_compacted", values, indirect=True, ids=names)


@pytest.fixture
def is_compacted(request: pytest.FixtureRequest) -> bool:
    """Whether all events of the log are moved into segments as soon as they are written."""
    return bool(request.param)


@pytest.fixture
async def log(database_url: str, is_compacted: bool) -> AsyncIterator[EventLog]:
    log = open_compacting(database_url) if is_compacted else open_log(database_url)
    yield log
    await log.aclose()


@pytest.fixture
def create(log: EventLog) -> Create:
    """Create a document of that name."""

    async def create(name: str) -> DocumentRecord:
        record, _ = await log.create(new_document(name))
        return record

    return create


async def run_sql(url: str, statement: str) -> None:
    """Change a database behind the back of all that is under test."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(str(make_url(url).database))) as connection, connection:
            connection.execute(statement)
    else:
        await execute(url, statement)


async def probe_value(url: str) -> object:
    """The value that the last write probe has left."""
    statement = "SELECT value FROM secrets WHERE name = 'write_probe'"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(str(make_url(url).database))) as connection:
            return connection.execute(statement).fetchone()
    return (await execute(url, statement))[0]


def new_document(
    name: str,
    *,
    title: str = "A title",
    text_root: str = "content",
    at_ms: int = 1_000,
    owner_id: str = "u-owner",
    grants: tuple[tuple[str, Role], ...] = (),
) -> NewDocument:
    return NewDocument(
        name=name,
        title=title,
        text_root=text_root,
        epoch="8f14e45f",
        crdt_client_id=2**53 - 1,
        owner_id=owner_id,
        at_ms=at_ms,
        grants=grants,
    )


@pytest.fixture(params=["sqlite", "postgresql"])
async def target_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/target.db"
    else:
        server: Postgresql = request.getfixturevalue("postgresql")
        async with server.database(migrated=False) as url:
            yield url
