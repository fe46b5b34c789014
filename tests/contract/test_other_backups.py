"""The other ways to back up that docs/operations.md names, as far as their commands are here.

The server of the tests writes too little WAL for `pg_basebackup`.
"""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest
from anyio import to_thread
from sqlalchemy import make_url

from app.cli.main import main
from tests.contract.sample import open_log
from tests.contract.test_copy import fill_installation, read_all
from tests.integration.server import ROOT
from tests.postgresql import Postgresql

pytestmark = pytest.mark.anyio

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")


def run(*command: str | Path) -> None:
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


async def renew(url: str) -> None:
    assert await to_thread.run_sync(main, ["db", "new-epoch", "--database-url", url]) == 0


async def head(url: str) -> tuple[int, str]:
    log = open_log(url)
    found = await log.find("notes")
    await log.aclose()
    assert found is not None
    return found.version, found.epoch


async def test_copy_of_a_file_in_use_is_whole(tmp_path: Path, migrated_file: Path) -> None:
    assert 'sqlite3 quire.db ".backup copy.db"' in PAGE
    if shutil.which("sqlite3") is None:
        pytest.skip("there is no sqlite3 shell")
    file = Path(shutil.copy(migrated_file, tmp_path / "quire.db"))
    url, copied = f"sqlite+aiosqlite:///{file}", f"sqlite+aiosqlite:///{tmp_path}/copy.db"
    await fill_installation(url)
    log = open_log(url)
    # Somebody has it open, and what was written last is in the WAL.
    assert await log.find("notes") is not None
    run("sqlite3", file, f".backup {tmp_path}/copy.db")
    await log.aclose()
    assert await read_all(copied) == await read_all(url)
    version, epoch = await head(copied)
    await renew(copied)
    assert (await head(copied))[0] == version
    assert (await head(copied))[1] != epoch


def pg(name: str) -> Path:
    """A program of PostgreSQL, from the package that has the server of the tests."""
    package = importlib.util.find_spec("pgserver")
    if package is None or package.origin is None:
        pytest.skip(f"there is no {name}")
    return Path(package.origin).parent / "pginstall" / "bin" / name


async def test_dump_of_postgresql_is_whole(tmp_path: Path, postgresql: Postgresql) -> None:
    assert "pg_dump -Fc quire" in PAGE
    dump = tmp_path / "dump"
    async with postgresql.database() as url, postgresql.database(migrated=False) as copied:
        await fill_installation(url)
        run(pg("pg_dump"), "-Fc", "-f", dump, _plain(url))
        run(pg("pg_restore"), "-d", _plain(copied), dump)
        assert await read_all(copied) == await read_all(url)
        await renew(copied)
        assert (await head(copied))[1] != (await head(url))[1]


def _plain(url: str) -> str:
    """An address as PostgreSQL's own programs take it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
