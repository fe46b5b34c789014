"""A peer that says exactly what a test has it say, in either encoding; no test is in here.

    async with connect(server, "msgpack", name="Ana") as ana:
        await ana.join("notes")
        await ana.send("text_insert", doc="notes", id="a.1", base=None, pos=0, text="Hello")
        ack = await ana.expect("ack", id="a.1")

Messages are plain dictionaries, with bytes as bytes in both encodings. Nothing is retried and
nothing is hidden: what a client library would do for its user is what these tests look at.
"""

import asyncio
import base64
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from sync.text.delta import Delta, from_wire
from sync.wire.message import Encoding
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

Message = dict[str, Any]
PRESENCE: Final = frozenset({"member_joined", "member_left", "cursor", "awareness", "pong"})
"""Messages that promise no order, and that most tests do not look at."""
_BYTES: Final = frozenset({"update", "state", "state_vector"})


def ops_of(event: Message) -> Delta:
    """An event's change, from the fields that its type has."""
    match event["type"]:
        case "text_insert":
            wire = [{"retain": event["pos"]}, {"insert": event["text"]}]
        case "text_delete":
            wire = [{"retain": event["pos"]}, {"delete": event["len"]}]
        case _:
            wire = event["ops"]
    return from_wire([op for op in wire if op.get("retain") != 0])


class Peer:
    """One connection; see `connect`."""

    def __init__(self, socket: ClientConnection, encoding: Encoding) -> None:
        self.socket = socket
        self.encoding: Encoding = encoding
        self.session = ""
        self.user: Message = {}
        self.sent: Counter[str] = Counter()
        """How many messages of each type were sent."""
        self._held: deque[Message] = deque()
        self._barriers = 0

    # --- out ------------------------------------------------------------------------------------

    async def send(self, kind: str, **fields: Any) -> None:
        """Send a message; bytes are spelled as the encoding wants them."""
        self.sent[kind] += 1
        await self.send_frame(self.encode({"type": kind, **fields}))

    async def send_frame(self, frame: str | bytes) -> None:
        """Send a frame as it is."""
        await self.socket.send(frame)

    def encode(self, message: object) -> str | bytes:
        if self.encoding == "json":
            return msgspec.json.encode(message).decode()
        return msgspec.msgpack.encode(message)

    # --- in -------------------------------------------------------------------------------------

    async def receive(self) -> Message:
        """The next message, whatever it is."""
        if self._held:
            return self._held.popleft()
        return await self._read()

    async def expect(self, kind: str, **fields: Any) -> Message:
        """The next message of that type; what comes before it must be presence.

        Raises:
            AssertionError: something else came, or a field is not what was expected.
        """
        while True:
            message = await self.receive()
            if message["type"] == kind:
                break
            assert message["type"] in PRESENCE, f"{message} came instead of {kind}"
        found = {name: message.get(name) for name in fields}
        assert found == fields, message
        return message

    async def expect_error(self, code: str, **fields: Any) -> Message:
        """The next message that is not presence is this error, in words that a user may read."""
        message = await self.expect("error", code=code, **fields)
        assert message["message"]
        assert isinstance(message["retryable"], bool)
        return message

    async def until(self, wanted: Callable[[Message], bool]) -> list[Message]:
        """All messages up to the first that is wanted, that one included."""
        seen = [await self.receive()]
        while not wanted(seen[-1]):
            seen.append(await self.receive())
        return seen

    async def closed(self) -> int:
        """Read until the socket is closed; returns the code."""
        try:
            while True:
                await self._read()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    async def barrier(self) -> list[Message]:
        """Wait until the server has read all that was sent; returns what came meanwhile."""
        self._barriers += 1
        nonce = f"barrier {self._barriers}"
        await self.send("ping", nonce=nonce)
        seen: list[Message] = []
        while True:
            message = await self._read()
            if message["type"] == "pong" and message.get("nonce") == nonce:
                return seen
            self._held.append(message)
            seen.append(message)

    async def _read(self) -> Message:
        async with asyncio.timeout(PATIENCE_S):
            frame = await self.socket.recv()
        if self.encoding == "msgpack":
            assert isinstance(frame, bytes), "quire.v1.msgpack is binary frames"
            message: Message = msgspec.msgpack.decode(frame)
            return message
        assert isinstance(frame, str), "quire.v1.json is text frames"
        message = msgspec.json.decode(frame)
        for field in _BYTES & message.keys():
            message[field] = base64.b64decode(message[field], validate=True)
        return message

    # --- exchanges ------------------------------------------------------------------------------

    async def auth(self, name: str) -> Message:
        await self.send("auth", name=name)
        answer = await self.expect("auth_ok")
        self.session, self.user = answer["session"], answer["user"]
        return answer

    async def join(self, doc: str, mode: str = "text", **fields: Any) -> Message:
        await self.send("join", doc=doc, mode=mode, **fields)
        return await self.expect("joined", doc=doc)

    async def insert(
        self, doc: str, event_id: str, text: str, pos: int = 0, base: int | None = None
    ) -> Message:
        """Insert and wait for the ack."""
        await self.send("text_insert", doc=doc, id=event_id, base=base, pos=pos, text=text)
        return await self.expect("ack", doc=doc, id=event_id)

    async def update(self, doc: str, event_id: str, update: bytes) -> Message:
        """Send a Yjs update and wait for the ack; others' updates may come before it."""
        await self.send("update", doc=doc, id=event_id, update=update)
        while True:
            message = await self.receive()
            if message["type"] != "updates" and message["type"] not in PRESENCE:
                assert message["type"] == "ack", message
                assert message["id"] == event_id, message
                return message


@asynccontextmanager
async def open_socket(
    server: ServerProcess,
    subprotocols: Sequence[str] | None = None,
    *,
    origin: str | None = None,
    receive_buffer: int | None = None,
) -> AsyncIterator[ClientConnection]:
    """A WebSocket to `/ws`, on which nothing was said yet.

    Args:
        receive_buffer: frames that the client takes before they are asked for, for one that is
            to read slowly; None takes all.
    """
    socket = await open_websocket(
        server.ws_url,
        subprotocols=None if subprotocols is None else [Subprotocol(s) for s in subprotocols],
        origin=None if origin is None else Origin(origin),
        compression=None,
        max_size=None,
        max_queue=receive_buffer,
        open_timeout=PATIENCE_S,
        ping_interval=None,
        proxy=None,
        close_timeout=1,
    )
    try:
        yield socket
    finally:
        await socket.close()


@asynccontextmanager
async def connect(
    server: ServerProcess, encoding: Encoding = "json", *, name: str | None = "Ana"
) -> AsyncIterator[Peer]:
    """A peer that speaks `encoding` and is authenticated under `name` (None: not at all)."""
    async with open_socket(server, [f"quire.v1.{encoding}"]) as socket:
        peer = Peer(socket, encoding)
        if name is not None:
            await peer.auth(name)
        yield peer
