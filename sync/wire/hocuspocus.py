"""The frames of the Hocuspocus dialect: many documents on one socket, for providers 3.x and 4.x.

    frame   = address, type, body      or one byte: 9 ping, 10 pong
    address = string: document's name, or name NUL session id (session-aware providers of 4.x)

Sync and awareness bodies are those of y-protocols (`sync.wire.ysync`).
"""

from enum import IntEnum
from typing import Final

from msgspec import Struct

from sync.wire.ysync import (
    AwarenessQuery,
    AwarenessUpdate,
    Ignored,
    SyncRequest,
    SyncUpdate,
    read_awareness,
    read_sync,
    short_update,
)
from sync.yjs.varint import MalformedError, Reader, write_text, write_varint

MAX_ADDRESS_BYTES: Final = 512
MAX_TOKEN_BYTES: Final = 16 * 1024
MAX_STATELESS_BYTES: Final = 64 * 1024

_PING_FRAME: Final = b"\x09"
PONG_FRAME: Final = b"\x0a"
_READ_WRITE: Final = "read-write"
_READ_ONLY: Final = "readonly"


class FrameType(IntEnum):
    """The type of a message; it follows the address."""

    SYNC = 0
    AWARENESS = 1
    AUTH = 2
    QUERY_AWARENESS = 3
    STATELESS = 5
    CLOSE = 7
    SYNC_STATUS = 8


class _Auth(IntEnum):
    TOKEN = 0
    PERMISSION_DENIED = 1
    AUTHENTICATED = 2


class Token(Struct, frozen=True):
    """A request for a document, or a renewed token; `version` is the provider's, from 4.x on."""

    token: str
    version: str | None = None


class StatelessIn(Struct, frozen=True):
    """A message to the others in the room; its content is not read."""

    payload: str


class CloseDocument(Struct, frozen=True):
    """A notice that the provider leaves the document; the socket stays."""


class Ping(Struct, frozen=True):
    """A question whether the server answers."""


HocuspocusMessage = (
    SyncRequest
    | SyncUpdate
    | AwarenessUpdate
    | AwarenessQuery
    | Token
    | StatelessIn
    | CloseDocument
    | Ping
    | Ignored
)


class Addressed(Struct, frozen=True):
    """A client's frame: an address and a message; a ping has an empty address."""

    address: str
    message: HocuspocusMessage


def decode_frame(frame: bytes) -> Addressed:
    """Return the address and the message of a client's frame.

    Raises:
        MalformedError: it is cut off, too long in one of its parts, of a type that no client
            sends, or bytes follow its end.
    """
    if len(frame) > 1 and (end := frame[0] + 1) <= 0x80:
        update = short_update(frame, end)
        if update is not None:
            try:
                return Addressed(frame[1:end].decode(), update)
            except UnicodeDecodeError:
                raise MalformedError("a string is not valid UTF-8") from None
    return read_frame(frame)


def read_frame(frame: bytes) -> Addressed:
    """Read any frame, step by step; see `decode_frame`."""
    if frame == _PING_FRAME:
        return Addressed("", Ping())
    if frame == PONG_FRAME:
        return Addressed("", Ignored())
    reader = Reader(frame)
    address = reader.text(MAX_ADDRESS_BYTES)
    return Addressed(address, _read_body(reader))


def _read_body(reader: Reader) -> HocuspocusMessage:
    kind = reader.number()
    match kind:
        case FrameType.SYNC:
            return read_sync(reader)
        case FrameType.AWARENESS:
            return read_awareness(reader)
        case FrameType.AUTH:
            return _read_auth(reader)
        case FrameType.QUERY_AWARENESS:
            reader.end()
            return AwarenessQuery()
        case FrameType.STATELESS:
            payload = reader.text(MAX_STATELESS_BYTES)
            reader.end()
            return StatelessIn(payload)
        case FrameType.CLOSE:
            return CloseDocument()
    raise MalformedError("a message type that clients do not send")


def _read_auth(reader: Reader) -> Token:
    if reader.number() != _Auth.TOKEN:
        raise MalformedError("an auth message that clients do not send")
    token = reader.text(MAX_TOKEN_BYTES)
    version = reader.text(MAX_ADDRESS_BYTES) if reader.left else None
    reader.end()
    return Token(token, version)


def document_name(address: str) -> str:
    """Return the document of an address, which may carry a session id behind a NUL."""
    return address.partition("\0")[0]


def encode_address(address: str) -> bytes:
    """Encode the head of every message for that address."""
    out = bytearray()
    write_text(out, address)
    return bytes(out)


def encode_authenticated(*, may_write: bool) -> bytes:
    """Encode the answer to an accepted token, without its address."""
    return _auth(_Auth.AUTHENTICATED, _READ_WRITE if may_write else _READ_ONLY)


def encode_permission_denied(reason: str) -> bytes:
    """Encode the answer to a refused token, without its address."""
    return _auth(_Auth.PERMISSION_DENIED, reason)


def encode_token_request() -> bytes:
    """Encode the request that the client send its token again, without its address."""
    return bytes((FrameType.AUTH, _Auth.TOKEN))


def _auth(kind: _Auth, text: str) -> bytes:
    out = bytearray((FrameType.AUTH, kind))
    write_text(out, text)
    return bytes(out)


def encode_stateless(payload: str) -> bytes:
    """Encode another client's stateless message, without its address."""
    out = bytearray((FrameType.STATELESS,))
    write_text(out, payload)
    return bytes(out)


def encode_close(reason: str) -> bytes:
    """Encode the end of one document on the socket, without its address."""
    out = bytearray((FrameType.CLOSE,))
    write_text(out, reason)
    return bytes(out)


def encode_sync_status(*, applied: bool) -> bytes:
    """Encode the answer to one step 2 or update, without its address."""
    out = bytearray((FrameType.SYNC_STATUS,))
    write_varint(out, int(applied))
    return bytes(out)
