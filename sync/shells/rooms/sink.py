"""The sink of a room's messages to one session, and the parcels that it is given."""

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol, TypeGuard

from msgspec import Struct

from sync.effect import CatchUp
from sync.room.room import Room
from sync.wire.message import (
    Ack,
    Encoding,
    Joined,
    Outgoing,
    Several,
    SingleMessage,
    encode,
    encode_before_state,
)

Frame = dict[str, Any]
"""An ASGI `websocket.send` message; all receivers of the same bytes share one object."""
TAIL: Final = "quire.tail"
"""The key of bytes that follow those under `bytes`: a document's state, which all who join it while
it does not change are sent. Each of them would have a copy of its own otherwise."""
SERIES: Final = "quire.series"
"""The key of frames that are written in one write, in place of `bytes` and `text`."""
LONG_BYTES: Final = 256 << 10
"""The length from which on a state is a tail."""

_UNCOMMON: Final = (Joined, Several)


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
            message = self.message
            if isinstance(message, _UNCOMMON):
                return self._uncommon_frame(message, encoding)
            return self._encoded(message, encoding)
        return frame

    def _uncommon_frame(self, message: Joined | Several, encoding: Encoding) -> tuple[Frame, int]:
        if isinstance(message, Several):
            made = _series([piece.frame(encoding) for piece in _pieces(message)])
            self.frames[encoding] = made
            return made
        if encoding == "msgpack" and is_long(message.state):
            return self.add(encoding, encode_before_state(message), message.state)
        return self._encoded(message, encoding)

    def _encoded(self, message: SingleMessage, encoding: Encoding) -> tuple[Frame, int]:
        data = encode(message, encoding)
        kind = {"text": data.decode()} if encoding == "json" else {"bytes": data}
        made = self.frames[encoding] = ({"type": "websocket.send", **kind}, len(data))
        return made

    def add(self, key: str, data: bytes, tail: bytes = b"") -> tuple[Frame, int]:
        """Set and return the frame for all sessions of that `key`, which speak another protocol.

        Args:
            tail: follows the data, uncopied.
        """
        frame = binary_frame(data)
        if tail:
            frame[TAIL] = tail
        self.frames[key] = made = (frame, len(data) + len(tail))
        return made

    def encoded(
        self, key: str, encode_message: Callable[[SingleMessage], bytes | None]
    ) -> tuple[Frame, int] | None:
        """Return the frame of the message in another protocol, and its size.

        Args:
            key: names the protocol; `encode_message` is called once for each.

        Returns:
            None if the protocol has no message for it.
        """
        if key not in self.frames:
            message = self.message
            if isinstance(message, Several):
                encoded = [piece.encoded(key, encode_message) for piece in _pieces(message)]
                frames = [frame for frame in encoded if frame is not None]
                self.frames[key] = _series(frames) if frames else None
            else:
                data = encode_message(message)
                self.frames[key] = None if data is None else (binary_frame(data), len(data))
        return self.frames[key]


def _pieces(several: Several) -> Iterator[Parcel]:
    """Yield each message as a parcel of its own, which all keep that have the message."""
    kept = several.kept
    for message in several.messages:
        piece = kept.get(id(message))
        if piece is None:
            piece = kept[id(message)] = Parcel(message, several.doc)
        yield piece


def _series(frames: list[tuple[Frame, int]]) -> tuple[Frame, int]:
    """Return frames as one."""
    if len(frames) == 1:
        return frames[0]
    series: Frame = {"type": "websocket.send", SERIES: [frame for frame, _ in frames]}
    return series, sum(size for _, size in frames)


def binary_frame(data: bytes) -> Frame:
    """Return the ASGI message for a binary WebSocket frame."""
    return {"type": "websocket.send", "bytes": data}


def is_long(state: object) -> TypeGuard[bytes]:
    """Return whether a state, or the lack of one, is long enough to be a tail."""
    return isinstance(state, bytes) and len(state) >= LONG_BYTES


def singles(frame: Frame) -> Iterator[Frame]:
    """Yield what a frame stands for, for a server that knows nothing of tails and series."""
    for each in frame.get(SERIES) or (frame,):
        yield whole(each)


def whole(frame: Frame) -> Frame:
    """Return a single frame without a tail."""
    tail: bytes | None = frame.get(TAIL)
    return frame if tail is None else binary_frame(frame["bytes"] + tail)


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
