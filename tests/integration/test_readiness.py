"""`/readyz` while nothing can be stored: it says so and why, and recovers.

Bugs that were planted in `app/readiness.py`, and the tests that failed: a failed probe leaves the
server ready (full disk, file that may not grow, failed edit); a server that was unready once stays
so (the same, and read-only PostgreSQL); each question is a probe (now and then only).
"""

import os
import resource
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from tests.integration.http_app import application
from tests.integration.server import ServerProcess
from tests.integration.test_supervision import served
from tests.patience import PATIENCE_S
from tests.postgresql import Postgresql, execute

pytestmark = [pytest.mark.p8]

FULL = "The disk or the database is full."
READ_ONLY = "The database is read-only."


def asked(server: ServerProcess) -> tuple[int, str]:
    """The status of `/readyz`, and its reason if it is not 200."""
    answer = httpx.get(f"{server.url}/readyz", trust_env=False, timeout=PATIENCE_S)
    return answer.status_code, answer.json().get("detail", "")


def wait_for(server: ServerProcess, condition: Callable[[int, str], bool]) -> tuple[int, str]:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        answer = asked(server)
        if condition(*answer):
            return answer
        time.sleep(0.05)
    raise AssertionError(f"/readyz stays {answer}")


def write(server: ServerProcess, size: int) -> httpx.Response:
    return httpx.put(
        f"{server.url}/api/documents/notes/text",
        content="".join(f"{n:x} " for n in range(size // 4))[:size],
        headers={"If-Match": "*"},
        trust_env=False,
        timeout=PATIENCE_S,
    )


def create(server: ServerProcess) -> None:
    httpx.post(
        f"{server.url}/api/documents", json={"name": "notes"}, trust_env=False, timeout=PATIENCE_S
    ).raise_for_status()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own; skips the test where none may be mounted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "quire-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("may not mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_full_disk_makes_a_server_unready_until_there_is_room_again(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "32m") as disk:
        url = f"sqlite+aiosqlite:///{disk / 'quire.db'}"
        with ServerProcess(tmp_path, database_url=url) as server:
            create(server)
            assert write(server, 1_000).status_code == 200
            filler = disk / "filler"
            filler.touch()
            with filler.open("ab", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(1 << 12))
                except OSError:
                    pass
            assert wait_for(server, lambda status, _: status == 503) == (503, FULL)
            assert asked(server) == (503, FULL)
            filler.unlink()
            wait_for(server, lambda status, _: status == 200)
            assert write(server, 2_000).status_code == 200


def test_file_that_may_not_grow_makes_a_server_unready_until_it_may(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        create(server)
        # The write-ahead log is longer than what is allowed from here on.
        while (tmp_path / "quire.db-wal").stat().st_size < 1 << 16:
            assert write(server, 20_000).status_code == 200
            assert write(server, 10).status_code == 200
        before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1 << 16, before[1]))
        status, reason = wait_for(server, lambda status, _: status == 503)
        assert (status, bool(reason)) == (503, True)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, before)
        wait_for(server, lambda status, _: status == 200)
        assert write(server, 2_000).status_code == 200


def test_failed_edit_is_looked_into_at_once(tmp_path: Path) -> None:
    """Without waiting until the last proof is old: here it never is."""
    with served(tmp_path, "app.readiness:PROOF_LASTS_S=NEVER") as (server, _):
        create(server)
        while (tmp_path / "quire.db-wal").stat().st_size < 1 << 16:
            write(server, 20_000)
            write(server, 10)
        assert asked(server)[0] == 200
        before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1 << 16, before[1]))
        with ThreadPoolExecutor(1) as thread:
            writing = thread.submit(write, server, 5_000)
            wait_for(server, lambda status, _: status == 503)
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, before)
            wait_for(server, lambda status, _: status == 200)
            writing.result()


@pytest.mark.anyio
async def test_read_only_postgresql_makes_a_server_unready(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    async with postgresql.database() as url:
        name = (await execute(url, "SELECT current_database()"))[0]
        with ServerProcess(tmp_path, database_url=url) as server:
            await anyio.to_thread.run_sync(create, server)
            # New connections only: those that are open are ended.
            end = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            change = f"ALTER DATABASE {name} SET default_transaction_read_only"
            await execute(url, f"{change} = on", end)
            unready = await anyio.to_thread.run_sync(
                wait_for, server, lambda status, reason: (status, reason) == (503, READ_ONLY)
            )
            assert unready == (503, READ_ONLY)
            await execute(url, "SET default_transaction_read_only = off", f"{change} = off", end)
            await anyio.to_thread.run_sync(wait_for, server, lambda status, _: status == 200)


@pytest.mark.anyio
async def test_a_ready_server_writes_for_it_now_and_then_only(tmp_path: Path) -> None:
    def probe() -> Any:
        with closing(sqlite3.connect(tmp_path / "quire.db")) as connection:
            return connection.execute(
                "SELECT value FROM secrets WHERE name = 'write_probe'"
            ).fetchone()

    async with application(tmp_path) as quire:
        await quire.create("notes", "Hello")
        seen = set()
        for _ in range(50):
            assert (await quire.http.get("/readyz")).status_code == 200
            seen.add(probe())
        # The text of the new document was an append, which is proof; a probe is due once at most.
        assert len(seen) == 1
