"""What the log on SQLite alone can get wrong: threads, locks, files, sudden death."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy import event as sqlalchemy_event

from storage import sqlite, write_gap
from storage.log import SqlEventLog, open_event_log
from storage.migrate import upgrade
from storage.sqlite import SqliteDatabase
from sync.port import DocumentRecord, StoreError
from tests.contract.conftest import new_document
from tests.contract.sample import append, append_next, event
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "quire.db"


@pytest.fixture
async def key(path: Path) -> int:
    """The document `notes` with two events in a database that nobody has open."""
    url = f"sqlite+aiosqlite:///{path}"
    await upgrade(url)
    log = open_event_log(url)
    record, _ = await log.create(new_document("notes"))
    await append(log, record.key, event(1), event(2))
    await log.aclose()
    return record.key


@pytest.fixture
async def database(path: Path, key: int) -> AsyncIterator[SqliteDatabase]:
    database = SqliteDatabase(path)
    yield database
    await database.aclose()


@pytest.fixture
def log(database: SqliteDatabase) -> SqlEventLog:
    return SqlEventLog(database)


def process(task: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.contract.sqlite_process", task, f"sqlite:///{path}"],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )


async def test_kill_between_insert_and_commit_leaves_the_old_state(path: Path, key: int) -> None:
    with process("hang", path) as child:
        assert child.stdout is not None
        assert await asyncio.to_thread(child.stdout.readline) == "inserted\n"
        child.kill()
    log = open_event_log(f"sqlite:///{path}")
    opened = await log.open("notes")
    assert opened is not None
    assert opened.document.version == 2
    assert opened.tail == [event(1), event(2)]
    await append(log, key, event(3))
    await log.aclose()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


async def test_full_disk_is_a_store_error_and_heals(path: Path, key: int) -> None:
    with process("fill", path) as child:
        output, _ = await asyncio.to_thread(child.communicate)
    assert child.returncode == 0
    refused, recovered = output.splitlines()
    assert refused.startswith("refused after ")
    assert recovered.startswith("recovered at ")


async def test_cancelled_commit_is_waited_for(
    database: SqliteDatabase, log: SqlEventLog, key: int
) -> None:
    committing, go_on = threading.Event(), threading.Event()

    def wait_before_commit(_: Connection) -> None:
        committing.set()
        assert go_on.wait(PATIENCE_S)

    sqlalchemy_event.listen(database.writer.engine, "commit", wait_before_commit)
    task = asyncio.create_task(append_next(log, key, "cancelled"))
    await asyncio.to_thread(committing.wait, PATIENCE_S)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    assert await log.find_id(key, "cancelled") is None
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await log.find_id(key, "cancelled") is not None
    assert await append_next(log, key, "next") == 4


async def test_failed_commit_rolls_back(
    database: SqliteDatabase, log: SqlEventLog, key: int
) -> None:
    def fail(_: Connection) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    before = await locked_head(log, key)
    sqlalchemy_event.listen(database.writer.engine, "commit", fail)
    with pytest.raises(StoreError, match="disk I/O error"):
        await append_next(log, key, "failed")
    sqlalchemy_event.remove(database.writer.engine, "commit", fail)
    assert await log.find_id(key, "failed") is None
    assert await locked_head(log, key) == before
    assert await append_next(log, key, "next") == 3


async def test_lock_held_elsewhere_is_a_store_error_and_heals(
    path: Path, key: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_TIMEOUT_MS", 1)
    log = open_event_log(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(5):
        with pytest.raises(StoreError, match="locked"):
            await append_next(log, key, "waiting")
    assert len(await log.read(key, 0, 9, 9)) == 2
    other.execute("ROLLBACK")
    other.close()
    assert await append_next(log, key, "waiting") == 3
    await log.aclose()


async def test_the_event_loop_does_not_wait_for_a_lock_held_elsewhere(
    path: Path, key: int, database: SqliteDatabase, log: SqlEventLog
) -> None:
    """Planted bug: the loop begins as patiently as the writer's thread."""
    timeouts: list[tuple[bool, int]] = []
    timeout_ms = -1

    def trace(statement: str) -> None:
        nonlocal timeout_ms
        if statement.startswith("PRAGMA busy_timeout = "):
            timeout_ms = int(statement.rpartition(" ")[2])
        elif statement == "BEGIN IMMEDIATE":
            timeouts.append((threading.current_thread() is threading.main_thread(), timeout_ms))

    @sqlalchemy_event.listens_for(database.writer.engine, "connect", insert=True)
    def watch(connection: sqlite3.Connection, _: object) -> None:
        connection.set_trace_callback(trace)

    assert await append_next(log, key, "first") == 3
    assert await append_next(log, key, "at once") == 4
    assert timeouts == [(False, 5_000), (True, 0)]
    timeouts.clear()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(append_next(log, key, "waiting"))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not waiting.done()
    other.execute("ROLLBACK")
    other.close()
    assert await waiting == 5
    assert timeouts == [(True, 0), (False, 5_000)]
    assert await append_next(log, key, "at once again") == 6
    assert timeouts[2:] == [(True, 0)]


# --- heads that are remembered ------------------------------------------------------------------


async def locked_head(log: SqlEventLog, key: int) -> DocumentRecord | None:
    async with log.append() as transaction:
        return (await transaction.lock_heads([key])).get(key)


async def test_a_head_that_another_process_moved_is_read_again(
    path: Path, key: int, log: SqlEventLog
) -> None:
    assert await append_next(log, key, "ours") == 3
    other = open_event_log(f"sqlite:///{path}")
    assert await append_next(other, key, "theirs") == 4
    assert await append_next(log, key, "ours again") == 5
    await other.update_document("notes", deleted_at_ms=7, updated_at_ms=7)
    await other.aclose()
    head = await locked_head(log, key)
    assert head is not None
    assert (head.version, head.deleted_at_ms) == (5, 7)
    assert head == await log.find("notes")


async def test_a_head_is_remembered_as_it_was_left(log: SqlEventLog, key: int) -> None:
    assert await append_next(log, key, "next") == 3
    assert await locked_head(log, key) == await log.find("notes")
    await log.update_document("notes", title="Notes", updated_at_ms=9)
    assert await locked_head(log, key) == await log.find("notes")
    made, _ = await log.create(new_document("made"))
    assert await locked_head(log, made.key) == made
    async with log.append() as transaction:
        await transaction.lock_heads([made.key])
        await transaction.insert(
            [(made.key, event(1))], text_roots=[(made.key, "other")], updated_at_ms=11
        )
    assert await locked_head(log, made.key) == await log.find("made")


async def test_a_head_that_was_not_moved_after_all_is_read_again(
    log: SqlEventLog, key: int
) -> None:
    before = await locked_head(log, key)

    async def give_up() -> None:
        async with log.append() as transaction:
            await transaction.lock_heads([key])
            await transaction.insert([(key, event(3))], updated_at_ms=9)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await give_up()
    assert await locked_head(log, key) == before
    assert await append_next(log, key, "next") == 3


async def test_damaged_log_is_a_store_error(path: Path, key: int, log: SqlEventLog) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM events WHERE version = 1")
    with pytest.raises(StoreError, match="1 events after 0, not 2"):
        await log.open("notes")
    with connection:
        connection.execute("""UPDATE events SET ops = '{"not": "ops"}'""")
    with pytest.raises(StoreError):
        await log.event(key, 2)
    connection.close()
    await log.ping()


async def test_error_messages_do_not_repeat_what_people_wrote(log: SqlEventLog, key: int) -> None:
    with pytest.raises(StoreError) as caught:
        await append(log, key, event(3, ("secret",), event_id="client:1"))
    assert "secret" not in f"{caught.value} {caught.value.__cause__}"


async def test_new_connections_have_the_settings_that_promises_stand_on(
    database: SqliteDatabase,
) -> None:
    def settings(connection: Connection) -> list[str]:
        names = ["journal_mode", "synchronous", "foreign_keys", "query_only"]
        return [str(connection.exec_driver_sql(f"PRAGMA {n}").scalar_one()) for n in names]

    assert await database.read(settings) == ["wal", "2", "1", "1"]
    async with database.write() as transaction:
        assert await transaction.run(settings) == ["wal", "2", "1", "0"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite+aiosqlite://", "path of a file"),
        ("sqlite+aiosqlite:///:memory:", "path of a file"),
        ("sqlite+aiosqlite:////no/such/folder/quire.db", "folder .* does not exist: /no/such/f"),
        ("mysql://root@localhost/quire", "not in mysql"),
        ("quire.db", "cannot be read"),
    ],
)
async def test_unusable_url_is_refused(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        open_event_log(url)


async def test_a_folder_in_place_of_the_file_is_a_store_error(tmp_path: Path) -> None:
    log = open_event_log(f"sqlite:///{tmp_path}")
    with pytest.raises(StoreError):
        await log.ping()
    with pytest.raises(StoreError):
        await log.create(new_document("notes"))
    await log.aclose()


async def test_background_work_begins_right_after_the_next_write(
    path: Path, key: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_gap, "_LONGEST_S", PATIENCE_S)
    monkeypatch.setattr(write_gap, "_INTERVALS", float("inf"))
    database = SqliteDatabase(path)
    log = SqlEventLog(database)
    await append_next(log, key, "first")
    begun = asyncio.Event()

    async def work() -> None:
        async with database.write(is_background=True) as transaction:
            await transaction.run(lambda _: begun.set())

    task = asyncio.create_task(work())
    for _ in range(50):
        await asyncio.sleep(0)
    assert not begun.is_set(), "somebody may write at any moment"
    async with log.append() as transaction:
        await transaction.lock_heads([key])
        for _ in range(50):
            await asyncio.sleep(0)
        assert not begun.is_set(), "somebody writes"
    await task
    assert begun.is_set()
    await database.aclose()


async def test_background_work_is_done_if_nobody_writes_any_more(
    database: SqliteDatabase, log: SqlEventLog, key: int
) -> None:
    await append_next(log, key, "first")
    await append_next(log, key, "second")
    async with database.write(is_background=True) as transaction:
        assert await transaction.run(lambda _: 1) == 1
