"""The frames of the y-websocket dialect: y-protocols messages, one to a binary WebSocket frame.

    frame = 0 sync        kind (0 step 1, 1 step 2, 2 update), byte array
            1 awareness   byte array: an awareness update, see `sync.yjs.awareness`
            2 auth        0, string: permission denied, from the server alone
            3 query       nothing: asks for everybody's awareness

The Hocuspocus dialect (`sync.wire.hocuspocus`) puts an address in front of the first two.
"""

from enum import IntEnum
from typing import Final

from msgspec import Struct

from sync.yjs.varint import (
    MAX_SAFE_INTEGER,
    MalformedError,
    Reader,
    write_data,
    write_text,
    write_varint,
)

_SYNC: Final = 0
_AWARENESS: Final = 1
_AUTH: Final = 2
_QUERY_AWARENESS: Final = 3

NO_CHANGE: Final = b"\0\0"
"""The Yjs v1 update without content: the answer of a client that lacks nothing to step 1."""


class SyncKind(IntEnum):
    """The kinds of sync messages."""

    STEP1 = 0
    STEP2 = 1
    UPDATE = 2


UPDATE_HEAD: Final = bytes((_SYNC, SyncKind.UPDATE))
"""The beginning of an update; its length and its bytes follow."""
UPDATE_OVERHEAD: Final = len(UPDATE_HEAD) + 1
"""The bytes before those of an update of under 128 bytes, whose length is one byte."""


class SyncRequest(Struct, frozen=True):
    """Step 1: the sender's state vector, and a request for what it lacks."""

    state_vector: bytes


class SyncUpdate(Struct, frozen=True):
    """Step 2 or an update: a Yjs v1 update."""

    update: bytes
    is_past: bool = False
    """True if it is step 2: what the sender has and the receiver lacks, by any author."""


class AwarenessUpdate(Struct, frozen=True):
    """States of clients, the sender's own or repeated ones."""

    update: bytes


class AwarenessQuery(Struct, frozen=True):
    """A request for everybody's awareness."""


class Ignored(Struct, frozen=True):
    """A message of a type that servers do not take; it is ignored."""


YjsMessage = SyncRequest | SyncUpdate | AwarenessUpdate | AwarenessQuery | Ignored


def decode_frame(frame: bytes) -> YjsMessage:
    """Return the message in a client's frame.

    Raises:
        MalformedError: it is cut off, has an unknown sync type, or bytes follow its end.
    """
    return short_update(frame, 0) or read_frame(frame)


def short_update(frame: bytes, at: int) -> SyncUpdate | None:
    """Return the sync message at `at` if it is an update of under 128 bytes, as most are.

    None means only that the frame has to be read step by step.
    """
    size = len(frame) - at - UPDATE_OVERHEAD
    if 0 <= size < 0x80 and frame[at + 2] == size and frame.startswith(UPDATE_HEAD, at):
        return SyncUpdate(frame[at + UPDATE_OVERHEAD :])
    return None


def read_frame(frame: bytes) -> YjsMessage:
    """Read any frame, step by step; see `decode_frame`."""
    reader = Reader(frame)
    kind = reader.number()
    if kind == _SYNC:
        return read_sync(reader)
    if kind == _AWARENESS:
        return read_awareness(reader)
    if kind == _QUERY_AWARENESS:
        reader.end()
        return AwarenessQuery()
    return Ignored()


def read_sync(reader: Reader) -> SyncRequest | SyncUpdate:
    """Read the rest of a sync message, after its type, to the end.

    Raises:
        MalformedError: it is no sync message.
    """
    kind = reader.number()
    if kind > SyncKind.UPDATE:
        raise MalformedError("an unknown sync type")
    data = reader.data(MAX_SAFE_INTEGER)
    reader.end()
    return SyncRequest(data) if kind == SyncKind.STEP1 else SyncUpdate(data, kind == SyncKind.STEP2)


def read_awareness(reader: Reader) -> AwarenessUpdate:
    """Read the rest of an awareness message, after its type, to the end.

    Raises:
        MalformedError: it is no awareness message.
    """
    data = reader.data(MAX_SAFE_INTEGER)
    reader.end()
    return AwarenessUpdate(data)


def encode_sync(kind: SyncKind, data: bytes) -> bytes:
    """Encode a sync message; `data` is a state vector in step 1, else a Yjs v1 update."""
    size = len(data)
    if size < 0x80:
        return bytes((_SYNC, kind, size)) + data
    out = bytearray((_SYNC, kind))
    write_data(out, data)
    return bytes(out)


def encode_before_update(kind: SyncKind, size: int) -> bytes:
    """Encode a sync message up to its update of that size, whose bytes end the message."""
    out = bytearray((_SYNC, kind))
    write_varint(out, size)
    return bytes(out)


def encode_awareness_message(update: bytes) -> bytes:
    """Encode an awareness update as an awareness message."""
    out = bytearray((_AWARENESS,))
    write_data(out, update)
    return bytes(out)


def encode_permission_denied(reason: str) -> bytes:
    """Encode the refusal of a request; stock clients log it."""
    out = bytearray((_AUTH, 0))
    write_text(out, reason)
    return bytes(out)


KEEP_ALIVE: Final = encode_awareness_message(b"\0")
"""The awareness of nobody: it changes nothing, and shows a client that the server is there."""
