"""`quire serve --workers 2`: two processes behind one port, watched over by a third."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from anyio.to_thread import run_sync

from tests.integration.peer import connect
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S
from tests.postgresql import Postgresql
from tests.redis_server import running_redis

pytestmark = pytest.mark.anyio


def workers_of(server: ServerProcess) -> set[int]:
    """The processes that serve: children of the one that was started, and no helpers of Python."""
    listed = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return {
        int(pid) for pid in listed if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    }


async def test_worker_that_is_killed_is_replaced_and_all_drain(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    with running_redis(tmp_path) as redis:
        async with postgresql.database() as url:
            server = ServerProcess(
                tmp_path,
                database_url=url,
                arguments=("--redis-url", redis.url, "--workers", "2", "--drain-s", "0.1"),
            )
            try:
                await run_sync(server.start)
                first = workers_of(server)
                assert len(first) == 2
                async with connect(server, name="Ana") as ana:
                    await ana.join("notes")
                    await ana.insert("notes", "a.1", "Hello")
                    for pid in first:
                        os.kill(pid, signal.SIGKILL)
                    assert await ana.closed() == 1006
                async with asyncio.timeout(PATIENCE_S):
                    while len(workers_of(server) - first) < 2:  # noqa: ASYNC110
                        await asyncio.sleep(0.1)
                async with connect(server, name="Ana") as ana:
                    joined = await ana.join("notes")
                    assert (joined["version"], joined["text"]) == (1, "Hello")
                    stopping = asyncio.create_task(run_sync(server.terminate))
                    assert await ana.closed() == 1012
                    assert await stopping == 0
                assert "Traceback" not in server.log()
            finally:
                server.kill9()
