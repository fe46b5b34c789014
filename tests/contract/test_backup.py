"""Backups: from each database into each, whole or not at all, and nothing that had ended.

Seen to be caught: epochs that stay; tokens that are valid again; links that a replaced database has
revoked, and are live again; sessions in the file; webhooks that are not paused; an older schema
that is not migrated; a file that is written under its own name; rows that are committed one by one.
"""

# Files of tests are small, and nobody else is on their event loop.
# ruff: noqa: ASYNC240, ASYNC251

import os
import resource
import signal
import subprocess
import sys
import time
from itertools import compress
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread
from msgspec.structs import replace
from sqlalchemy import MetaData, create_engine

from app.cli.main import main
from storage.backup.backup_content import (
    decode_end,
    decode_header,
    decode_rows,
    encode_content,
)
from storage.backup.backup_frame import END, HEADER, ROWS, FrameWriter, read_frames
from storage.migrate import has_schema, upgrade, upgrade_in
from storage.store import Store
from tests.contract.conftest import run_sql
from tests.contract.sample import append_next, open_log, open_whole
from tests.contract.test_copy import NAMES, content, fill_installation
from tests.patience import SOAK

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parents[2]
OLDER = "0011"
MOMENTS = [0.5 + 0.05 * n for n in range(10)] if SOAK else [0.65, 0.9]
"""Of kills, as parts of the time that a command takes."""


@pytest.fixture
async def full_url(database_url: str) -> str:
    """Of an installation in use."""
    await fill_installation(database_url)
    return database_url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "quire.backup"


async def run(*arguments: str | Path, fails: int = 0) -> None:
    """Run a command, in a thread: it has an event loop of its own."""
    words = [str(each) for each in arguments]
    assert await to_thread.run_sync(main, words) == fails


async def back_up(url: str, file: Path) -> None:
    # The image of the installation has no bytes.
    await run("db", "backup", "--no-images", "--database-url", url, file)


async def restore(url: str, file: Path, *flags: str, fails: int = 0) -> None:
    where = ("--no-images", "--no-verify", "--database-url", url)
    await run("db", "restore", *where, *flags, file, fails=fails)


async def read_content(url: str) -> list[Any]:
    log = open_log(url)
    found = await content(log)
    await log.aclose()
    return found


async def test_backup_comes_back_equal_with_new_epochs(
    full_url: str, target_url: str, file: Path
) -> None:
    before = await read_content(full_url)
    await back_up(full_url, file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert not file.with_name("quire.backup.part").exists()
    await restore(target_url, file)
    after = await read_content(target_url)
    assert len(after) == len(before)
    assert [_plain(each) for each in after] == [_plain(each) for each in before]
    epochs = [_epochs(found) for found in (before, after)]
    assert len(epochs[0]) == len(NAMES)
    assert not set(epochs[0]) & set(epochs[1])
    log = open_log(target_url)
    opened = await log.open("notes")
    assert opened is not None
    assert await append_next(log, opened.document.key, "next") == 4
    await log.aclose()


def _plain(each: Any) -> Any:
    """What was read, without what a restore changes, nor what is newest of it."""
    document = getattr(each, "document", None)
    if document is None:
        return each
    return [
        getattr(each, name) if name != "document" else _stripped(document)
        for name in each.__struct_fields__
        if name != "authors"
    ]


def _stripped(document: Any) -> Any:
    return replace(document, epoch="", crdt_client_id=0)


def _epochs(found: list[Any]) -> list[str]:
    return [each.document.epoch for each in found if hasattr(each, "document")]


async def test_what_had_ended_does_not_begin_anew(
    full_url: str, target_url: str, file: Path
) -> None:
    await back_up(full_url, file)
    await restore(target_url, file)
    store = open_whole(target_url)
    try:
        assert await store.identity.session(b"s1", 1) is None
        assert await store.identity.invitations() == []
        (token,) = await store.identity.tokens()
        assert token.revoked_at_ms is not None
        (webhook,) = await store.webhooks.all()
        assert "restored from a backup" in webhook.paused_because
        assert await store.log.changes.cursors() == {}
        user = await store.identity.user_by_login("ada")
        assert user is not None
        assert await store.identity.signing_key("guest")
        assert (await store.audit.page(None, limit=9))[0].kind == "joined"
    finally:
        await store.aclose()


async def test_database_that_is_replaced_says_what_has_ended(full_url: str, file: Path) -> None:
    await back_up(full_url, file)
    store = open_whole(full_url)
    notes = await store.log.find("notes")
    assert notes is not None
    assert await store.access.revoke_link(notes.key, "l1", 50)
    await store.identity.set_disabled("ada", True, 60)
    await append_next(store.log, notes.key, "lost")
    await store.aclose()
    await restore(full_url, file, fails=1)
    assert (await _found(full_url)).version == 4
    await restore(full_url, file, "--replace")
    assert (await _found(full_url)).version == 3
    store = open_whole(full_url)
    assert await store.access.links(notes.key) == []
    user = await store.identity.user("ada")
    assert user is not None
    assert user.is_disabled
    # It was valid in the database that was replaced.
    (token,) = await store.identity.tokens()
    assert token.revoked_at_ms is None
    assert await store.identity.revoke_token("a1", 70)
    await store.aclose()
    await restore(full_url, file, "--replace")
    assert not await _is_token_valid(full_url)
    await restore(full_url, file, "--replace", "--keep-tokens")
    assert await _is_token_valid(full_url)


async def _found(url: str) -> Any:
    log = open_log(url)
    found = await log.find("notes")
    await log.aclose()
    return found


async def _is_token_valid(url: str) -> bool:
    store: Store = open_whole(url)
    (token,) = await store.identity.tokens()
    await store.aclose()
    return token.revoked_at_ms is None


async def test_file_that_is_damaged_is_refused_whole(
    full_url: str, target_url: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await back_up(full_url, file)
    data = file.read_bytes()
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 16
    for damaged, complaint in (
        (bytes(flipped), "damaged in rows, bytes "),
        (data[: len(data) * 2 // 3], "it is cut off: its last whole frame ends at byte "),
        (b"", "does not begin as a backup does"),
    ):
        file.write_bytes(damaged)
        await restore(target_url, file, fails=1)
        said = capsys.readouterr().err
        assert complaint in said
        assert "nothing was restored" in said
        assert not await has_schema(target_url)


async def test_backup_of_an_older_schema_is_migrated(
    full_url: str, target_url: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await back_up(full_url, file)
    _make_older(file)
    await upgrade(target_url)
    await restore(target_url, file, fails=1)
    assert "without tables" in capsys.readouterr().err


async def test_backup_of_an_older_schema_makes_its_tables(
    full_url: str, target_url: str, file: Path
) -> None:
    before = await read_content(full_url)
    await back_up(full_url, file)
    _make_older(file)
    await restore(target_url, file)
    after = await read_content(target_url)
    assert [_plain(each) for each in after] == [_plain(each) for each in before]


def _make_older(file: Path) -> None:
    """Have a backup look as one that was made before there were webhooks, and all since."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        upgrade_in(connection, OLDER)
        known = MetaData()
        known.reflect(connection)
        columns = {name: set(table.columns.keys()) for name, table in known.tables.items()}
    engine.dispose()
    older = file.with_name("older")
    listed: dict[str, list[str]] = {}
    with file.open("rb") as source, older.open("wb") as target:
        frames = FrameWriter(target)
        for frame in read_frames(source):
            said = frame.content
            if frame.kind == HEADER:
                header = decode_header(said)
                listed = header.tables
                tables = {
                    name: [each for each in listed[name] if each in columns[name]]
                    for name in listed
                    if name in columns
                }
                said = encode_content(replace(header, schema=OLDER, tables=tables))
            elif frame.kind == ROWS:
                rows = decode_rows(said)
                if rows.table not in columns:
                    continue
                is_kept = [each in columns[rows.table] for each in listed[rows.table]]
                kept = [list(compress(row, is_kept)) for row in rows.rows]
                said = encode_content(replace(rows, rows=kept))
            elif frame.kind == END:
                end = decode_end(said)
                counts = {name: count for name, count in end.rows.items() if name in columns}
                said = encode_content(replace(end, rows=counts))
            frames.write(frame.kind, said)
    older.replace(file)


async def test_backup_of_a_newer_quire_is_refused(
    full_url: str, target_url: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await back_up(full_url, file)
    newer = file.with_name("newer")
    with file.open("rb") as source, newer.open("wb") as target:
        frames = FrameWriter(target)
        for frame in read_frames(source):
            said = frame.content
            if frame.kind == HEADER:
                said = encode_content(replace(decode_header(said), schema="9999"))
            frames.write(frame.kind, said)
    await restore(target_url, newer, fails=1)
    assert "a newer one made it" in capsys.readouterr().err


async def test_file_that_is_there_stays(full_url: str, file: Path) -> None:
    file.write_text("precious")
    await run("db", "backup", "--no-images", "--database-url", full_url, file, fails=1)
    assert file.read_text() == "precious"


def _start(*arguments: str | Path, max_file_bytes: int | None = None) -> "subprocess.Popen[str]":
    """Start a command in a process of its own, in which files grow no further."""

    def bound() -> None:
        if max_file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))

    return subprocess.Popen(
        [sys.executable, "-m", "app.cli.main", *map(str, arguments)],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("QUIRE_")},
        preexec_fn=bound,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
async def large_url(migrated_file: Path, tmp_path: Path) -> str:
    """Of an SQLite file with some megabytes."""
    url = f"sqlite+aiosqlite:///{tmp_path}/large.db"
    await upgrade(url)
    await fill_installation(url)
    statement = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000) "
        "INSERT INTO audit (at_ms, kind, user_id, user_name, address, detail) "
        "SELECT i, 'joined', 'ada', 'Ada', '::1', hex(randomblob(60)) FROM n"
    )
    await run_sql(url, statement)
    return url


async def test_full_disk_leaves_neither_a_file_nor_rows(
    large_url: str, file: Path, tmp_path: Path
) -> None:
    where = ("--no-images", "--database-url", large_url)
    process = _start("db", "backup", *where, file, max_file_bytes=100_000)
    _, said = await to_thread.run_sync(process.communicate)
    assert process.returncode == 1, said
    assert "File too large" in said
    assert not file.exists()
    assert not list(tmp_path.glob("*.part"))
    await back_up(large_url, file)
    target = f"sqlite+aiosqlite:///{tmp_path}/target.db"
    where = ("--no-images", "--database-url", target)
    process = _start("db", "restore", *where, file, max_file_bytes=1_000_000)
    _, said = await to_thread.run_sync(process.communicate)
    assert process.returncode == 1, said
    assert not await has_schema(target)


async def test_command_that_is_killed_leaves_all_or_nothing(
    large_url: str, file: Path, tmp_path: Path
) -> None:
    """At some moments of the work that are spread over it."""
    target = f"sqlite+aiosqlite:///{tmp_path}/target.db"
    back, fore = "backup", "restore"
    for action, url in ((back, large_url), (fore, target)):
        command = ("db", action, "--no-images", "--database-url", url, file)
        started = time.monotonic()
        process = _start(*command, *(["--no-verify"] if action == fore else []))
        await to_thread.run_sync(process.communicate)
        assert process.returncode == 0
        whole_s = time.monotonic() - started
        for part in MOMENTS:
            if action == back:
                file.unlink(missing_ok=True)
            else:
                for each in tmp_path.glob("target.db*"):
                    each.unlink()
            process = _start(*command)
            time.sleep(whole_s * part)
            process.send_signal(signal.SIGKILL)
            await to_thread.run_sync(process.communicate)
            if action == back and file.exists():
                with file.open("rb") as written:
                    assert [frame.kind for frame in read_frames(written)][-1] == END
            elif action == fore and await has_schema(target):
                assert (await _found(target)).version == 3
        if action == back:
            file.unlink(missing_ok=True)
            await back_up(large_url, file)
