"""Hostile peers in the Yjs dialects: each costs its own connection, and nobody else notices: P8."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sync.wire import hocuspocus, ysync
from sync.wire.hocuspocus import encode_address
from sync.wire.ysync import SyncKind, encode_awareness_message, encode_sync
from sync.yjs.awareness import encode_awareness
from sync.yjs.varint import MalformedError, write_data, write_varint
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S, SOAK
from tests.property.test_dialect_fuzz import HOCUSPOCUS, YWS, mutated

pytestmark = [pytest.mark.anyio, pytest.mark.p8]

FRAMES = 5_000 if SOAK else 1_000
"""Mutated frames through real sockets, over both dialects."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("hostile")) as process:
        yield process


@asynccontextmanager
async def opened(server: ServerProcess, path: str) -> AsyncIterator[ClientConnection]:
    url = server.url.replace("http", "ws", 1) + path
    async with connect(
        url, proxy=None, compression=None, open_timeout=PATIENCE_S, ping_interval=None
    ) as socket:
        yield socket


async def close_code(socket: ClientConnection) -> int | None:
    async with asyncio.timeout(PATIENCE_S):
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()
    return socket.close_code


async def receive(socket: ClientConnection) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        frame = await socket.recv()
    assert isinstance(frame, bytes)
    return frame


async def synced(socket: ClientConnection) -> None:
    """The socket is a member, and is answered."""
    await socket.send(encode_sync(SyncKind.STEP1, b"\0"))
    while (await receive(socket))[:2] != b"\0\1":
        pass


def history(server: ServerProcess, document: str) -> list[object]:
    with urllib.request.urlopen(f"{server.url}/api/documents/{document}/history") as answer:
        events: list[object] = json.load(answer)["events"]
    return events


@pytest.mark.parametrize(("path", "seeds"), [("/yjs/fuzz", YWS), ("/hocuspocus", HOCUSPOCUS)])
async def test_mutated_frames_end_their_own_connection_at_most(
    server: ServerProcess, path: str, seeds: list[str]
) -> None:
    """A frame that is none closes with 4400; everything else is taken, refused or passed over."""
    random = Random(path)
    decode = ysync.decode_frame if path.startswith("/yjs") else hocuspocus.decode_frame
    sent = 0
    async with opened(server, "/yjs/bystander") as bystander:
        while sent < FRAMES // 2:
            async with opened(server, path) as socket:
                for _ in range(40):
                    frame = mutated(random, seeds)
                    sent += 1
                    try:
                        decode(frame)
                    except MalformedError:
                        await socket.send(frame)
                        assert await close_code(socket) in {4400, 4403, 1008}
                        break
                    try:
                        await socket.send(frame)
                    except ConnectionClosed:
                        assert socket.close_code in {4400, 4403, 1008}
                        break
        await synced(bystander)


def hostile_updates() -> list[bytes]:
    """Updates with which the gate has no patience."""
    endless = bytearray()
    write_data(endless, b"\x01\xff\xff\xff\xff\x07")
    return [b"", b"\xff" * 40, bytes(endless), b"\x01\x01\x01\x00\x04\x01\x01t\x05hi"]


async def test_y_websocket_update_that_is_none_closes_for_good(server: ServerProcess) -> None:
    for update in hostile_updates():
        async with opened(server, "/yjs/bad-updates") as other:
            async with opened(server, "/yjs/bad-updates") as socket:
                await socket.send(encode_sync(SyncKind.UPDATE, update))
                assert await close_code(socket) == 4400, update
            await synced(other)
    assert history(server, "bad-updates") == []


async def test_y_websocket_state_vector_that_is_none_closes_for_good(
    server: ServerProcess,
) -> None:
    for vector in (b"", b"\xff" * 9, b"\x80\x80\x04" * 25_000, bytes(64 * 1024 + 1)):
        async with opened(server, "/yjs/bad-vectors") as socket:
            await socket.send(encode_sync(SyncKind.STEP1, vector))
            assert await close_code(socket) == 4400


async def test_y_websocket_awareness_of_somebody_else_is_denied(server: ServerProcess) -> None:
    def awareness(clock: int) -> bytes:
        return encode_awareness_message(encode_awareness([(77, clock, '{"a":1}')]))

    async with opened(server, "/yjs/forged?name=Ann") as ann:
        await synced(ann)
        await ann.send(awareness(1))
        async with opened(server, "/yjs/forged?name=Bob") as bob:
            await synced(bob)
            await bob.send(awareness(9))
            denied = await receive(bob)
            while denied[0] != 2:
                denied = await receive(bob)
            assert b"somebody else" in denied
            await synced(bob)  # it may stay


@pytest.mark.parametrize(
    "bomb",
    [
        encode_awareness([(1, 1, '{"a":' + "[" * 2_000 + "]" * 2_000 + "}")]),
        encode_awareness([(1, 1, "[]")]),
        encode_awareness([(1, 1, '{"a":')]),
        b"\xff\xff\xff\xff\x0f",
        b"\x02\x01\x01\x02{}",
    ],
)
async def test_y_websocket_awareness_bombs_close_for_good(
    server: ServerProcess, bomb: bytes
) -> None:
    async with opened(server, "/yjs/bombs") as socket:
        await socket.send(encode_awareness_message(bomb))
        assert await close_code(socket) == 4400


async def test_y_websocket_awareness_that_is_too_large_is_denied(server: ServerProcess) -> None:
    big = encode_awareness([(1, 1, json.dumps({"a": "x" * 5_000}))])
    async with opened(server, "/yjs/large-awareness") as socket:
        await synced(socket)
        await socket.send(encode_awareness_message(big))
        assert (await receive(socket))[0] == 2
        await synced(socket)


async def test_y_websocket_text_frame_closes_for_good(server: ServerProcess) -> None:
    async with opened(server, "/yjs/text-frame") as socket:
        await socket.send("hello")
        assert await close_code(socket) == 4400


async def test_a_name_that_cannot_be_one_is_refused(server: ServerProcess) -> None:
    async with opened(server, "/yjs/named?name=%E2%80%AE") as socket:
        assert await close_code(socket) == 4401


async def test_another_path_is_no_socket(server: ServerProcess) -> None:
    with pytest.raises(InvalidStatus):
        async with opened(server, "/elsewhere"):
            pass


def addressed(document: str, body: bytes) -> bytes:
    return encode_address(document) + body


def token(document: str) -> bytes:
    return addressed(document, b"\x02\x00\x03tok")


async def test_hocuspocus_awareness_of_somebody_else_is_not_shown_and_ends_nothing(
    server: ServerProcess,
) -> None:
    body = encode_awareness_message(encode_awareness([(77, 1, "{}")]))
    forged = encode_awareness_message(encode_awareness([(77, 9, '{"forged":1}')]))
    async with opened(server, "/hocuspocus?name=Ann") as ann:
        await ann.send(token("forged-h"))
        await ann.send(addressed("forged-h", body))
        assert await receive(ann)
        async with opened(server, "/hocuspocus?name=Bob") as bob:
            await bob.send(token("forged-h"))
            await bob.send(addressed("forged-h", forged))
            for socket in (bob, ann):
                # Both documents answer, after whatever the forged state did.
                await socket.send(addressed("forged-h", b"\0\0\1\0"))
                frame = await receive(socket)
                while not frame.startswith(addressed("forged-h", b"\0\1")):
                    assert not frame.startswith(addressed("forged-h", b"\x07")), frame
                    assert b'forged"' not in frame
                    frame = await receive(socket)


async def test_hocuspocus_queue_before_the_token_is_bounded(server: ServerProcess) -> None:
    async with opened(server, "/hocuspocus") as socket:
        for _ in range(1_001):
            await socket.send(addressed("queued", b"\x03"))
        assert await close_code(socket) == 1008
    async with opened(server, "/hocuspocus") as socket:
        for number in range(101):
            await socket.send(addressed(f"queued-{number}", b"\x03"))
        assert await close_code(socket) == 1008
    async with opened(server, "/hocuspocus") as socket:
        for _ in range(3):
            await socket.send(addressed("queued", encode_sync(SyncKind.UPDATE, bytes(500_000))))
        assert await close_code(socket) == 1008


async def test_hocuspocus_updates_before_the_token_are_not_merged(server: ServerProcess) -> None:
    async with opened(server, "/hocuspocus") as socket:
        update = bytes.fromhex("010101000401017402686900")
        await socket.send(addressed("unasked", encode_sync(SyncKind.UPDATE, update)))
        await socket.send(b"\x09")
        assert await receive(socket) == b"\x0a"
    with pytest.raises(OSError, match="404"):
        history(server, "unasked")


async def test_hocuspocus_documents_on_one_socket_are_bounded(server: ServerProcess) -> None:
    async with opened(server, "/hocuspocus") as socket:
        for number in range(101):
            await socket.send(token(f"many-{number}"))
        denied = addressed("many-100", b"\x02\x01")
        frame = await receive(socket)
        while not frame.startswith(denied):
            frame = await receive(socket)
        assert b"rate_limited" in frame


async def test_hocuspocus_that_stays_without_a_token_is_cut(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, environment={"QUIRE_AUTH_TIMEOUT_S": "1"}) as impatient:
        async with opened(impatient, "/hocuspocus") as socket:
            assert await close_code(socket) == 4401


async def test_hocuspocus_what_a_left_document_had_under_way_is_no_load(
    server: ServerProcess,
) -> None:
    """Updates that wait for others are unsettled; leaving must not keep the socket from reading."""

    def waiting(number: int) -> bytes:
        out = bytearray(b"\x01\x01\x07")
        write_varint(out, 1_000 + number)
        return bytes(out + b"\x04\x01\x01t\x01x\x00")

    async with opened(server, "/hocuspocus") as socket:
        for _ in range(2):
            await socket.send(token("left"))
            for number in range(1_500):
                await socket.send(addressed("left", encode_sync(SyncKind.UPDATE, waiting(number))))
            await socket.send(addressed("left", b"\x07"))
        await socket.send(b"\x09")
        while await receive(socket) != b"\x0a":
            pass
