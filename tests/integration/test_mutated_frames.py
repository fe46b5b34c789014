"""Mutated frames over real sockets, in every dialect, by known and unknown peers: P8.

The process stays up and says nothing of a defect, each peer loses its own socket at most, memory
stays flat, and somebody who writes in another document meanwhile has every edit acknowledged.
`./test --soak` sends 60,000 frames.

Mutants seen caught here: a session that lets the error of a decoder out; an `assert` on what a peer
sent.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from bench.figures import percentile
from sync.wire.ysync import SyncKind, encode_sync
from tests.integration.peer import Peer, connect
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica
from tests.patience import PATIENCE_S, SOAK
from tests.property.test_dialect_fuzz import HOCUSPOCUS, YWS, mutated

pytestmark = [pytest.mark.anyio, pytest.mark.p8]

FRAMES: Final = 60_000 if SOAK else 3_200
PER_SOCKET: Final = 40
EXPECTED_CLOSES: Final = frozenset({1000, 1007, 1008, 1009, 1013, 4400, 4401, 4403, 4404})
"""Among them is no 1011, which is a defect, and no 1006, which is a socket that was cut."""
MAX_GROWTH_BYTES: Final = 24 << 20
"""From a quarter of the frames on: what the allocator keeps. Documents that frames create stay for
a while; they are few."""

_UPDATE: Final = YjsReplica(9_001).insert(0, "fuzz")
_NATIVE: Final[list[dict[str, Any]]] = [
    {"type": "auth", "name": "Mallory"},
    {"type": "auth", "token": "qt_x"},
    {"type": "join", "doc": "fuzz", "mode": "text", "since": 1, "epoch": "e"},
    {"type": "join", "doc": "fuzz", "mode": "yjs"},
    {"type": "leave", "doc": "fuzz"},
    {"type": "text_insert", "doc": "fuzz", "id": "a.1", "base": None, "pos": 0, "text": "hi"},
    {"type": "text_delete", "doc": "fuzz", "id": "a.2", "base": 1, "pos": 0, "len": 1},
    {"type": "text_edit", "doc": "fuzz", "id": "a.3", "base": 0, "ops": [{"retain": 1}]},
    {"type": "cursor_move", "doc": "fuzz", "base": 0, "anchor": 1, "head": None},
    {"type": "check", "doc": "fuzz", "version": 1, "hash": "0" * 64},
    {"type": "ping", "nonce": 1},
]
_WITH_BYTES: Final[list[dict[str, Any]]] = [
    {"type": "update", "doc": "fuzz", "id": "u.1", "update": _UPDATE},
    {"type": "awareness", "doc": "fuzz", "update": b"\1\1\1\2{}"},
]

Mutate = Callable[[Random], bytes | str]
_MSGPACK: Final = [msgspec.msgpack.encode(each).hex() for each in _NATIVE + _WITH_BYTES]
_JSON: Final = [msgspec.json.encode(each).hex() for each in _NATIVE + _WITH_BYTES]
_YWS: Final = [*YWS, encode_sync(SyncKind.UPDATE, _UPDATE).hex()]
_HOCUSPOCUS: Final = [*HOCUSPOCUS, b"04fuzz".hex(), "0466757a7a0002" + _UPDATE.hex()]


def binary(seeds: list[str]) -> Mutate:
    return lambda random: mutated(random, seeds)


def text(seeds: list[str]) -> Mutate:
    return lambda random: mutated(random, seeds).decode("utf-8", "replace")


class Dialect:
    """Where frames go, and what a peer says first that wants to be known."""

    def __init__(
        self, path: str, mutate: Mutate, first: bytes | str | None, subprotocol: str | None = None
    ) -> None:
        self.path = path
        self.mutate = mutate
        self.first = first
        self.subprotocols = None if subprotocol is None else [Subprotocol(subprotocol)]


_AUTH: Final = _NATIVE[0]
DIALECTS: Final = {
    "json": Dialect("/ws", text(_JSON), msgspec.json.encode(_AUTH).decode()),
    "json, unknown": Dialect("/ws", text(_JSON), None),
    "msgpack": Dialect("/ws", binary(_MSGPACK), msgspec.msgpack.encode(_AUTH), "quire.v1.msgpack"),
    "msgpack, unknown": Dialect("/ws", binary(_MSGPACK), None, "quire.v1.msgpack"),
    "y-websocket": Dialect("/yjs/fuzz?name=Mallory", binary(_YWS), None),
    "y-websocket, unknown": Dialect("/yjs/fuzz?token=qt_x", binary(_YWS), None),
    "hocuspocus": Dialect("/hocuspocus", binary(_HOCUSPOCUS), b"\x03doc\x02\x00\x03tok"),
    "hocuspocus, unknown": Dialect("/hocuspocus", binary(_HOCUSPOCUS), None),
}


@asynccontextmanager
async def opened(server: ServerProcess, dialect: Dialect) -> AsyncIterator[ClientConnection]:
    async with connect_websocket(
        f"ws://127.0.0.1:{server.port}{dialect.path}",
        subprotocols=dialect.subprotocols,
        proxy=None,
        compression=None,
        max_size=None,
        open_timeout=PATIENCE_S,
        ping_interval=None,
        close_timeout=PATIENCE_S,
    ) as socket:
        yield socket


async def listen(socket: ClientConnection) -> None:
    """Throw away what comes, up to the end."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await socket.recv(decode=False)


async def bombard(server: ServerProcess, name: str, count: int, seed: int) -> None:
    """Send so many frames, on as many sockets as that takes."""
    dialect, random = DIALECTS[name], Random(seed)
    while count > 0:
        sent: list[bytes | str] = []
        async with opened(server, dialect) as socket:
            listening = asyncio.create_task(listen(socket))
            with contextlib.suppress(ConnectionClosed):
                if dialect.first is not None:
                    await socket.send(dialect.first)
                for _ in range(min(PER_SOCKET, count)):
                    sent.append(dialect.mutate(random))
                    await socket.send(sent[-1])
                    await asyncio.sleep(0)
        await listening
        count -= max(1, len(sent))
        code = socket.close_code
        assert code in EXPECTED_CLOSES, f"{name}: closed with {code} after {sent}"


class Bystander:
    """Somebody who writes in another document all the time, and how long each ack takes."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.taken_s: list[float] = []
        self._acked = asyncio.Event()

    async def has_written_beyond(self, count: int) -> None:
        """Wait until more than `count` edits were acknowledged."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.taken_s) <= count:
                self._acked.clear()
                await self._acked.wait()

    async def write(self) -> None:
        number = 0
        while True:
            started = time.perf_counter()
            await self._peer.insert("calm", f"b.{number}", "x")
            self.taken_s.append(time.perf_counter() - started)
            self._acked.set()
            number += 1
            await asyncio.sleep(0.02)


async def test_mutated_frames_hurt_nobody_but_their_senders(tmp_path: Path) -> None:
    with ServerProcess(
        tmp_path, environment={"QUIRE_UNLOAD_AFTER_S": "1"}, is_forked=False
    ) as server:
        pid = server.pid
        async with connect(server, name="Bystander") as peer:
            await peer.join("calm")
            bystander = Bystander(peer)
            writing = asyncio.create_task(bystander.write())
            per_dialect = FRAMES // 4 // len(DIALECTS)
            rss = []
            for turn in range(4):
                written = len(bystander.taken_s)
                async with asyncio.TaskGroup() as tasks:
                    for number, name in enumerate(DIALECTS):
                        seed = turn * 100 + number
                        tasks.create_task(bombard(server, name, per_dialect, seed))
                await bystander.has_written_beyond(written)
                rss.append(server.held_bytes)
            assert not writing.done(), "the bystander was disturbed"
            writing.cancel()
        assert (server.is_running, server.pid) == (True, pid)
        p99_ms = percentile(bystander.taken_s, 0.99) * 1000
        grown = rss[-1] - rss[0]
        print(f"{FRAMES} frames; bystander's p99 {p99_ms:.1f} ms; memory +{grown >> 10} KiB")
        assert len(bystander.taken_s) >= 4
        assert grown < MAX_GROWTH_BYTES
        assert "Traceback" not in server.log(), server.log()[-4_000:]
