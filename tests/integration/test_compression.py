"""Compressed messages (RFC 7692): what long ones become, and what a bomb does not do.

Mutants seen caught here: a bomb whose compressed bytes count; a frame of a longer window than its
receiver has agreed to.
"""

import hashlib
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    PerMessageDeflate,
)
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from tests.integration.npm_client import npm_client
from tests.integration.peer import Peer, connect
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.anyio, pytest.mark.p7]

MIB = 1 << 20
PROSE = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(48)) * 40
"""Its repetitions are 3,072 characters apart: in a window of 12 bits, and in none of 10."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("server")
    with ServerProcess(folder, arguments=("--compression", "on"), is_forked=False) as running:
        yield running


@asynccontextmanager
async def deflating(
    server: ServerProcess, *, window_bits: int | None = None
) -> AsyncIterator[ClientConnection]:
    """A socket that offers compression."""
    factory = ClientPerMessageDeflateFactory(server_max_window_bits=window_bits)
    async with connect_websocket(
        server.ws_url,
        subprotocols=[Subprotocol("quire.v1.msgpack")],
        extensions=[factory],
        compression=None,
        proxy=None,
        max_size=None,
        open_timeout=PATIENCE_S,
        ping_interval=None,
        close_timeout=PATIENCE_S,
    ) as socket:
        yield socket


class Seen:
    """The frames that come on a socket, as they are on the wire."""

    def __init__(self, socket: ClientConnection) -> None:
        self.sizes: list[tuple[bool, int]] = []
        parser = socket.protocol
        (extension,) = parser.extensions
        decode = extension.decode

        def noted(frame: Frame, *, max_size: int | None = None) -> Frame:
            if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
                self.sizes.append((frame.rsv1, len(frame.data)))
            return decode(frame, max_size=max_size)

        extension.decode = noted  # type: ignore[method-assign]


@pytest.mark.parametrize("window_bits", [None, 12, 10])
async def test_long_messages_are_compressed_and_short_ones_are_not(
    server: ServerProcess, window_bits: int | None
) -> None:
    doc = f"prose-{window_bits}"
    async with connect(server, "msgpack", name="Plain") as plain:
        await plain.join(doc)
        await plain.insert(doc, "p.1", PROSE)
        async with deflating(server, window_bits=window_bits) as socket:
            seen = Seen(socket)
            peer = Peer(socket, "msgpack")
            await peer.auth("Ana")
            assert (await peer.join(doc))["text"] == PROSE
            for number in range(3):
                await plain.insert(doc, f"p.{number}.short", "x")
                short = (await peer.expect("events"))["events"][0]
                assert short["text"] == "x"
                await plain.insert(doc, f"p.{number}.long", PROSE[:20_000])
                long = (await peer.expect("events"))["events"][0]
                assert long["text"] == PROSE[:20_000]
        # Whoever has not offered it is sent the same, plainly.
        assert await plain.insert(doc, "p.9", "y")
        longest = max(size for _, size in seen.sizes)
        if window_bits != 10:
            assert {is_short for is_short, size in seen.sizes if size > 1_024} <= {True}
            assert longest < len(PROSE) // 10
        assert any(not is_compressed for is_compressed, _ in seen.sizes)


async def test_what_clients_compress_is_read(server: ServerProcess) -> None:
    async with deflating(server) as socket:
        peer = Peer(socket, "msgpack")
        await peer.auth("Ana")
        await peer.join("compressed")
        for number in range(5):
            await peer.insert("compressed", f"a.{number}", PROSE)
            await peer.insert("compressed", f"b.{number}", "x")


@pytest.mark.parametrize("size", [MIB, MIB + 1, 50 * MIB, 500 * MIB])
async def test_limit_counts_inflated_bytes(server: ServerProcess, size: int) -> None:
    """P7: a bomb costs its sender's connection, and no memory."""
    before = server.held_bytes
    deflate = zlib.compressobj(wbits=-12)
    data = b"".join(deflate.compress(bytes(min(MIB, size - at))) for at in range(0, size, MIB))
    bomb = (data + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
    assert len(bomb) < MIB
    async with deflating(server) as socket:
        (extension,) = socket.protocol.extensions
        assert isinstance(extension, PerMessageDeflate)
        peer = Peer(socket, "msgpack")
        await peer.auth("Mallory")
        extension.encode = lambda frame: Frame(frame.opcode, bomb, rsv1=True)  # type: ignore[method-assign]
        await peer.send_frame(b"\0")
        if size <= MIB:
            # It is no message, but it is not too long.
            assert (await peer.receive())["code"] == "invalid_json"
        else:
            assert await peer.closed() == 1009
    assert server.held_bytes - before < 16 * MIB


async def test_stock_y_websocket_that_offers_compression_is_in_step(server: ServerProcess) -> None:
    async with npm_client("yws") as ana, npm_client("yws") as ben:
        await ana.connect(server, "stock", name="Ana")
        await ana.until(lambda state: state.synced)
        await ana.insert(0, PROSE)
        async with httpx.AsyncClient(
            base_url=server.url, trust_env=False, timeout=PATIENCE_S
        ) as http:
            # Ben's first state is to be the long one.
            while (await http.get("/api/documents/stock/text")).text != PROSE:
                await ana.state()
        await ben.connect(server, "stock", name="Ben")
        await ben.until(lambda state: state.synced)
        assert await ben.text() == PROSE


async def test_compression_is_not_agreed_on_by_default(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as plain:
        async with deflating(plain) as socket:
            assert socket.protocol.extensions == []
