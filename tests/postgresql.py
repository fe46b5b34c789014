"""A real PostgreSQL for tests, and empty databases in it; no test is in here.

    @pytest.fixture
    async def url(postgresql: Postgresql) -> AsyncIterator[str]:
        async with postgresql.database() as url:
            yield url

`QUIRE_TEST_DATABASE_URL` names a server whose user may create databases. Without it, each pytest
process that needs a server starts one of its own, from the binaries in the package `pgserver`: not
through that package's functions, which give a slow machine ten seconds and make every folder on the
way readable to all. The server listens on a Unix socket, in a folder that goes with it, and does
not outlive this process, however that ends.
"""

import asyncio
import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
import zlib
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import NullPool, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from storage.migrate import upgrade
from storage.table import metadata
from tests.patience import PATIENCE_S

VARIABLE: Final = "QUIRE_TEST_DATABASE_URL"
OF_QUIRE: Final = "datname = current_database() AND application_name = 'quire'"
"""Connections in `pg_stat_activity`."""
_CACHE: Final = Path(__file__).resolve().parents[1] / ".cache"
_INITDB: Final = (
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--wal-segsize=1",
    "--no-sync",
)
_OPTIONS: Final = (
    "-clisten_addresses=",
    "-cmax_connections=200",
    # What is durable when the power fails is not what tests can tell.
    "-cfsync=off",
    "-cfull_page_writes=off",
    "-cmax_wal_size=1GB",
    "-cwal_level=minimal",
    "-cmax_wal_senders=0",
    "-cautovacuum=off",
    "-cdeadlock_timeout=100ms",
)
# The shell reads from a pipe that ends when this process does, and then ends the server.
_KEEPER: Final = """
binaries=$1 folder=$2; shift 2
"$binaries/bin/postgres" -D "$folder/data" -k "$folder" "$@" >"$folder/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
cd / && rm -rf "$folder"
"""
_DISCONNECT_OTHERS: Final = (
    "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
)
_EMPTY: Final = "TRUNCATE {} RESTART IDENTITY".format(
    ", ".join(f'"{name}"' for name in ("search_index", *metadata.tables))
)


class PostgresqlMissing(Exception):
    """There is no server to test on; the message says why."""


class Postgresql:
    """A server for tests."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql+asyncpg")
        self._created: list[str] = []
        # Creating a database takes as long as many tests do; emptying one takes milliseconds.
        self._free: dict[bool, list[str]] = {True: [], False: []}

    @asynccontextmanager
    async def database(self, *, migrated: bool = True) -> AsyncIterator[str]:
        """The URL of a database that nobody else uses: with empty tables, or with none at all.

        What still has it open at the end is cut off.
        """
        free = self._free[migrated]
        url = free.pop() if free else await self._create(migrated=migrated)
        try:
            yield url
        finally:
            clear = [_EMPTY] if migrated else ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"]
            await execute(url, _DISCONNECT_OTHERS, *clear)
            free.append(url)

    def drop_all(self) -> None:
        """Remove the databases that were created. Not for use on an event loop."""

        async def drop() -> None:
            statements = [f"DROP DATABASE {name} WITH (FORCE)" for name in self._created]
            await execute(self._url.render_as_string(hide_password=False), *statements)

        with ThreadPoolExecutor(1) as thread:  # the loop of the tests is this thread's
            thread.submit(asyncio.run, drop()).result()

    async def _create(self, *, migrated: bool) -> str:
        name = f"quire_test_{uuid.uuid4().hex}"
        statement = f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy"
        await execute(self._url.render_as_string(hide_password=False), statement)
        self._created.append(name)
        url = self._url.set(database=name).render_as_string(hide_password=False)
        if migrated:
            await upgrade(url)
        return url


async def execute(url: str, *statements: str) -> list[object]:
    """Run SQL, past all that is under test; returns the last statement's first column."""
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    found: list[object] = []
    async with engine.connect() as connection:
        for statement in statements:
            result = await connection.exec_driver_sql(statement)
            found = [row[0] for row in result] if result.returns_rows else []
    await engine.dispose()
    return found


async def until_connections(url: str, count: int, condition: str = "true") -> None:
    """Wait until so many connections of Quire are as `condition` says."""
    statement = f"SELECT count(*) FROM pg_stat_activity WHERE {OF_QUIRE} AND {condition}"
    async with asyncio.timeout(PATIENCE_S):
        while await execute(url, statement) != [count]:  # noqa: ASYNC110 – the server tells nobody
            await asyncio.sleep(0.01)


async def until_blocked(url: str) -> None:
    """Wait until a connection waits for a lock that another has."""
    await until_connections(url, 1, "wait_event_type = 'Lock'")


@contextmanager
def running_postgresql() -> Iterator[Postgresql]:
    """The server that the environment names, else one that runs meanwhile.

    Raises:
        PostgresqlMissing: there is neither.
    """
    if url := os.environ.get(VARIABLE):
        named = Postgresql(url)
        try:
            yield named
        finally:
            named.drop_all()
        return
    with _own_server() as url:
        yield Postgresql(url)


@contextmanager
def postgresql_or_skip() -> Iterator[Postgresql]:
    """For a fixture: where there is no server, its tests are skipped, under `CI=true` they fail."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_postgresql())
        except PostgresqlMissing as missing:
            tell = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            tell(f"no PostgreSQL: {missing}")
        yield server


@contextmanager
def _own_server() -> Iterator[str]:
    with running_cluster() as cluster:
        yield cluster.url


@dataclass(frozen=True)
class Cluster:
    """A server of our own, in a folder that goes with it."""

    folder: Path
    """Of its socket and its log; the data is in `data`."""
    binaries: Path
    user: "_User"

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://postgres@/postgres?host={self.folder}"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the server's user; it must succeed."""
        self.user.run(str(self.binaries / "bin" / program), *arguments)


@contextmanager
def running_cluster(*options: str, base: Path | None = None) -> Iterator[Cluster]:
    """Run a server, with options that come after those of the other tests.

    Args:
        base: the data that it begins with, which is copied; None: that of an empty server.

    Raises:
        PostgresqlMissing: there are no binaries, or it does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="quire-postgresql-"))
    try:
        user = _User(folder)
        binaries = _binaries(folder, user)
        if base is None:
            _make_cluster(binaries, folder, user)
        else:
            shutil.copytree(base, folder / "data")
            user.own(folder / "data")
        command = ("sh", "-c", _KEEPER, "sh", str(binaries), str(folder), *_OPTIONS, *options)
        keeper = user.start(*command, output=subprocess.DEVNULL)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    assert keeper.stdin is not None
    try:
        _wait_until_ready(folder)
        yield Cluster(folder, binaries, user)
    finally:
        keeper.stdin.close()
        keeper.wait(PATIENCE_S)


class _User:
    """Who runs the server: PostgreSQL refuses to run as root. The folder becomes this user's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.id = self.group = -1  # as they are
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.id, self.group = nobody.pw_uid, nobody.pw_gid
            os.chown(folder, self.id, self.group)

    def own(self, tree: Path) -> None:
        if self.id != -1:
            for path in (tree, *tree.rglob("*")):
                os.chown(path, self.id, self.group, follow_symlinks=False)

    def start(self, *command: str, output: int) -> subprocess.Popen[str]:
        """With its stdin a pipe, away from signals that a terminal sends."""
        root = self.id != -1
        return subprocess.Popen(
            command,
            cwd=self._folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            user=self.id if root else None,
            group=self.group if root else None,
            extra_groups=[] if root else None,
        )

    def run(self, *command: str) -> None:
        """Run it to its end; raises `PostgresqlMissing` if it fails."""
        try:
            with self.start(*command, output=subprocess.PIPE) as child:
                output, _ = child.communicate()
        except OSError as error:
            raise PostgresqlMissing(f"{command[0]}: {error}") from error
        if child.returncode != 0:
            raise PostgresqlMissing(f"{command[0]} exited {child.returncode}: {output[-500:]}")


def _binaries(folder: Path, user: _User) -> Path:
    """Where `bin/postgres` is, for that user."""
    package = importlib.util.find_spec("pgserver")
    installed = Path((package and package.origin) or "").parent / "pginstall"
    server = installed / "bin" / "postgres"
    if not server.exists():
        raise PostgresqlMissing(f"{VARIABLE} is not set, and pgserver is not installed")
    try:
        user.run(str(server), "--version")
    except PostgresqlMissing:
        if user.id == -1:
            raise
        # In root's own folders nobody else can run anything.
        copied = folder / "pginstall"
        shutil.copytree(installed, copied)
        user.own(copied)
        return copied
    return installed


def _make_cluster(binaries: Path, folder: Path, user: _User) -> None:
    """`initdb`, or a copy of what it once made: it takes ten times as long as all else here."""
    options = zlib.crc32(" ".join(_INITDB).encode())
    kept = _CACHE / f"postgresql-{version('pgserver')}-{options:08x}-{user.id}"
    data = folder / "data"
    _CACHE.mkdir(exist_ok=True)
    with (_CACHE / "postgresql.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            user.run(str(binaries / "bin" / "initdb"), f"--pgdata={data}", *_INITDB)
            half = kept.with_name(f"{kept.name}.half")
            shutil.rmtree(half, ignore_errors=True)
            shutil.copytree(data, half)
            half.rename(kept)
            return
    shutil.copytree(kept, data)
    user.own(data)


def _wait_until_ready(folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    status = folder / "data" / "postmaster.pid"
    while time.monotonic() < deadline:
        lines = status.read_text().splitlines() if status.exists() else []
        if len(lines) > 7 and lines[7].strip() == "ready":
            return
        log = (folder / "log").read_text() if (folder / "log").exists() else ""
        if "FATAL" in log:
            raise PostgresqlMissing(f"it does not start: {log[-500:]}")
        time.sleep(0.02)
    raise PostgresqlMissing("it does not become ready")
