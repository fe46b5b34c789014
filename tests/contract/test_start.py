"""What a start makes of the schema it finds: current, migrated, or a sentence and an exit code."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from anyio import to_thread

from app.cli.main import main
from app.main import prepare_database
from app.settings import Settings
from storage.migrate import require_current, upgrade
from tests.contract.conftest import run_sql
from tests.postgresql import Postgresql

pytestmark = pytest.mark.anyio


@pytest.fixture
async def postgresql_url(postgresql: Postgresql) -> AsyncIterator[str]:
    """Of a PostgreSQL database without tables."""
    async with postgresql.database(migrated=False) as url:
        yield url


async def quire(*arguments: str) -> int:
    """Run a command in a thread of its own, where it can have its own event loop."""
    return await to_thread.run_sync(main, arguments)


async def test_serve_does_not_migrate_postgresql(
    postgresql_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await quire("serve", "--database-url", postgresql_url) == 1
    told = capsys.readouterr()
    assert "run `quire db upgrade`" in told.err
    assert "Traceback" not in told.err + told.out
    assert await quire("db", "upgrade", "--database-url", postgresql_url) == 0
    await prepare_database(Settings(database_url=postgresql_url))


async def test_serve_migrates_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/quire.db"
    await prepare_database(Settings(database_url=url))
    await require_current(url)


async def test_serve_on_a_newer_schema_says_so_and_stops(
    bare_database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await upgrade(bare_database_url)
    await run_sql(bare_database_url, "UPDATE alembic_version SET version_num = '9999'")
    assert await quire("serve", "--database-url", bare_database_url) == 1
    told = capsys.readouterr()
    assert "9999, which this Quire does not know: a newer one wrote it" in told.err
    assert "Traceback" not in told.err + told.out
