"""Copies that follow the log within seconds, by the programs that docs/operations.md names."""

# Nobody else is on the event loop of these tests.
# ruff: noqa: ASYNC110

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from anyio.to_thread import run_sync

from app.cli.main import main
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S
from tests.postgresql import Postgresql, PostgresqlMissing, execute, running_cluster

pytestmark = [pytest.mark.anyio, pytest.mark.p1]

NAME: Final = {"X-Quire-Name": "Ada"}
LONG: Final = "word " * 8_000
"""So that a few hundred edits are more than the WAL of SQLite takes between two checkpoints."""
_ARCHIVING: Final = (
    *("-cwal_level=replica", "-cmax_wal_senders=4", "-cfull_page_writes=on"),
    "-carchive_mode=on",
)


class Writer(AbstractContextManager["Writer"]):
    """Writes into one document, and reads it."""

    def __init__(self, server: ServerProcess) -> None:
        self._url = f"{server.url}/api/documents/notes"
        self._http = httpx.Client(trust_env=False, timeout=PATIENCE_S, headers=NAME)

    def create(self) -> None:
        made = self._http.post(self._url.removesuffix("/notes"), json={"name": "notes"})
        made.raise_for_status()

    def insert(self, text: str, times: int = 1) -> int:
        """Write so often, and return the version that was acknowledged last."""
        return [self._write({"insert": text}) for _ in range(times)][-1]

    def insert_and_delete(self, text: str, times: int = 1) -> int:
        """Write and delete again so often; see `insert`."""
        return [
            self._write(op)
            for _ in range(times)
            for op in ({"insert": text}, {"delete": len(text)})
        ][-1]

    def read(self) -> dict[str, Any]:
        answer = self._http.get(self._url)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def text(self) -> str:
        return self._http.get(f"{self._url}/text").text

    def _write(self, op: dict[str, str] | dict[str, int]) -> int:
        answer = self._http.post(f"{self._url}/edits", json={"base": None, "ops": [op]})
        answer.raise_for_status()
        version: int = answer.json()["version"]
        return version

    def __exit__(self, *_: object) -> None:
        self._http.close()


# --- Litestream -----------------------------------------------------------------------------------


def litestream_or_skip() -> str:
    path = shutil.which(
        "litestream", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    )
    if path is None:
        pytest.skip("no litestream: the package has it for Linux on x86_64 alone")
    return path


@contextmanager
def replicating(program: str, database: Path, replica: Path) -> Iterator[None]:
    with (replica.parent / "litestream.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "replicate", str(database), replica.as_uri()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


async def test_litestream_restores_what_was_written_a_moment_ago(tmp_path: Path) -> None:
    program = litestream_or_skip()
    replica, restored = tmp_path / "replica", tmp_path / "restored"
    restored.mkdir()
    copy = restored / "quire.db"
    with ServerProcess(tmp_path) as server, Writer(server) as writer:
        writer.create()
        with replicating(program, tmp_path / "quire.db", replica):
            replicated = await run_sync(writer.insert_and_delete, LONG, 150)
            async with asyncio.timeout(PATIENCE_S):
                while await run_sync(version_in_replica, program, replica, tmp_path) < replicated:
                    await asyncio.sleep(0.5)
            head = await run_sync(writer.insert_and_delete, LONG, 5)
            server.kill9()  # and Litestream at once
        epoch = epoch_of(tmp_path / "quire.db")
    restore(program, replica, copy)
    url = f"sqlite+aiosqlite:///{copy}"
    assert await run_sync(main, ["db", "new-epoch", "--database-url", url]) == 0
    assert await run_sync(main, ["db", "verify", "--database-url", url]) == 0
    with ServerProcess(restored, database_url=url) as server, Writer(server) as writer:
        found = writer.read()
        assert replicated <= found["version"] <= head
        assert found["epoch"] != epoch
        assert writer.text() == LONG * (found["version"] % 2)
        assert writer.insert("after") == found["version"] + 1


def restore(program: str, replica: Path, path: Path) -> None:
    arguments = [program, "restore", "-o", str(path), replica.as_uri()]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def version_in_replica(program: str, replica: Path, folder: Path) -> int:
    """Return the version of the document in a restored copy; 0: it is in none yet."""
    path = folder / "look.db"
    path.unlink(missing_ok=True)
    restore(program, replica, path)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = database.execute("SELECT version FROM documents WHERE name = 'notes'").fetchone()
    return 0 if found is None else int(found[0])


def epoch_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database:
        return str(database.execute("SELECT epoch FROM documents").fetchone()[0])


# --- PostgreSQL -----------------------------------------------------------------------------------


async def test_base_backup_and_archive_restore_the_moment_before_a_mistake(tmp_path: Path) -> None:
    kept = Path(tempfile.mkdtemp(prefix="quire-archive-"))
    archive, base = kept / "archive", kept / "base"
    try:
        command = f"-carchive_command=test ! -f {archive}/%f && cp %p {archive}/%f"
        with running_cluster(*_ARCHIVING, command) as cluster:
            archive.mkdir()
            cluster.user.own(kept)
            async with Postgresql(cluster.url).database() as url:
                with ServerProcess(tmp_path, database_url=url) as server, Writer(server) as writer:
                    writer.create()
                    await run_sync(writer.insert, "word ", 20)
                    cluster.run(
                        *("pg_basebackup", "-D", str(base), "-X", "stream", "-c", "fast"),
                        *("-h", str(cluster.folder), "-U", "postgres"),
                    )
                    cluster.run("pg_verifybackup", str(base))
                    await run_sync(writer.insert, "word ", 20)
                    before = writer.read()
                    (moment,) = await execute(url, "SELECT clock_timestamp()::text")
                    assert writer.insert("a mistake") == 41
                    await until_archived(url)
            name = url.rpartition("/")[2].partition("?")[0]
        with (base / "postgresql.auto.conf").open("a") as settings:
            settings.write(
                f"restore_command = 'cp {archive}/%f %p'\n"
                f"recovery_target_time = '{moment}'\n"
                "recovery_target_action = 'promote'\n"
            )
        (base / "recovery.signal").touch()
        with running_cluster(*_ARCHIVING, "-carchive_command=true", base=base) as restored:
            url = restored.url.replace("/postgres?", f"/{name}?")
            assert await run_sync(main, ["db", "new-epoch", "--database-url", url]) == 0
            assert await run_sync(main, ["db", "verify", "--database-url", url]) == 0
            with ServerProcess(tmp_path, database_url=url) as server, Writer(server) as writer:
                found = writer.read()
                assert (found["version"], before["version"]) == (40, 40)
                assert found["epoch"] != before["epoch"]
                assert writer.text() == "word " * 40
                assert writer.insert("after") == 41
    except PostgresqlMissing as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL of our own: {missing}")
    finally:
        shutil.rmtree(kept, ignore_errors=True)


async def until_archived(url: str) -> None:
    """Have all that was written so far archived."""
    (last,) = await execute(url, "SELECT pg_walfile_name(pg_current_wal_lsn())")
    await execute(url, "SELECT pg_switch_wal()")
    async with asyncio.timeout(PATIENCE_S):
        while True:
            (archived,) = await execute(url, "SELECT last_archived_wal FROM pg_stat_archiver")
            if archived is not None and str(archived) >= str(last):
                return
            await asyncio.sleep(0.05)
