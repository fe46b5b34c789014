"""Where a room's messages for one session go: a socket, or a request that waits for an answer."""

from collections.abc import Callable
from typing import Any, Protocol

from msgspec import Struct

from sync.effect import CatchUp
from sync.room.room import Room
from sync.wire.message import Ack, Encoding, Outgoing, encode

Frame = dict[str, Any]
"""An ASGI `websocket.send` message; one object is shared by all who are sent the same."""


class Parcel(Struct):
    """A message for many sessions: encoded at most once for each encoding."""

    message: Outgoing
    doc: str = ""
    upto: int = -1
    droppable: bool = False
    frames: dict[str, tuple[Frame, int] | None] = {}
    """What it is in each encoding, as far as it was asked for."""

    def frame(self, encoding: Encoding) -> tuple[Frame, int]:
        """The ASGI message that carries it in `quire.v1`, shared by all, and its size in bytes."""
        frame = self.frames.get(encoding)
        if frame is None:
            data = encode(self.message, encoding)
            kind = {"text": data.decode()} if encoding == "json" else {"bytes": data}
            frame = self.frames[encoding] = ({"type": "websocket.send", **kind}, len(data))
        return frame

    def add(self, key: str, data: bytes) -> tuple[Frame, int]:
        """The same in another protocol, from here on for everybody of that `key`."""
        frame = self.frames[key] = ({"type": "websocket.send", "bytes": data}, len(data))
        return frame

    def spelled(
        self, key: str, spell: Callable[[Outgoing], bytes | None]
    ) -> tuple[Frame, int] | None:
        """The same in another protocol: `spell` is asked once for each `key`.

        Returns:
            None if the protocol has no words for it.
        """
        if key not in self.frames:
            data = spell(self.message)
            self.frames[key] = None if data is None else (binary_frame(data), len(data))
        return self.frames[key]


def binary_frame(data: bytes) -> Frame:
    """The ASGI message for a binary WebSocket frame."""
    return {"type": "websocket.send", "bytes": data}


class Sink(Protocol):
    """One session, as the rooms see it. No method waits."""

    def deliver(self, parcel: Parcel) -> None: ...

    def settled(self, size: int, ack: Ack | None = None) -> None:
        """A submission of this many bytes has had its answer, or will have it from the log.

        Args:
            ack: the answer, if it has not been delivered.
        """
        ...

    def catch_up(self, room: Room, order: CatchUp) -> None:
        """Read what the order says, and tell the room of each page."""
        ...

    def dismiss(self, doc: str) -> None:
        """It is out of that room."""
        ...
