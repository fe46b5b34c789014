"""Empty, migrated databases, one per test, for every implementation of the event log.

SQLite always; PostgreSQL where `QUIRE_TEST_DATABASE_URL` names a server that may create databases.
"""

import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from storage.log import open_event_log
from storage.migrate import upgrade
from sync.port import DocumentRecord, EventLog, NewDocument

_POSTGRESQL_URL = os.environ.get("QUIRE_TEST_DATABASE_URL", "")
_STORES = ["sqlite", *(["postgresql"] if _POSTGRESQL_URL.startswith("postgresql") else [])]


@pytest.fixture(params=_STORES)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/quire.db"
    else:
        async with _postgresql_database() as url:
            yield url


@asynccontextmanager
async def _postgresql_database() -> AsyncIterator[str]:
    name = f"quire_test_{uuid.uuid4().hex}"
    server = create_async_engine(_POSTGRESQL_URL, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(_POSTGRESQL_URL).set(database=name).render_as_string(hide_password=False)
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await server.dispose()


@pytest.fixture
async def log(database_url: str) -> AsyncIterator[EventLog]:
    await upgrade(database_url)
    log = open_event_log(database_url)
    yield log
    await log.aclose()


@pytest.fixture
def create(log: EventLog) -> Callable[[str], Awaitable[DocumentRecord]]:
    """Create a document of that name."""

    async def create(name: str) -> DocumentRecord:
        record, _ = await log.create(new_document(name))
        return record

    return create


def new_document(
    name: str, *, title: str = "A title", text_root: str = "content", at_ms: int = 1_000
) -> NewDocument:
    return NewDocument(
        name=name,
        title=title,
        text_root=text_root,
        epoch="8f14e45f",
        crdt_client_id=2**53 - 1,
        owner_id="u-owner",
        at_ms=at_ms,
    )
