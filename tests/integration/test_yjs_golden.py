"""The captured exchanges of stock clients, replayed byte for byte: the server answers as they
expect, in both Yjs dialects.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("golden")) as process:
        yield process


@asynccontextmanager
async def opened(server: ServerProcess, path: str) -> AsyncIterator[ClientConnection]:
    url = server.url.replace("http", "ws", 1) + path
    async with connect(url, proxy=None, open_timeout=PATIENCE_S, ping_interval=None) as socket:
        yield socket


async def exchange(socket: ClientConnection, script: str) -> None:
    """Send every `C>` frame and require every `S>` frame, in order."""
    for line in script.strip().splitlines():
        side, _, rest = line.strip().partition(" ")
        frame = bytes.fromhex(rest.partition("  ")[0])
        if side == "C>":
            await socket.send(frame)
        else:
            async with asyncio.timeout(PATIENCE_S):
                got = await socket.recv()
            assert isinstance(got, bytes)
            assert got.hex() == frame.hex(), line


async def closed(socket: ClientConnection) -> tuple[int | None, str | None]:
    """Wait for the close; returns its code and reason."""
    async with asyncio.timeout(PATIENCE_S):
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()
    return socket.close_code, socket.close_reason


async def test_y_websocket_captured_exchange(server: ServerProcess) -> None:
    async with opened(server, "/yjs/golden-yws") as socket:
        await exchange(
            socket,
            """
            S> 00000100  step 1
            C> 00000100  step 1, empty state vector
            C> 0106010100027b7d  awareness {1: clock 0, "{}"}
            C> 0001020000  step 2, nothing
            S> 0001020000  step 2, nothing: synced
            C> 00020c010101000401017402686900  update: t = "hi"
            S> 00020c010101000401017402686900  the same, once it is committed
            C> 0114010101107b2275736572223a7b226e223a317d7d  awareness
            C> 0108010101046e756c6c  leaving
            """,
        )
    async with opened(server, "/yjs/golden-yws") as socket:
        await exchange(
            socket,
            """
            S> 0000030101 02  step 1: two of client 1
            C> 00000100
            S> 00010c010101000401017402686900  step 2: all of it
            """.replace("0101 02", "010102"),
        )


async def test_hocuspocus_captured_exchange(server: ServerProcess) -> None:
    async with opened(server, "/hocuspocus") as socket:
        await exchange(
            socket,
            """
            C> 03646f63020003746f6b05342e382e30  token "tok", provider 4.8.0
            C> 03646f6300000100  step 1, sent without waiting
            C> 03646f630106010100027b7d  awareness
            S> 03646f6302020a726561642d7772697465  authenticated, read-write
            S> 03646f6300000100  step 1
            C> 03646f630001020000  step 2
            S> 03646f630001020000  step 2: synced
            S> 03646f630801  status 1: nothing is unsynced
            C> 03646f6300020c010101000401017402686900  update
            S> 03646f630801  committed
            S> 03646f6300020c010101000401017402686900  the same
            C> 03646f630108010101046e756c6c  awareness null
            C> 03646f6307  close
            S> 03646f63071270726f76696465725f696e69746961746564  closed
            """,
        )


async def test_hocuspocus_of_3_x_and_session_aware_addresses(server: ServerProcess) -> None:
    address = "0f646f63006d396965786c3679727264"
    async with opened(server, "/hocuspocus") as socket:
        await exchange(
            socket,
            f"""
            C> 046f6c6433020003746f6b  token without a version, as 3.x sends it
            S> 046f6c643302020a726561642d7772697465
            S> 046f6c643300000100
            C> {address}020003746f6b05342e382e30
            S> {address}02020a726561642d7772697465
            """,
        )


async def test_hocuspocus_messages_before_the_token_wait_for_it(server: ServerProcess) -> None:
    async with opened(server, "/hocuspocus") as socket:
        await exchange(
            socket,
            """
            C> 056561726c7900000100  step 1 first: the token is still being fetched
            C> 056561726c7900020c010101000401017402686900
            C> 056561726c79020003746f6b
            S> 056561726c7902020a726561642d7772697465
            S> 056561726c7900000100
            S> 056561726c790001020000
            S> 056561726c790801
            S> 056561726c7900020c010101000401017402686900
            """,
        )


async def test_hocuspocus_answers_a_ping(server: ServerProcess) -> None:
    async with opened(server, "/hocuspocus/") as socket:
        await exchange(socket, "C> 09\nS> 0a")


async def test_hocuspocus_refuses_what_cannot_be_a_document(server: ServerProcess) -> None:
    async with opened(server, "/hocuspocus") as socket:
        await socket.send(bytes.fromhex("022f2e" + "020003746f6b"))
        async with asyncio.timeout(PATIENCE_S):
            denied = await socket.recv()
        assert isinstance(denied, bytes)
        assert denied.startswith(bytes.fromhex("022f2e0201"))
        await exchange(socket, "C> 09\nS> 0a")


async def test_hocuspocus_says_what_is_refused(server: ServerProcess) -> None:
    async with opened(server, "/hocuspocus") as socket:
        await exchange(
            socket,
            """
            C> 03626164020003746f6b
            S> 0362616402020a726561642d7772697465
            S> 0362616400000100
            C> 03626164000203ffffff  no update at all
            S> 036261640800  status 0
            C> 03626164000202 0000  one that does nothing
            S> 036261640801
            """.replace("0202 0000", "02020000"),
        )


@pytest.mark.parametrize(
    ("path", "code"),
    [("/yjs/..%2Fx", 4400), ("/yjs/", 4400), ("/yjs/a%20b", 4400), ("/yjs/a/b", 4400)],
)
async def test_y_websocket_closes_for_good_where_no_document_can_be(
    server: ServerProcess, path: str, code: int
) -> None:
    async with opened(server, path) as socket:
        assert (await closed(socket))[0] == code


MALFORMED = [
    "",
    "ff",
    "00",
    "0003",
    "000300",
    "0000ff",
    "00000100ff",
    "0002ffffffffffffffffff01",
    "0105",
]


@pytest.mark.parametrize("frame", MALFORMED)
async def test_y_websocket_closes_on_what_cannot_be_read(server: ServerProcess, frame: str) -> None:
    async with (
        opened(server, "/yjs/malformed") as other,
        opened(server, "/yjs/malformed") as socket,
    ):
        await socket.send(bytes.fromhex(frame))
        if frame == "ff":
            assert (await closed(socket))[0] == 4400
        else:
            assert (await closed(socket))[0] == 4400
        await exchange(other, "S> 00000100\nC> 00000100\nS> 0001020000")


async def test_y_websocket_passes_over_types_that_it_does_not_know(server: ServerProcess) -> None:
    async with opened(server, "/yjs/unknown-types") as socket:
        for frame in ("0401ff", "6600", "7d7b7d", "020001"):
            await socket.send(bytes.fromhex(frame))
        await exchange(socket, "S> 00000100\nC> 00000100\nS> 0001020000")
