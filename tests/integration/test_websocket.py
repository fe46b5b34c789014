"""The server's WebSocket: its short way for frames, and its patience; uvicorn itself runs here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from app.server.quire_websocket import WIRE, QuireWebSocket
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


Handler = Callable[[QuireWebSocket, Callable[[], Awaitable[Any]], Any], Awaitable[None]]


def handled_by(handler: Handler) -> Any:
    """An application that accepts, and leaves the rest to the handler."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await handler(scope["extensions"][WIRE], receive, send)

    return application


@asynccontextmanager
async def connected(application: Any) -> AsyncIterator[ClientConnection]:
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
        if isinstance(application, Application):
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


# --- the short way ------------------------------------------------------------------------------


async def test_frames_keep_their_order_on_whichever_way_they_are_taken() -> None:
    """Planted bug: a frame offered while the application handles another overtakes it."""
    taken: list[tuple[str, bytes | str]] = []

    async def handler(wire: QuireWebSocket, receive: Any, send: Any) -> None:
        def take(data: bytes | str) -> bool:
            if data[:4] in ("wait", b"wait"):
                return False
            taken.append(("short", data))
            return True

        wire.listen(take)
        while (message := await receive())["type"] == "websocket.receive":
            data = message.get("text") or message.get("bytes")
            await asyncio.sleep(0.001)
            taken.append(("long", data))
            if data == "wait and answer":
                await send({"type": "websocket.send", "text": "all taken"})

    sent: list[bytes | str] = []
    async with connected(handled_by(handler)) as client:

        async def have_all_taken() -> None:
            sent.append("wait and answer")
            await client.send("wait and answer")
            async with asyncio.timeout(PATIENCE_S):
                assert await client.recv() == "all taken"

        for number in range(301):
            kind = "wait" if number % 7 == 0 else "take"
            text = f"{kind} {number} é"
            data = text if number % 2 else text.encode() + bytes(number * 300)
            sent.append(data)
            await client.send(data)
            if number % 25 == 0:
                await have_all_taken()
                sent += [f"take in parts {number}", "take soon after"]
                await client.send(["take ", "in ", f"parts {number}"])
                await client.send("take soon after")
                await have_all_taken()
        await have_all_taken()
    assert [data for _, data in taken] == sent
    assert {way for way, _ in taken} == {"short", "long"}


async def test_short_messages_that_have_to_wait_need_no_parser() -> None:
    async def handler(wire: QuireWebSocket, receive: Any, send: Any) -> None:
        wire.listen(lambda _: False)
        for _ in range(3):
            message = await receive()
            assert wire._parser is None
            await send({**message, "type": "websocket.send"})
        await receive()

    async with connected(handled_by(handler)) as client, asyncio.timeout(PATIENCE_S):
        # Two frames in one write, as a client that says who it is and what it joins.
        client.transport.write(
            Frame(Opcode.TEXT, "é".encode()).serialize(mask=True)
            + Frame(Opcode.BINARY, bytes(2_000)).serialize(mask=True)
        )
        assert [await client.recv() for _ in range(2)] == ["é", bytes(2_000)]
        await client.send(b"")
        assert await client.recv() == b""


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 300_000])
async def test_what_is_written_at_once_arrives_whole_and_in_order(size: int) -> None:
    async def handler(wire: QuireWebSocket, receive: Any, send: Any) -> None:
        for content in ({"bytes": b"b" * size}, {"text": "t" * size}):
            message = {"type": "websocket.send", **content}
            if not wire.write_nowait(message):
                await send(message)
        await send({"type": "websocket.send", "text": "sent"})
        assert wire.write_nowait({"type": "websocket.send", "text": "written"}) or size > 65_536
        await receive()

    async with connected(handled_by(handler)) as client, asyncio.timeout(PATIENCE_S):
        assert [await client.recv() for _ in range(3)] == [b"b" * size, "t" * size, "sent"]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
async def test_two_messages_of_one_write_arrive_whole_and_in_order(size: int) -> None:
    async def handler(wire: QuireWebSocket, receive: Any, send: Any) -> None:
        first: dict[str, Any] = {"type": "websocket.send", "bytes": b"b" * size}
        second = {"type": "websocket.send", "text": "t" * size}
        for _ in range(2):
            # The second time with the frames that they have kept.
            if not wire.write_pair_nowait(first, second):
                await send(first)
                await send(second)
        await receive()

    async with connected(handled_by(handler)) as client, asyncio.timeout(PATIENCE_S):
        arrived = [await client.recv() for _ in range(4)]
    assert arrived == [b"b" * size, "t" * size] * 2


async def test_nothing_is_written_at_once_to_a_peer_that_does_not_read_or_is_gone() -> None:
    refused, gone = asyncio.Event(), asyncio.Event()
    written = 0

    async def handler(wire: QuireWebSocket, receive: Any, send: Any) -> None:
        nonlocal written
        while written < PIECES and wire.write_nowait({"type": "websocket.send", "bytes": PIECE}):
            written += 1
        piece = {"type": "websocket.send", "bytes": PIECE}
        assert written == PIECES or not wire.write_pair_nowait(piece, piece)
        refused.set()
        while (await receive())["type"] == "websocket.receive":
            pass
        nothing = {"type": "websocket.send", "bytes": b""}
        assert not wire.write_nowait(nothing)
        assert not wire.write_pair_nowait(nothing, nothing)
        gone.set()

    async with connected(handled_by(handler)) as client, asyncio.timeout(PATIENCE_S):
        client.transport.pause_reading()
        await refused.wait()
        assert written < PIECES, "somebody holds 20 MB"
        client.transport.abort()
        await gone.wait()


async def test_text_that_is_not_utf_8_is_refused_on_the_short_way_too() -> None:
    async def handler(wire: QuireWebSocket, receive: Any, send: Any) -> None:
        wire.listen(lambda _: True)
        await receive()

    async with connected(handled_by(handler)) as client, asyncio.timeout(PATIENCE_S):
        # A masked text frame of one byte that begins no character.
        client.transport.write(bytes((0x81, 0x81, 0, 0, 0, 0, 0xFF)))
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1007
