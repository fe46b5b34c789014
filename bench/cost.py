"""Count what an update costs the server: the same on every machine, each time.

Everything from the bytes that come off a socket to the bytes that go onto others runs in this
process: uvicorn's WebSocket, both Yjs dialects, rooms, merging, SQLite. Only the sockets
themselves are left out. Python's bytecode instructions are counted, and its calls of Python
functions; what happens in C (SQLite, yrs, msgspec) is not. Nor is what the server does on a clock:
ticks, titles and the unloading of idle rooms are stopped before the counting, because how many of
them fall into it depends on how fast the machine is. They cost the same however many updates come.
What this module itself does, as the clients and in place of the sockets, is not counted either.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from types import CodeType, FrameType
from typing import Any, Final

import uvicorn
from uvicorn.server import ServerState

from app.identity.cookie_names import CookieNames
from app.identity.identifier import Identifier, Verifiers
from app.identity.watch import AccessWatch
from app.server.quire_websocket import QuireWebSocket
from app.service.backend import Backend
from app.settings import Settings
from app.sockets import HOCUSPOCUS_PATH, YWS_PATH, Sockets
from bench.figures import show
from bench.typing_update import Typist
from storage.migrate import upgrade
from storage.store import open_store
from sync.limit import Limits
from sync.names import Dialect
from sync.shells.rooms.rooms import Rooms
from sync.wire.hocuspocus import FrameType as MessageType
from sync.wire.hocuspocus import encode_address
from sync.wire.message import ServerInfo
from sync.wire.ysync import SyncKind, encode_sync
from sync.yjs.varint import write_text

_FLUSH: Final = 30
"""Updates that are committed together."""
_SEGMENTS: Final = 3
"""Runs of a few hundred updates each; the cheapest counts, undisturbed by anything else."""
_SEGMENT: Final = 10 * _FLUSH
_DEAREST: Final = 12
_TIMED: Final = frozenset(("room ticks", "titles", "title sweep", "unloading"))
"""The names of the tasks of `Rooms` that act on a clock."""

_HANDSHAKE: Final = (
    "GET {} HTTP/1.1\r\nHost: quire\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n"
)


class _Transport(asyncio.Transport):
    """A transport that takes all bytes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.written = 0

    def write(self, data: Any) -> None:
        self.written += 1

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class _Client:
    """A client that types into one document."""

    def __init__(
        self, config: uvicorn.Config, dialect: Dialect, document: str, number: int
    ) -> None:
        is_hocuspocus = dialect == "hocuspocus"
        path = HOCUSPOCUS_PATH if is_hocuspocus else YWS_PATH + document
        self.transport = _Transport()
        self._protocol = QuireWebSocket(config, ServerState(), {})
        self._protocol.connection_made(self.transport)
        self._protocol.data_received(_HANDSHAKE.format(path).encode())
        self._address = encode_address(document) if is_hocuspocus else b""
        self._typist = Typist(1_000_000 + number)

    def join(self) -> None:
        if self._address:
            token = bytearray((MessageType.AUTH, 0))
            write_text(token, "")
            self._protocol.data_received(_masked(self._address + bytes(token)))

    def keystroke(self) -> bytes:
        return _masked(self._address + encode_sync(SyncKind.UPDATE, self._typist.type()))

    def send(self, frame: bytes) -> None:
        self._protocol.data_received(frame)


def _masked(payload: bytes) -> bytes:
    assert len(payload) < 126, "a keystroke is short"
    return bytes((0x82, 0x80 | len(payload), 0, 0, 0, 0)) + payload


@contextmanager
def _counting() -> Iterator[tuple[Counter[CodeType], Counter[CodeType]]]:
    """Count the instructions and the calls of every Python function in this thread."""
    instructions: Counter[CodeType] = Counter()
    calls: Counter[CodeType] = Counter()

    def inside(frame: FrameType, event: str, _: Any) -> Any:
        if event == "opcode":
            instructions[frame.f_code] += 1
        return inside

    def called(frame: FrameType, _: str, __: Any) -> Any:
        if frame.f_code.co_filename == __file__:
            return None
        calls[frame.f_code] += 1
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return inside

    sys.settrace(called)
    try:
        yield instructions, calls
    finally:
        sys.settrace(None)


def _keystrokes(clients: Sequence[_Client], count: int) -> list[tuple[_Client, bytes]]:
    # A stride that meets every client, and no room twice in a flush if there are enough.
    chosen = [clients[number * 7_919 % len(clients)] for number in range(count)]
    return [(client, client.keystroke()) for client in chosen]


async def _send(rooms: Rooms, frames: Sequence[tuple[_Client, bytes]]) -> None:
    for start in range(0, len(frames), _FLUSH):
        for client, frame in frames[start : start + _FLUSH]:
            client.send(frame)
        await rooms.settle()
        await asyncio.sleep(0)


async def _count(
    rooms: int, clients_per_room: int, dialect: Dialect = "hocuspocus"
) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        return await _count_in(folder, rooms, clients_per_room, dialect)


async def _count_in(
    folder: str, rooms: int, clients_per_room: int, dialect: Dialect
) -> dict[str, Any]:
    url = f"sqlite+aiosqlite:///{folder}/quire.db"
    await upgrade(url)
    store = open_store(url)
    settings = Settings(database_url=url)
    grants = settings.new_document_grants
    async with Rooms(
        store.log, Limits(), flush_interval_s=0.0, new_document_grants=grants
    ) as served:
        identifier = Identifier(Verifiers(), takes_names=True)
        watch = AccessWatch(store.access, lambda _: None)
        backend = Backend.on(store, served, identifier, watch)
        sockets = Sockets(backend, settings, ServerInfo("quire", "0", "1"), CookieNames.of(b""))
        config = uvicorn.Config(
            sockets, ws_per_message_deflate=False, ws_ping_interval=None, log_level="critical"
        )
        config.load()
        clients = [
            _Client(config, dialect, f"room-{room}", room * clients_per_room + index)
            for room in range(rooms)
            for index in range(clients_per_room)
        ]
        await _until(lambda: len(sockets) == len(clients))
        for client in clients:
            client.join()
        await _until(lambda: len(served.sinks) == len(clients))
        await _send(served, _keystrokes(clients, 2 * len(clients)))
        # A large room tells some seconds later who has come.
        await _until(lambda: not any(room.wants_ticks for room in served))
        await _stop_timed()
        counts = []
        for _ in range(_SEGMENTS):
            frames = _keystrokes(clients, _SEGMENT)
            with _counting() as (instructions, calls):
                await _send(served, frames)
            counts.append((sum(instructions.values()), sum(calls.values()), instructions))
        await sockets.drain(0)
    await store.aclose()
    total, called, instructions = min(counts, key=lambda count: count[0])
    dearest = instructions.most_common(_DEAREST)
    return {
        "instructions": round(total / _SEGMENT),
        "calls": round(called / _SEGMENT),
        "dearest": {code.co_qualname: round(n / _SEGMENT) for code, n in dearest},
    }


async def _stop_timed() -> None:
    timed = [task for task in asyncio.all_tasks() if task.get_name() in _TIMED]
    for task in timed:
        task.cancel()
    await asyncio.wait(timed)


async def _until(condition: Any) -> None:
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def cost() -> dict[str, Any]:
    """Count the instructions of Python for an update, in 200 rooms of two and in one of 100."""
    return {
        "bench": "cost of an update",
        "python": sys.version.split()[0],
        "many_rooms": await _count(200, 2),
        "one_room": await _count(1, 100),
        "many_rooms_y_websocket": await _count(200, 2, "y-websocket"),
        "one_room_y_websocket": await _count(1, 100, "y-websocket"),
    }


if __name__ == "__main__":
    show(asyncio.run(cost()))
