"""One WebSocket of `quire.v1`, as messages: opening it, sending, receiving."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, get_args

from msgspec import Struct, ValidationError
from msgspec import json as msgspec_json
from msgspec import msgpack as msgspec_msgpack
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.typing import Subprotocol

from sync.wire.message import (
    JSON_SUBPROTOCOL,
    MSGPACK_SUBPROTOCOL,
    ClientMessage,
    Encoding,
    ServerMessage,
    decode_server,
    encode,
)

_MAX_FRAME_BYTES: Final = 64 << 20
"""A whole document of 2,000,000 characters is 8 MB at most, 24 MB if JSON escapes it all."""
_SUBPROTOCOLS: Final[dict[Encoding, str]] = {
    "json": JSON_SUBPROTOCOL,
    "msgpack": MSGPACK_SUBPROTOCOL,
}
_SERVER_TYPES: Final = frozenset(
    kind.__struct_config__.tag for kind in get_args(ServerMessage) if issubclass(kind, Struct)
)


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of a client; the defaults suit the internet, tests want less."""

    connect_timeout_s: float = 10.0
    """The time limit of the first connection, failed attempts included."""
    close_timeout_s: float = 10.0
    """The time that leaving the client waits for acknowledgements."""
    ping_interval_s: float = 15.0
    ping_timeout_s: float = 15.0
    """The time after which a socket with an unanswered ping is closed."""


def dial(url: str, encoding: Encoding, timing: Timing) -> open_socket:
    """Return a connection to be, for `async with`; it raises as `websockets` does."""
    return open_socket(
        url,
        subprotocols=[Subprotocol(_SUBPROTOCOLS[encoding])],
        open_timeout=timing.connect_timeout_s,
        close_timeout=1.0,
        ping_interval=timing.ping_interval_s,
        ping_timeout=timing.ping_timeout_s,
        max_size=_MAX_FRAME_BYTES,
        compression=None,
    )


class Transport:
    """An open socket that carries messages in one encoding."""

    def __init__(self, socket: ClientConnection, encoding: Encoding) -> None:
        self._socket = socket
        self._encoding: Encoding = encoding

    async def send(self, message: ClientMessage) -> None:
        """Send a message; waits while the socket takes no more.

        Raises:
            websockets.ConnectionClosed: the socket is closed.
        """
        await self._socket.send(encode(message, self._encoding), text=self._encoding == "json")

    async def receive(self) -> ServerMessage | None:
        """Return the next message; None for one of a type that only later servers know.

        Raises:
            DecodeError: the frame cannot be read.
            websockets.ConnectionClosed: the socket is closed.
        """
        return self._decode(await self._socket.recv())

    async def messages(self) -> AsyncIterator[ServerMessage]:
        """Yield the messages of known types until the socket is closed normally; as `receive`."""
        async for frame in self._socket:
            message = self._decode(frame)
            if message is not None:
                yield message

    def _decode(self, frame: bytes | str) -> ServerMessage | None:
        try:
            return decode_server(frame, self._encoding)
        except ValidationError:
            decode = msgspec_json.decode if self._encoding == "json" else msgspec_msgpack.decode
            value = decode(frame.encode() if isinstance(frame, str) else frame)
            if isinstance(value, dict) and value.get("type") not in _SERVER_TYPES:
                return None
            raise
