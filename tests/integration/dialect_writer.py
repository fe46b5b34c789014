"""Clients of the Yjs dialects that write without a pause and come back; no test is in here.

They keep what a stock provider keeps, which is the document: on each connection both sides say what
they have, and send what the other lacks.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from sync.names import Dialect
from sync.wire.hocuspocus import encode_address
from sync.wire.ysync import SyncKind, SyncRequest, SyncUpdate, encode_sync, read_sync
from sync.yjs.varint import Reader
from tests.integration import peer
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica
from tests.patience import PATIENCE_S

_TOKEN: Final = b"\x02\x00\x03tok"
_SYNC: Final = (0, 4)
"""The types of sync messages: of both dialects, and of Hocuspocus' own answer to step 1."""
_PAUSE_S: Final = 0.01


class DialectWriter:
    """One author in one document, who speaks `y-websocket` or `hocuspocus`."""

    def __init__(
        self, server: ServerProcess, doc: str, name: str, seed: int, dialect: Dialect
    ) -> None:
        self.name = name
        self.made = 0
        self.replica = YjsReplica(seed)
        self._server = server
        self._doc = doc
        self._dice = random.Random(seed)
        self._prefix = encode_address(doc) if dialect == "hocuspocus" else b""
        self._synced = False
        self._was_asked = False

    def move(self, server: ServerProcess) -> None:
        """Connect to another process of the same service the next time."""
        self._server = server

    async def write_up_to(self, goal: int) -> bool:
        """Write until `goal` edits were made in all; returns whether they were sent."""
        with suppress(WebSocketException, OSError, EOFError):
            async with self._connected() as socket:
                reading = asyncio.create_task(self._read(socket))
                try:
                    while self.made < goal:
                        self.made += 1
                        await self._send(socket, SyncKind.UPDATE, self._edit())
                        await asyncio.sleep(_PAUSE_S)
                finally:
                    reading.cancel()
                    with suppress(asyncio.CancelledError, WebSocketException):
                        await reading
        return self.made == goal

    async def flush(self) -> None:
        """Write nothing new; return when the server shows others all of it."""
        async with asyncio.timeout(PATIENCE_S):
            while not await self._is_shown():
                await self._synchronize()

    async def _is_shown(self) -> bool:
        """Whether one who joins gets all that is here; a state vector says nothing of deletions."""
        with suppress(WebSocketException, OSError, EOFError):
            async with peer.connect(self._server) as newcomer:
                joined = await newcomer.join(self._doc, "yjs")
            shown = YjsReplica()
            shown.apply(joined["state"])
            before = shown.state
            shown.apply(self.replica.state)
            return shown.state == before
        return False

    async def finish(self, text: str) -> None:
        """Write nothing new; return when `text` is what is here."""
        async with asyncio.timeout(PATIENCE_S):
            while self.replica.text != text:
                await self._synchronize()

    async def _synchronize(self) -> None:
        """Connect, and take and give what is lacking."""
        self._synced = self._was_asked = False
        with suppress(WebSocketException, OSError, EOFError):
            async with self._connected() as socket:
                while not (self._synced and self._was_asked):
                    await self._take(socket, await socket.recv())
        await asyncio.sleep(_PAUSE_S)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[ClientConnection]:
        path = "/hocuspocus" if self._prefix else f"/yjs/{self._doc}"
        url = f"{self._server.url.replace('http', 'ws', 1)}{path}?name={self.name}"
        async with connect(
            url, proxy=None, compression=None, open_timeout=PATIENCE_S, ping_interval=None
        ) as socket:
            if self._prefix:
                await socket.send(self._prefix + _TOKEN)
            await self._send(socket, SyncKind.STEP1, self.replica.state_vector)
            yield socket

    async def _send(self, socket: ClientConnection, kind: SyncKind, data: bytes) -> None:
        await socket.send(self._prefix + encode_sync(kind, data))

    async def _read(self, socket: ClientConnection) -> None:
        while True:
            await self._take(socket, await socket.recv())

    async def _take(self, socket: ClientConnection, frame: str | bytes) -> None:
        assert isinstance(frame, bytes), "the dialects are binary"
        reader = Reader(frame)
        if self._prefix:
            assert reader.data(1_000).decode() == self._doc
        if reader.number() not in _SYNC:
            return
        match read_sync(reader):
            case SyncRequest(state_vector):
                self._was_asked = True
                await self._send(socket, SyncKind.STEP2, self.replica.since(state_vector))
            case SyncUpdate(update):
                self.replica.apply(update)
                self._synced = frame[len(self._prefix) + 1] == SyncKind.STEP2 or self._synced

    def _edit(self) -> bytes:
        size = len(self.replica.text)
        at = self._dice.randint(0, size)
        deleted = min(3, size - at) if self._dice.random() < 0.3 else 0
        return self.replica.edit((at, deleted, self._dice.choice(["d", "😀e"])))
