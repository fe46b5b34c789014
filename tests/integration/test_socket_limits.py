"""The bounds on sockets, over real ones: per user, per address, and before anybody is known.

What should be tried again is 4429 with the time to wait where the client speaks `quire.v1`, and
1013 in the Yjs dialects, whose clients take 4429 for good.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed

from sync.limit import Limits
from sync.wire.message import LimitsInfo
from tests.integration.npm_client import npm_client
from tests.integration.peer import Peer, connect, open_socket
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.anyio, pytest.mark.p7]

MAX_SOCKETS = 3
STATES = 10
MAX_EARLY_FRAMES = 20
MAX_EARLY_BYTES = 4_096


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    bounds = {
        "QUIRE_MAX_SOCKETS_PER_USER": str(MAX_SOCKETS),
        "QUIRE_MAX_SOCKETS_PER_ADDRESS": str(MAX_SOCKETS),
        "QUIRE_MAX_EARLY_FRAMES": str(MAX_EARLY_FRAMES),
        "QUIRE_MAX_EARLY_BYTES": str(MAX_EARLY_BYTES),
        "QUIRE_STATES_PER_MIN": str(STATES),
        "QUIRE_MAX_STATE_VECTOR_BYTES": "40",
        "QUIRE_MAX_STATE_VECTOR_CLIENTS": "2",
        "QUIRE_TRUSTED_PROXIES": "127.0.0.1",
    }
    with ServerProcess(tmp_path_factory.mktemp("server"), environment=bounds) as running:
        yield running


@asynccontextmanager
async def opened(
    server: ServerProcess, path: str, address: str | None = None
) -> AsyncIterator[ClientConnection]:
    """A socket that a proxy on this machine says is from an address."""
    headers = {} if address is None else {"X-Forwarded-For": address}
    async with connect_websocket(
        f"ws://127.0.0.1:{server.port}{path}",
        additional_headers=headers,
        proxy=None,
        compression=None,
        open_timeout=PATIENCE_S,
        close_timeout=1,
    ) as socket:
        yield socket


async def close_of(socket: ClientConnection) -> tuple[int, str]:
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await socket.recv()
    return socket.close_code or 1006, socket.close_reason or ""


async def test_user_with_too_many_sockets_is_told_when_to_come_again(
    server: ServerProcess,
) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(MAX_SOCKETS):
            await stack.enter_async_context(connect(server, name="Ana"))
        async with open_socket(server) as socket:
            late = Peer(socket, "json")
            await late.send("auth", name="Ana")
            error = await late.expect_error("rate_limited", retryable=True)
            assert error["retry_after_s"] > 0
            code, reason = await close_of(socket)
            assert (code, "retry_after=" in reason) == (4429, True)
        async with connect(server, name="Ben") as ben:
            await ben.join("others-are-not-concerned")
    async with connect(server, name="Ana") as again:
        await again.join("room-again")


async def test_socket_that_gets_another_user_is_counted_for_that_one_alone(
    server: ServerProcess,
) -> None:
    async with AsyncExitStack() as stack:
        peers = [
            await stack.enter_async_context(connect(server, name="Eve")) for _ in range(MAX_SOCKETS)
        ]
        await peers[0].auth("Eva")
        await peers[0].auth("Eva")
        again = await stack.enter_async_context(connect(server, name="Eve"))
        await again.join("another")


@pytest.mark.parametrize("path", ["/yjs/many?name=Ada", "/hocuspocus?name=Ada"])
async def test_user_with_too_many_sockets_of_a_yjs_dialect_is_told_to_come_again(
    server: ServerProcess, path: str
) -> None:
    token = b"\x04many\x02\x00\x03tok"
    async with AsyncExitStack() as stack:
        for _ in range(MAX_SOCKETS):
            socket = await stack.enter_async_context(opened(server, path))
            if "hocuspocus" in path:
                await socket.send(token)
                await socket.recv()
            else:
                await socket.send(b"\x00\x00\x01\x00")
                await socket.recv()
        late = await stack.enter_async_context(opened(server, path))
        if "hocuspocus" in path:
            await late.send(token)
        assert (await close_of(late))[0] == 1013


async def test_clients_without_a_name_are_nobody_in_particular(server: ServerProcess) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(MAX_SOCKETS + 2):
            socket = await stack.enter_async_context(opened(server, "/yjs/anonymous"))
            await socket.send(b"\x00\x00\x01\x00")
            assert await socket.recv()


async def test_stock_y_websocket_comes_in_once_there_is_room_for_its_user(
    server: ServerProcess,
) -> None:
    async with npm_client("yws") as una:
        async with AsyncExitStack() as stack:
            for _ in range(MAX_SOCKETS):
                await stack.enter_async_context(connect(server, name="Una"))
            await una.connect(server, "room-for-una", name="Una")
            state = await una.until(lambda state: len(state.closes) > 0)
            assert state.closes[0] == 1013
        await una.until(lambda state: state.synced)


@pytest.mark.parametrize(
    ("path", "code"), [("/ws", 4429), ("/yjs/crowd", 1013), ("/hocuspocus", 1013)]
)
@pytest.mark.parametrize(
    "address", ["203.0.113.7", "2001:db8:1:2::{number:x}", "192.0.2.{number}, 198.51.100.9"]
)
async def test_address_with_too_many_sockets_is_told_to_come_again(
    server: ServerProcess, path: str, code: int, address: str
) -> None:
    """The last address that a trusted proxy names counts, whatever a client wrote before it."""
    async with AsyncExitStack() as stack:
        for number in range(MAX_SOCKETS):
            await stack.enter_async_context(opened(server, path, address.format(number=number)))
        async with opened(server, path, address.format(number=99)) as late:
            closed, reason = await close_of(late)
            assert closed == code
            assert ("retry_after=" in reason) == (code == 4429)
        async with opened(server, "/yjs/crowd", "203.0.113.8") as other:
            await other.send(b"\x00\x00\x01\x00")
            assert await other.recv()
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with opened(server, "/yjs/crowd", address.format(number=1)) as again:
                await again.send(b"\x00\x00\x01\x00")
                with contextlib.suppress(ConnectionClosed):
                    assert await again.recv()
                    return


async def test_sockets_from_this_machine_are_not_counted_by_address(
    server: ServerProcess,
) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(MAX_SOCKETS + 2):
            socket = await stack.enter_async_context(opened(server, "/yjs/local"))
            await socket.send(b"\x00\x00\x01\x00")
            assert await socket.recv()


async def test_frames_before_authentication_are_bounded(server: ServerProcess) -> None:
    async with open_socket(server) as socket:
        peer = Peer(socket, "json")
        for _ in range(MAX_EARLY_FRAMES):
            await peer.send("ping")
            await peer.receive()
        await peer.send("ping")
        assert await peer.closed() == 1008
    async with open_socket(server) as socket:
        peer = Peer(socket, "json")
        for _ in range(MAX_EARLY_FRAMES - 1):
            await peer.send("ping")
            await peer.receive()
        await peer.auth("Ida")
        for _ in range(MAX_EARLY_FRAMES):
            await peer.barrier()


async def test_bytes_before_authentication_are_bounded(server: ServerProcess) -> None:
    ping = '{"type":"ping"}'
    async with open_socket(server) as socket:
        peer = Peer(socket, "json")
        await socket.send(ping.ljust(MAX_EARLY_BYTES))
        assert (await peer.receive())["type"] == "pong"
        await socket.send(ping)
        assert await peer.closed() == 1008


async def test_hocuspocus_frames_before_any_token_are_bounded(server: ServerProcess) -> None:
    step = b"\x05early\x00\x00\x01\x00"
    async with opened(server, "/hocuspocus") as socket:
        for _ in range(MAX_EARLY_FRAMES + 1):
            await socket.send(step)
        assert (await close_of(socket))[0] == 1008


# --- what a member asks for ---------------------------------------------------------------------


async def test_client_is_told_the_limits_in_force(server: ServerProcess) -> None:
    async with open_socket(server) as socket:
        peer = Peer(socket, "json")
        limits = (await peer.auth("Lea"))["limits"]
    chosen = Limits(states_per_min=STATES)
    assert limits == {name: getattr(chosen, name) for name in LimitsInfo.__struct_fields__}


async def test_joins_are_bounded_because_each_brings_a_whole_text(server: ServerProcess) -> None:
    async with connect(server, name="Jo") as jo:
        for _ in range(STATES):
            await jo.join("joined-again")
        await jo.send("join", doc="joined-again")
        error = await jo.expect_error("rate_limited", doc="joined-again", retryable=True)
        assert 0 < error["retry_after_s"] <= 60
        await jo.insert("joined-again", "jo.1", "still a member")


@pytest.mark.parametrize("path", ["/yjs/asked", "/hocuspocus"])
async def test_sync_steps_are_bounded_because_each_brings_a_whole_state(
    server: ServerProcess, path: str
) -> None:
    step = b"\x00\x00\x01\x00"
    async with opened(server, path) as socket:
        if path == "/hocuspocus":
            await socket.send(b"\x05asked\x02\x00\x03tok")
            step = b"\x05asked" + step
        answered = 0
        with contextlib.suppress(ConnectionClosed):
            for _ in range(STATES + 1):
                await socket.send(step)
                async with asyncio.timeout(PATIENCE_S):
                    while (await socket.recv())[len(step) - 3] != 1:
                        pass
                answered += 1
        assert answered == STATES
        assert (await close_of(socket))[0] == 1013


@pytest.mark.parametrize(
    ("vector", "is_taken"),
    [
        (b"\x02\x01\x05\x02\x05", True),
        (b"\x03\x01\x05\x02\x05\x03\x05", False),
        (b"\x01\x01\x05" + bytes(38), False),
    ],
)
async def test_state_vector_is_bounded_in_clients_and_bytes(
    server: ServerProcess, vector: bytes, is_taken: bool
) -> None:
    async with opened(server, "/yjs/vectors") as socket:
        await socket.send(b"\x00\x00" + bytes([len(vector)]) + vector)
        if is_taken:
            async with asyncio.timeout(PATIENCE_S):
                while (await socket.recv())[1] != 1:
                    pass
        else:
            assert (await close_of(socket))[0] == 4400
