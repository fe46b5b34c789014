"""Roles that change in one process, or past all of them, reach the sockets of every process."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.to_thread import run_sync

from sync.names import Role
from tests.integration.peer import Peer, connect
from tests.integration.server import ServerProcess
from tests.integration.shared_document import PRIVATE, SharedDocument
from tests.integration.test_processes import cluster
from tests.patience import PATIENCE_S
from tests.postgresql import Postgresql
from tests.redis_server import RedisServer, running_redis

pytestmark = [pytest.mark.anyio, pytest.mark.p9]


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with running_redis(folder) as server:
        yield server


async def is_refused(bob: Peer, doc: str, number: int) -> None:
    await bob.send("text_insert", doc=doc, id=f"b.{number}", base=None, pos=0, text="x")
    await bob.expect_error("forbidden", doc=doc, id=f"b.{number}")


async def test_role_reaches_sockets_of_every_process_with_and_without_redis(
    tmp_path: Path, postgresql: Postgresql, redis_server: RedisServer
) -> None:
    async with (
        cluster(tmp_path, postgresql, redis_server.url, 2, arguments=PRIVATE) as (_, servers),
        SharedDocument(servers[0], "notes", "viewer") as shared,
        connect(servers[0], name="Bob") as here,
        connect(servers[1], name="Bob") as there,
    ):
        for bob in (here, there):
            joined = await bob.join("notes")
            assert joined["role"] == "viewer"
        await is_refused(there, "notes", 0)
        for is_redis_up in (True, False):
            if not is_redis_up:
                await run_sync(redis_server.kill)
            what = "with Redis" if is_redis_up else "without Redis"
            for role in ("editor", "commenter", "owner", "viewer"):
                await asyncio.gather(
                    shared.let(role),
                    timed(here, role, f"{what}, the same process"),
                    timed(there, role, f"{what}, another process"),
                )
            await is_refused(there, "notes", 1 + is_redis_up)
        await asyncio.gather(
            shared.expel(), *(bob.expect_error("forbidden", doc="notes") for bob in (here, there))
        )
        await there.send("join", doc="notes")
        await there.expect_error("unknown_document", doc="notes")


async def timed(bob: Peer, role: str, what: str) -> None:
    start = time.monotonic()
    async with asyncio.timeout(PATIENCE_S):
        await bob.expect("role", doc="notes", role=role)
    print(f"{what}: {role} {time.monotonic() - start:.3f} s after the request was sent")


async def test_role_that_is_changed_past_the_server_reaches_its_sockets(tmp_path: Path) -> None:
    """Another program changes the rows in the same SQLite file, as a command line does."""
    with ServerProcess(tmp_path, arguments=PRIVATE) as server:
        async with (
            SharedDocument(server, "notes", "editor") as shared,
            connect(server, name="Bob") as bob,
        ):
            await bob.join("notes")
            roles: tuple[Role, ...] = ("viewer", "editor", "owner", "commenter")
            for role in roles:
                await asyncio.gather(
                    shared.let_from_outside(role), timed(bob, role, "from outside, on SQLite")
                )
            await shared.let_from_outside(None)
            await bob.expect_error("forbidden", doc="notes")
            assert await shared.text() == "one"
