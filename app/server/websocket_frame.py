"""The frames of WebSocket messages, as a server sends and reads them (RFC 6455, section 5.2)."""

import zlib
from collections.abc import MutableMapping
from typing import Any, Final

from sync.shells.rooms.sink import SERIES, TAIL

_FRAME: Final = "quire.frame"
"""The key under which a message has its frame."""
_DEFLATED: Final = "quire.deflated"
"""The same of its compressed frame."""

FINAL_TEXT: Final = 0x81
FINAL_BINARY: Final = 0x82
FINAL_CLOSE: Final = 0x88
FINAL_PING: Final = 0x89
FINAL_PONG: Final = 0x8A
CONTROL: Final = 0x08
FINAL: Final = 0x80
MASKED: Final = 0x80
MAX_CONTROL_BYTES: Final = 125
_COMPRESSED: Final = 0x40
SHORT_BYTES: Final = 16 << 10
"""Messages up to this length keep their frame, for whoever is sent them besides."""
_LONG_BYTES: Final = 1_024
"""The length from which on a message is worth being compressed; see
`docs/decisions/0022-compression-is-off.md`."""
WINDOW_BITS: Final = 12
MEMORY_LEVEL: Final = 5


def framed(message: MutableMapping[str, Any], *, deflates: bool) -> bytes:
    """Return the frame of a message, which others may be sent too; of a series, its frames.

    Args:
        message: a `websocket.send` without a tail, unless it is compressed; it keeps its frame.
        deflates: True if its receiver takes it compressed.
    """
    if deflates and _is_long(message):
        return _deflated_frame(message)
    frame: bytes | None = message.get(_FRAME)
    return frame or _encoded(message)


def _is_long(message: MutableMapping[str, Any]) -> bool:
    data: bytes | str | None = message.get("bytes")
    if data is None:
        return len(message.get("text", "")) >= _LONG_BYTES  # of a series none is worth it
    return len(data) >= _LONG_BYTES or TAIL in message


def _deflated_frame(message: MutableMapping[str, Any]) -> bytes:
    """Return the frame of a message, compressed on its own (RFC 7692, section 7.2.1).

    The message keeps it for its other receivers.
    """
    frame: bytes | None = message.get(_DEFLATED)
    if frame is None:
        data: bytes | None = message.get("bytes")
        head = FINAL_TEXT if data is None else FINAL_BINARY
        payload = message["text"].encode() if data is None else data + message.get(TAIL, b"")
        deflate = zlib.compressobj(wbits=-WINDOW_BITS, memLevel=MEMORY_LEVEL)
        short = deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH)
        frame = message[_DEFLATED] = encode_frame(head | _COMPRESSED, short[:-4])
    return frame


def _encoded(message: MutableMapping[str, Any]) -> bytes:
    """Return the frame of a `websocket.send` message, and keep it there if it is short."""
    data: bytes | None = message.get("bytes")
    if data is None:
        if SERIES in message:
            frame = b"".join([framed(each, deflates=False) for each in message[SERIES]])
            message[_FRAME] = frame
            return frame
        frame = encode_frame(FINAL_TEXT, message["text"].encode())
    else:
        frame = encode_frame(FINAL_BINARY, data)
    if len(frame) <= SHORT_BYTES:
        message[_FRAME] = frame
    return frame


def encode_frame(head: int, payload: bytes) -> bytes:
    """Return a frame as a server sends it, unmasked and uncompressed."""
    length = len(payload)
    if length < 126:
        return bytes((head, length)) + payload
    return encode_head(head, length) + payload


def encode_head(head: int, length: int) -> bytes:
    """Return the beginning of such a frame, before its payload of that length."""
    if length < 126:
        return bytes((head, length))
    if length < 1 << 16:
        return bytes((head, 126)) + length.to_bytes(2)
    return bytes((head, 127)) + length.to_bytes(8)


def frame_parts(message: MutableMapping[str, Any], *, deflates: bool) -> tuple[bytes, ...]:
    """Return the frame of a message in the parts that it is written in: its tail is not copied."""
    if deflates or TAIL not in message:
        return (framed(message, deflates=deflates),)
    data, tail = message["bytes"], message[TAIL]
    return encode_head(FINAL_BINARY, len(data) + len(tail)) + data, tail


def frame_extent(data: bytes, at: int) -> tuple[int, int] | None:
    """Return the start and end of the payload of the frame at `at`.

    Returns:
        None if so much of it is not there that it cannot be told. The end may lie past the data.
    """
    if len(data) < at + 2:
        return None
    length = data[at + 1] & 0x7F
    start = at + 2
    if length >= 126:
        width = 2 if length == 126 else 8
        if len(data) < start + width:
            return None
        length = int.from_bytes(data[start : start + width])
        start += width
    if data[at + 1] & MASKED:
        start += 4
    return start, start + length


def skip_to_close(data: bytes, unread: int) -> tuple[bytes, int, bool]:
    """Follow frames without looking into them, up to the peer's close frame.

    Args:
        unread: the number of bytes at the beginning of the data that belong to an earlier frame.

    Returns:
        The beginning of a frame that is not whole, the number of bytes of the next data that
        belong to a frame which has begun, and True if there is a close frame, behind which nothing
        matters.
    """
    size = len(data)
    at = 0
    while at < size:
        if unread:
            step = min(unread, size - at)
            unread -= step
            at += step
            continue
        extent = frame_extent(data, at)
        if extent is None:
            break
        start, end = extent
        if data[at] == FINAL_CLOSE and end - start <= MAX_CONTROL_BYTES:
            if end > size:
                break
            return b"", 0, True
        unread = end - at
    return data[at:], unread, False
