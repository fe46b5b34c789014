"""A WebSocket is closed when its peer is silent, and only then; uvicorn itself runs here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from app.websocket import QuireWebSocket
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

INTERVAL_S, TIMEOUT_S = 0.1, 0.2
"""Between pings, and for an answer."""
LONG_S = 4.0
"""Many times both, and the second look that a late answer gets."""
PIECE = b"x" * 200_000
PIECES = 100
"""20 MB: more than the kernel holds between a client and a server that does not read."""


class Application:
    """Reads nothing until it is let; then answers the last message."""

    def __init__(self) -> None:
        self.may_read = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await self.may_read.wait()
        while (message := await receive())["type"] == "websocket.receive":
            if message.get("text") == "last":
                await send({"type": "websocket.send", "text": "all read"})


@asynccontextmanager
async def connected(application: Application) -> AsyncIterator[ClientConnection]:
    """A client of uvicorn with Quire's WebSocket, on a port of its own."""
    config = uvicorn.Config(
        application,
        host="127.0.0.1",
        port=0,
        ws=QuireWebSocket,
        ws_ping_interval=INTERVAL_S,
        ws_ping_timeout=TIMEOUT_S,
        lifespan="off",
        log_level="warning",
    )
    listening = config.bind_socket()
    listening.listen()
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listening]))
    url = f"ws://127.0.0.1:{listening.getsockname()[1]}/"
    try:
        async with connect(
            url, compression=None, ping_interval=None, open_timeout=PATIENCE_S
        ) as client:
            yield client
    finally:
        application.may_read.set()
        server.should_exit = True
        await task


async def test_client_that_waits_for_the_server_to_read_is_kept() -> None:
    application = Application()
    async with connected(application) as client:

        async def write() -> None:
            for _ in range(PIECES):
                await client.send(PIECE)
            await client.send("last")

        writing = asyncio.create_task(write())
        await asyncio.sleep(LONG_S)
        assert not writing.done(), "the server was to hold the client up"
        application.may_read.set()
        async with asyncio.timeout(PATIENCE_S):
            await writing
            assert await client.recv() == "all read"


async def test_client_that_has_nothing_to_say_but_pongs_is_kept() -> None:
    application = Application()
    application.may_read.set()
    async with connected(application) as client:
        await asyncio.sleep(LONG_S)
        await client.send("last")
        async with asyncio.timeout(PATIENCE_S):
            assert await client.recv() == "all read"


async def test_client_that_says_nothing_at_all_is_closed() -> None:
    application = Application()
    application.may_read.set()
    async with connected(application) as client:
        await client.send("not the last")
        # As if the machine were gone: the connection stands, and nobody reads or writes it.
        client.transport.pause_reading()
        await asyncio.sleep(LONG_S)
        client.transport.resume_reading()
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(PATIENCE_S):
                await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1011
