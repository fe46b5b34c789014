"""The sink of a room's messages to one session, and the parcels that it is given."""

from collections.abc import Callable
from typing import Any, Protocol

from msgspec import Struct

from sync.effect import CatchUp
from sync.room.room import Room
from sync.wire.message import Ack, Encoding, Outgoing, encode

Frame = dict[str, Any]
"""An ASGI `websocket.send` message; all receivers of the same bytes share one object."""


class Parcel(Struct):
    """A message for many sessions, encoded at most once in each encoding."""

    message: Outgoing
    doc: str = ""
    upto: int = -1
    droppable: bool = False
    frames: dict[str, tuple[Frame, int] | None] = {}
    """The encoded frames by encoding or `key`, with sizes in bytes; None: it has no such form."""

    def frame(self, encoding: Encoding) -> tuple[Frame, int]:
        """Return the message as a frame of `quire.v1`, and its size in bytes."""
        frame = self.frames.get(encoding)
        if frame is None:
            data = encode(self.message, encoding)
            kind = {"text": data.decode()} if encoding == "json" else {"bytes": data}
            frame = self.frames[encoding] = ({"type": "websocket.send", **kind}, len(data))
        return frame

    def add(self, key: str, data: bytes) -> tuple[Frame, int]:
        """Set and return the frame for all sessions of that `key`, which speak another protocol."""
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
    """Return the ASGI message for a binary WebSocket frame."""
    return {"type": "websocket.send", "bytes": data}


class Sink(Protocol):
    """The receiver of a room's messages to one session. No method waits."""

    def deliver(self, parcel: Parcel) -> None: ...

    def settled(self, size: int, ack: Ack | None = None, *, is_followed: bool = False) -> None:
        """Note that a submission of this many bytes is answered, or will be by a replay of the log.

        Args:
            ack: the answer, if it was not delivered as a message.
            is_followed: True if `deliver` is soon called with the event that it became.
        """
        ...

    def catch_up(self, room: Room, order: CatchUp) -> None:
        """Read the ordered events from the log, and hand each page to the room as a fact."""
        ...

    def dismiss(self, doc: str) -> None:
        """Note that the session is no longer in that room."""
        ...
