"""Closes that the server starts while its peer is still sending: the peer learns why.

A socket that is closed with unread bytes is reset, and a reset can overtake the close code or the
answer on their way to the peer. So the server reads on and discards, for a bounded time and a
bounded number of bytes; see `app/server/linger.py`.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed

from tests.integration.npm_client import KINDS, Kind, npm_client
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S
from tests.proxy_server import nginx

pytestmark = [pytest.mark.anyio, pytest.mark.p7]

MIB = 1 << 20
PIECE = b"\xff" * 65_536
LINGER_S = 2.0
MAX_LINGER_BYTES = 4 * MIB


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with the limits that it has by default; one message has at most 1 MiB."""
    with ServerProcess(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that soon gives up peers which do not stop sending."""
    folder = tmp_path_factory.mktemp("brief")
    bounds = ("--linger-s", str(LINGER_S), "--max-linger-bytes", str(MAX_LINGER_BYTES))
    with ServerProcess(folder, arguments=bounds) as running:
        yield running


async def close_code_of(socket_: ClientConnection, message: str) -> int:
    """Send a message, and return the code that the server then closes with."""
    with contextlib.suppress(ConnectionClosed):
        await socket_.send(message)
    return await awaited_close_code(socket_)


async def awaited_close_code(socket_: ClientConnection) -> int:
    """Return the code that the server closes with; what it sends before is passed over."""
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await socket_.recv()
    close = socket_.protocol.close_rcvd
    assert close is not None, "the socket was cut"
    return int(close.code)


async def close_code_of_sender(socket_: ClientConnection, message: str) -> int:
    """Send a message over and over, and return the code that the server then closes with."""

    async def send_on() -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket_.send(message)
                # Sending need not wait, and then nothing is read until the bound of lingering.
                await asyncio.sleep(0)

    sending = asyncio.create_task(send_on())
    code = await awaited_close_code(socket_)
    await sending
    return code


@pytest.mark.parametrize("path", ["ws", "yjs/notes", "hocuspocus"])
@pytest.mark.parametrize("size", [8 * MIB, 20 * MIB])
async def test_message_far_over_the_limit_ends_with_1009(
    server: ServerProcess, path: str, size: int
) -> None:
    async with connect_websocket(f"ws://127.0.0.1:{server.port}/{path}", proxy=None) as peer:
        assert await close_code_of(peer, "x" * size) == 1009


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("size", [8 * MIB, 20 * MIB])
async def test_message_far_over_the_limit_ends_with_1009_behind_nginx(
    server: ServerProcess, tmp_path: Path, size: int, tls: bool
) -> None:
    location = f"location / {{ proxy_pass {server.url}; }}"
    with nginx(tmp_path, location, tls=tls) as proxy:
        url = f"{proxy.url('ws')}/ws"
        async with connect_websocket(url, proxy=None, ssl=proxy.trust()) as peer:
            assert await close_code_of(peer, "x" * size) == 1009


@pytest.mark.parametrize("kind", KINDS)
async def test_stock_client_learns_that_its_message_was_too_big(
    server: ServerProcess, kind: Kind
) -> None:
    async with npm_client(kind) as ana:
        await ana.connect(server, f"big-{kind}", name="Ana")
        await ana.until(lambda state: state.synced)
        await ana.insert(0, "x" * (8 * MIB))
        state = await ana.until(lambda state: len(state.closes) > 0)
        assert state.closes[0] == 1009


async def test_socket_closed_for_its_subprotocol_says_so_to_a_peer_that_already_sends(
    server: ServerProcess,
) -> None:
    async with connect_websocket(
        server.ws_url,
        proxy=None,
        subprotocols=["unknown.v9"],  # type: ignore[list-item]
    ) as peer:
        assert await close_code_of(peer, "x" * (8 * MIB)) == 4400


async def test_socket_closed_for_too_many_errors_says_so_to_a_peer_that_goes_on(
    server: ServerProcess,
) -> None:
    async with connect_websocket(server.ws_url, proxy=None) as peer:
        # Far more than the faults that are tolerated.
        assert await close_code_of_sender(peer, "{" + " " * 10_000) == 1008


async def test_sockets_closed_by_a_restart_say_so_to_peers_that_go_on(tmp_path: Path) -> None:
    """Several peers: closed with unread bytes, as it was, some would hear of it all the same."""
    with ServerProcess(tmp_path, arguments=("--drain-s", "0")) as restarting:
        async with contextlib.AsyncExitStack() as stack:
            peers = [
                await stack.enter_async_context(connect_websocket(restarting.ws_url, proxy=None))
                for _ in range(6)
            ]
            for peer in peers:
                await peer.send('{"type":"auth","name":"Ana"}')
                await peer.recv()
            stopping = asyncio.create_task(asyncio.to_thread(restarting.terminate))
            message = '{"type":"ping"}' + " " * 60_000
            codes = await asyncio.gather(*(close_code_of_sender(peer, message) for peer in peers))
            assert codes == [1012] * len(peers)
            assert await stopping == 0


@pytest.mark.parametrize("size", [2 * MIB, 20 * MIB])
async def test_peer_that_sends_all_before_it_reads_finds_the_close_code(
    server: ServerProcess, size: int
) -> None:
    loop = asyncio.get_running_loop()
    async with upgraded(server) as raw, asyncio.timeout(PATIENCE_S):
        await loop.sock_sendall(raw, frame_head(size) + bytes(size))
        assert (await loop.sock_recv(raw, 4))[::2] == b"\x88" + (1009).to_bytes(2)[:1]
        # It answers with a close frame of its own, and then the server ends the connection.
        await loop.sock_sendall(raw, b"\x88\x82" + bytes(4) + (1009).to_bytes(2))
        while await loop.sock_recv(raw, 4096):
            pass


# --- the bounds ---------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def upgraded(server: ServerProcess) -> AsyncIterator[socket.socket]:
    """A bare TCP connection on which the WebSocket handshake is done."""
    loop = asyncio.get_running_loop()
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.setblocking(False)
        await loop.sock_sendall(
            raw,
            b"GET /ws HTTP/1.1\r\nHost: quire\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        assert (await loop.sock_recv(raw, 4096)).startswith(b"HTTP/1.1 101 ")
        yield raw


def frame_head(size: int) -> bytes:
    """The head of a masked binary frame; its mask is zero."""
    return b"\x82\xff" + size.to_bytes(8) + bytes(4)


async def send_until_cut(raw: socket.socket, pause_s: float) -> int:
    """Send until the server cuts the connection; returns how many bytes it took."""
    loop = asyncio.get_running_loop()
    taken = 0
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await loop.sock_sendall(raw, PIECE)
            except OSError:
                return taken
            taken += len(PIECE)
            await asyncio.sleep(pause_s)


async def test_peer_that_never_stops_sending_is_cut_after_so_many_bytes(
    brief: ServerProcess,
) -> None:
    async with upgraded(brief) as raw:
        await asyncio.get_running_loop().sock_sendall(raw, frame_head(1 << 40))
        taken = await send_until_cut(raw, 0.0)
    # What the kernels of both sides hold comes on top.
    assert MAX_LINGER_BYTES <= taken < MAX_LINGER_BYTES + 32 * MIB


async def test_peer_that_goes_on_slowly_is_cut_after_so_long(brief: ServerProcess) -> None:
    async with upgraded(brief) as raw:
        # Before the server can have seen it: from then on it counts.
        started = time.monotonic()
        await asyncio.get_running_loop().sock_sendall(raw, frame_head(1 << 40))
        taken = await send_until_cut(raw, 0.1)
        assert time.monotonic() - started >= LINGER_S * 0.9
    assert taken < MAX_LINGER_BYTES


# --- HTTP ---------------------------------------------------------------------------------------


def raw_put(server: ServerProcess, head: str, body_bytes: int) -> bytes:
    """Send a whole request before reading anything, as simple clients do; returns the answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as raw:
        raw.sendall(head.encode())
        for _ in range(body_bytes // len(PIECE)):
            raw.sendall(PIECE)
        answer = b""
        while piece := raw.recv(65_536):
            answer += piece
        return answer


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("path", ["/api/documents/notes/text", "/nowhere"])
async def test_refusal_of_a_large_upload_is_heard_by_who_is_still_sending(
    server: ServerProcess, version: str, path: str
) -> None:
    size = 20 * MIB
    head = (
        f"PUT {path} HTTP/{version}\r\nHost: quire\r\nConnection: close\r\n"
        f"Content-Length: {size}\r\n\r\n"
    )
    answer = await asyncio.to_thread(raw_put, server, head, size)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"too_large"' in answer


async def test_refusal_of_a_large_upload_without_a_length_is_heard(server: ServerProcess) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(320):
            yield PIECE

    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
        await http.post(f"{server.url}/api/documents", json={"name": "chunks"})
        answer = await http.put(
            f"{server.url}/api/documents/chunks/text",
            content=body(),
            headers={"If-Match": "*", "Connection": "close"},
        )
    assert answer.status_code == 413


async def test_upload_that_never_ends_is_cut_after_so_many_bytes(brief: ServerProcess) -> None:
    loop = asyncio.get_running_loop()
    with socket.create_connection(("127.0.0.1", brief.port)) as raw:
        raw.setblocking(False)
        head = f"PUT /api/documents/n/text HTTP/1.1\r\nHost: q\r\nContent-Length: {1 << 40}\r\n\r\n"
        await loop.sock_sendall(raw, head.encode())
        taken = await send_until_cut(raw, 0.0)
    assert MAX_LINGER_BYTES <= taken < MAX_LINGER_BYTES + 32 * MIB


async def test_bytes_that_are_no_request_are_answered_with_400(server: ServerProcess) -> None:
    answer = await asyncio.to_thread(raw_put, server, "no request at all\r\n\r\n", 8 * MIB)
    assert answer.startswith(b"HTTP/1.1 400 ")
