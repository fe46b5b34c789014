"""A state too long to be copied for each who joins reaches all dialects, and slow ones."""

import asyncio
from pathlib import Path

import pytest

from sync.names import Dialect
from sync.shells.rooms.sink import LONG_BYTES
from tests.integration.dialect_writer import DialectWriter
from tests.integration.peer import Peer, connect, open_socket
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica

pytestmark = [pytest.mark.anyio, pytest.mark.p7]

DIALECTS: tuple[Dialect, ...] = ("y-websocket", "hocuspocus")
PIECE = "A state of a thousand words. "
TEXT = PIECE * (2 * LONG_BYTES // len(PIECE) + 1)


async def state_of(peer: Peer, doc: str) -> str:
    replica = YjsReplica()
    replica.apply((await peer.join(doc, "yjs"))["state"])
    return replica.text


async def test_long_state_is_the_same_in_every_dialect(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        async with connect(server, "msgpack", name="Ana") as ana:
            await ana.join("long")
            await ana.insert("long", "a.1", TEXT)
            async with (
                open_socket(server, ["quire.v1.msgpack"], receive_buffer=1) as socket,
                connect(server, "msgpack", name="Ben") as ben,
                connect(server, "json", name="Cyd") as cyd,
            ):
                slow = Peer(socket, "msgpack")
                await slow.auth("Slow")
                await slow.send("join", doc="long", mode="yjs")
                assert await state_of(ben, "long") == TEXT
                assert await state_of(cyd, "long") == TEXT
                # What is under way to the slow one is the state of then, whatever comes next.
                await ana.insert("long", "a.2", "Then: ")
                async with asyncio.TaskGroup() as group:
                    for number, dialect in enumerate(DIALECTS):
                        stock = DialectWriter(server, "long", dialect, number + 1, dialect)
                        group.create_task(stock.finish(f"Then: {TEXT}"))
                replica = YjsReplica()
                replica.apply((await slow.expect("joined"))["state"])
                assert replica.text == TEXT
                replica.apply((await slow.expect("updates"))["update"])
                assert replica.text == f"Then: {TEXT}"
