"""Migrations: their schema is that of `storage.table`, and starting is safe for several at once."""

import asyncio
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from anyio import to_thread
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from storage import migrate
from storage.access.access_record import GrantRecord
from storage.image_rows import ImageRecord
from storage.log import open_event_log
from storage.migrate import SCHEMA_REVISION, SchemaError, require_current, upgrade
from storage.row import encode_ops
from storage.table import metadata
from sync.permission import Claim, Reader
from sync.port import Checkpoint, StoreError
from sync.text.delta import Delta
from tests.contract.conftest import run_sql
from tests.contract.old_schema import OldEvent, make, old_events
from tests.contract.sample import append_next, open_log, open_whole
from tests.patience import PATIENCE_S

T = TypeVar("T")

pytestmark = pytest.mark.anyio


async def _in_database(database_url: str, work: Callable[[Connection], T]) -> T:
    """Run something in a transaction of its own, past everything that is under test."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        direct = create_engine(url.set(drivername="sqlite"))
        with direct.begin() as connection:
            result = work(connection)
        direct.dispose()
        return result
    engine = create_async_engine(url)
    async with engine.begin() as asynchronous:
        result = await asynchronous.run_sync(work)
    await engine.dispose()
    return result


async def test_migrations_give_the_tables(bare_database_url: str) -> None:
    await upgrade(bare_database_url)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"include_object": _is_portable})
        return list(compare_metadata(context, metadata))

    assert await _in_database(bare_database_url, differences) == []


def _is_portable(_: object, name: str | None, kind: str, *__: object) -> bool:
    """The index of words is each database's own: `tests/contract/test_search.py` is about it."""
    return kind != "table" or not (name or "").startswith("search_index")


async def test_upgrade_again_changes_nothing(bare_database_url: str) -> None:
    await upgrade(bare_database_url)
    await upgrade(bare_database_url)
    await require_current(bare_database_url)


async def test_empty_database_is_not_current(bare_database_url: str) -> None:
    with pytest.raises(
        SchemaError, match=rf"schema none, .* needs {SCHEMA_REVISION}: run `quire db upgrade`"
    ):
        await require_current(bare_database_url)


async def test_newer_schema_is_refused(bare_database_url: str) -> None:
    await upgrade(bare_database_url)

    def advance(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    await _in_database(bare_database_url, advance)
    for check in (upgrade, require_current):
        with pytest.raises(SchemaError, match="9999, which this Quire does not know"):
            await check(bare_database_url)


# From an older schema


async def _require_same(database_url: str, old: list[OldEvent]) -> None:
    """Every event reads back as the older Quire wrote it, and is found by its id."""
    log = open_log(database_url)
    states = [await log.checkpoint_at_or_before(1, version) for version in (1, 2, 3)]
    assert states == [
        Checkpoint(version, "text", state)
        for version, state in enumerate((None, b"state 2", b"state 3"), 1)
    ]
    for key in (1, 2):
        mine = [each for each in old if each.document_key == key]
        found = await log.read(key, 0, 10**6, 10**6)
        assert [
            (each.version, each.id, each.type, encode_ops(each.ops), each.update, each.actor_id)
            for each in found
        ] == [
            (each.version, each.id, each.type, encode_ops(_decode(each.ops)), each.update, "u1")
            for each in mine
        ]
        assert [(e.actor_name, e.session, e.at_ms, e.digest) for e in found] == [
            (e.actor_name, e.session, e.at_ms, e.digest) for e in mine
        ]
        async with log.append() as transaction:
            by_id = await transaction.find_ids([(key, each.id) for each in mine])
        assert {pair[1]: each.version for pair, each in by_id.items()} == {
            each.id: each.version for each in mine
        }
        assert await append_next(log, key, "later") == len(mine) + 1
    await log.aclose()


def _decode(ops: str) -> Delta:
    return tuple(json.loads(ops))


async def test_events_of_schema_0002_are_kept(bare_database_url: str) -> None:
    old = old_events(1_200)
    await to_thread.run_sync(make, bare_database_url, old)
    await upgrade(bare_database_url)
    await require_current(bare_database_url)
    await _require_same(bare_database_url, old)


async def test_documents_of_schema_0005_stay_open_to_all_who_are_let_in(
    bare_database_url: str,
) -> None:
    old = old_events(20)
    await to_thread.run_sync(make, bare_database_url, old, "0005")
    with pytest.raises(SchemaError, match="has schema 0005"):
        await require_current(bare_database_url)
    await upgrade(bare_database_url)
    await _require_same(bare_database_url, old)
    store = open_whole(bare_database_url)
    for key in (1, 2):
        assert await store.access.grants(key) == [GrantRecord("signed-in", "editor", None)]
    somebody = Reader("guest", is_signed_in=True)
    found = await store.log.list_documents(query=None, before=None, limit=9, reader=somebody)
    assert {each.name for each in found} == {"doc-1", "doc-2"}
    nobody = Reader("guest", is_signed_in=False)
    assert not await store.log.list_documents(query=None, before=None, limit=9, reader=nobody)
    named = Reader("", is_signed_in=False, claims=(Claim("doc-*", "viewer"),), is_scoped=True)
    found = await store.log.list_documents(query=None, before=None, limit=9, reader=named)
    assert {each.name for each in found} == {"doc-1", "doc-2"}
    await store.access.set_grant(1, "everyone", "viewer", 1)
    assert await store.access.head() == 1
    await store.aclose()


async def test_images_of_schema_0008_keep_their_blobs_and_stay(bare_database_url: str) -> None:
    await to_thread.run_sync(make, bare_database_url, old_events(1), "0008")
    digest = "a1" * 32
    old = (
        "INSERT INTO images (document_key, digest, kind, size_bytes, width, height, uploaded_by, "
        f"uploaded_at_ms, version, is_referenced) VALUES (1, '{digest}', 'png', 9, 3, 3, 'u', 1, "
        "0, false)"
    )
    await run_sql(bare_database_url, old)
    await upgrade(bare_database_url)
    store = open_whole(bare_database_url)
    found = await store.images.find(1, digest)
    assert found == ImageRecord(1, digest, "png", 9, 3, 3, "u", 1, 0, True, digest)
    await store.aclose()


async def test_upgrade_killed_in_the_middle_leaves_the_old_schema(bare_database_url: str) -> None:
    old = old_events(1_200)
    await to_thread.run_sync(make, bare_database_url, old)
    command = (sys.executable, "-m", "tests.contract.old_schema", bare_database_url)
    child = await asyncio.create_subprocess_exec(
        *command, cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        assert await child.stdout.readline() == b"in the middle\n"
    child.kill()
    await child.wait()
    with pytest.raises(SchemaError, match="has schema 0002"):
        await require_current(bare_database_url)
    await upgrade(bare_database_url)
    await _require_same(bare_database_url, old)


# SQLite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "quire.db"


@pytest.fixture
def from_tables(tmp_path: Path) -> Iterator[Engine]:
    """A database that SQLAlchemy made from the tables, without migrations."""
    engine = create_engine(f"sqlite:///{tmp_path}/tables.db")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


_CLAUSE_END = re.compile(r",(?![^()]*\))|\n")


async def test_migrated_schema_is_the_same_sql(path: Path, from_tables: Engine) -> None:
    """Autogenerate does not compare everything: not WITHOUT ROWID, not names of constraints.

    SQLite writes an added column behind the last one, on the same line.
    """
    await upgrade(f"sqlite:///{path}")
    query = (
        "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '%alembic%' "
        "AND name NOT LIKE 'search_index%' ORDER BY name"
    )

    def schema(database: str) -> dict[str, set[str]]:
        connection = sqlite3.connect(database)
        rows = connection.execute(query).fetchall()
        connection.close()
        return {name: set(map(str.strip, _CLAUSE_END.split(sql or ""))) for name, sql in rows}

    assert schema(str(path)) == schema(str(make_url(from_tables.url).database))


def test_processes_that_start_together_all_serve(path: Path) -> None:
    code = "import asyncio, sys, storage.migrate as m; asyncio.run(m.upgrade(sys.argv[1]))"
    command = [sys.executable, "-c", code, f"sqlite:///{path}"]
    children = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for _ in range(3)]
    assert [child.wait(PATIENCE_S) for child in children] == [0, 0, 0]
    asyncio.run(require_current(f"sqlite:///{path}"))


def test_process_waits_long_for_another_that_migrates(path: Path) -> None:
    """Symptom: "database is locked" after 5 s, where three processes started on a busy machine."""
    waits_ms = migrate.transact(f"sqlite:///{path}", _busy_timeout_ms)
    assert waits_ms >= 60_000


def _busy_timeout_ms(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one())


async def test_upgrades_at_once_in_one_process(path: Path) -> None:
    await asyncio.gather(*(upgrade(f"sqlite:///{path}") for _ in range(8)))
    await require_current(f"sqlite:///{path}")


async def test_upgrade_that_fails_leaves_nothing(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations = tmp_path / "100% mine"
    shutil.copytree(Path(migrate.__file__).parents[1] / "alembic", migrations)
    broken = migrations / "versions" / "9999_broken.py"
    broken.write_text(
        f"from alembic import op\nrevision = '9999'\ndown_revision = '{SCHEMA_REVISION}'\n"
        "def upgrade():\n    op.execute('CREATE TABLE half (x)')\n    op.execute('broken')\n"
    )
    monkeypatch.setattr(migrate, "_migrations", lambda: migrations)
    with pytest.raises(StoreError, match="syntax error"):
        await upgrade(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()


async def test_log_without_schema_says_so(path: Path) -> None:
    log = open_event_log(f"sqlite:///{path}")
    with pytest.raises(StoreError, match="no such table"):
        await log.find("notes")
    await log.aclose()


def test_schema_revision_is_the_newest_file() -> None:
    folder = Path(migrate.__file__).parents[1] / "alembic" / "versions"
    newest = max(file.name for file in folder.glob("[0-9]*.py"))
    assert newest.startswith(SCHEMA_REVISION)
