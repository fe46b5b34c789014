"""SIGTERM: what was taken is committed and acknowledged, then sockets close with 1012."""

import asyncio
import time
from functools import partial
from pathlib import Path

import anyio.to_thread
import pytest

from tests.integration.peer import Peer, connect, open_socket
from tests.integration.read_history import read_history
from tests.integration.server import ServerProcess
from tests.integration.writer import TextWriter, Writer, YjsWriter
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

DRAIN = {"QUIRE_DRAIN_S": "0.5"}
STOP_WITHIN_S = 0.5 + 5 + 5 + PATIENCE_S
"""The drain, what is left to sockets that do not close, uvicorn's own patience; and more, in which
the machine may stand still."""


async def test_drain_under_load_acknowledges_all_that_is_committed(tmp_path: Path) -> None:
    doc = "draining"
    with ServerProcess(tmp_path, environment=DRAIN) as server:
        writers: list[Writer] = [
            TextWriter(server, doc, "text0", 1),
            TextWriter(server, doc, "text1", 2),
            YjsWriter(server, doc, "yjs0", 3),
        ]
        runs = [asyncio.create_task(writer.write_until_cut()) for writer in writers]
        for writer in writers:
            await writer.wait_for(lambda writer=writer: len(writer.acked) >= 100)  # type: ignore[misc]
        stop = partial(server.terminate, within_s=STOP_WITHIN_S)
        assert await anyio.to_thread.run_sync(stop) == 0
        for run in runs:
            await run
        assert [writer.close_code for writer in writers] == [1012, 1012, 1012]
        server.start()
        log = {event["id"] for event in await read_history(server, doc)}
        for writer in writers:
            unknown = log & writer.unacked.keys()
            assert not unknown, f"{writer.name} was not told of {len(unknown)} committed edits"


async def test_drain_takes_no_new_sockets_and_says_that_it_is_not_ready(tmp_path: Path) -> None:
    slow = {"QUIRE_DRAIN_S": "2"}
    with ServerProcess(tmp_path, environment=slow) as server:
        async with connect(server) as ana, connect(server) as ben:
            await ana.join("notes")
            await ben.join("notes")
            stopping = asyncio.create_task(
                asyncio.to_thread(partial(server.terminate, within_s=STOP_WITHIN_S))
            )
            assert await ana.closed() == 1012
            # The window has room for two: while the second is still open, nobody else gets in.
            async with open_socket(server) as late:
                assert await Peer(late, "json").closed() == 1013
            assert await ben.closed() == 1012
            assert await stopping == 0


async def test_drain_ends_in_time_with_a_reader_that_is_stuck(tmp_path: Path) -> None:
    doc = "stuck"
    with ServerProcess(tmp_path, environment=DRAIN) as server:
        async with (
            open_socket(server, ["quire.v1.msgpack"], receive_buffer=1) as socket,
            connect(server, "msgpack", name="Ben") as ben,
        ):
            stuck = Peer(socket, "msgpack")
            await stuck.auth("Stuck")
            await stuck.join(doc)
            await ben.join(doc)
            for number in range(30):
                await ben.insert(doc, f"b.{number}", "x" * 400_000)
                await ben.send(
                    "text_delete", doc=doc, id=f"d.{number}", base=None, pos=0, len=400_000
                )
                await ben.expect("ack")
            started = time.monotonic()
            stop = partial(server.terminate, within_s=STOP_WITHIN_S + 5)
            assert await anyio.to_thread.run_sync(stop) == 0
            assert time.monotonic() - started < STOP_WITHIN_S
