"""The messages of `quire.v1`, once, for JSON and MessagePack: the grammar in `docs/protocol.md`.

Decoding never raises on peer input: `decode_client` returns a message or a `Refusal`. Bytes are
base64 in JSON and binary in MessagePack; everything else has the same form in both.
"""

from typing import Annotated, Any, Final, Literal, cast

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from sync.error import ErrorCode, Refusal, refusal
from sync.names import (
    DOCUMENT_NAME_PATTERN,
    EVENT_ID_PATTERN,
    MAX_INTEGER,
    Mode,
    PositionEncoding,
    Role,
)

JSON_SUBPROTOCOL: Final = "quire.v1.json"
MSGPACK_SUBPROTOCOL: Final = "quire.v1.msgpack"
PROTOCOL: Final = "quire.v1"

Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Length = Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
Name = Annotated[str, Meta(pattern=DOCUMENT_NAME_PATTERN)]
Id = Annotated[str, Meta(pattern=EVENT_ID_PATTERN)]
WireDelta = list[dict[str, int | str]]
"""A delta as it travels (`sync.text.delta`): `[{"retain": n}, {"insert": "…"}, {"delete": n}]`."""


class _Message(Struct, tag_field="type", omit_defaults=True):
    pass


# --- client to server ---------------------------------------------------------------------------


class Auth(_Message, tag="auth"):
    token: str | None = None
    name: str | None = None


class JoinMessage(_Message, tag="join"):
    doc: Name
    mode: Mode = "text"
    since: Count | None = None
    epoch: str | None = None
    position_encoding: PositionEncoding = "codepoint"
    create: bool = True
    """False: a document that does not exist is not created, but refused."""


class LeaveMessage(_Message, tag="leave"):
    doc: Name


class TextInsert(_Message, tag="text_insert"):
    doc: Name
    id: Id
    base: Count | None
    pos: Count
    text: Annotated[str, Meta(min_length=1)]


class TextDelete(_Message, tag="text_delete"):
    doc: Name
    id: Id
    base: Count | None
    pos: Count
    len: Length


class TextEdit(_Message, tag="text_edit"):
    doc: Name
    id: Id
    base: Count | None
    ops: WireDelta


class Update(_Message, tag="update"):
    doc: Name
    id: Id
    update: bytes


class CursorMove(_Message, tag="cursor_move"):
    doc: Name
    base: Count | None
    anchor: Count | None
    head: Count | None


class AwarenessIn(_Message, tag="awareness"):
    doc: Name
    update: bytes


class Check(_Message, tag="check"):
    doc: Name
    version: Count
    hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Ping(_Message, tag="ping"):
    nonce: str | int | None = None


ClientMessage = (
    Auth
    | JoinMessage
    | LeaveMessage
    | TextInsert
    | TextDelete
    | TextEdit
    | Update
    | CursorMove
    | AwarenessIn
    | Check
    | Ping
)

CLIENT_TYPES: Final[frozenset[str]] = frozenset(
    kind.__struct_config__.tag
    for kind in ClientMessage.__args__
    if isinstance(kind.__struct_config__.tag, str)
)


# --- server to client ---------------------------------------------------------------------------


class UserInfo(Struct, frozen=True):
    id: str
    name: str
    color: str


class Actor(Struct, frozen=True):
    id: str
    name: str


class LimitsInfo(Struct, frozen=True, omit_defaults=True):
    """The limits of the server; 0 in one that older servers do not tell."""

    max_message_bytes: int
    max_document_chars: int
    max_documents: int
    edits_per_s: int
    max_document_bytes: int = 0
    max_document_structs: int = 0
    max_crdt_clients: int = 0
    max_unacknowledged: int = 0
    max_unacknowledged_bytes: int = 0
    max_awareness_bytes: int = 0
    max_awareness_clients: int = 0
    awareness_per_s: int = 0
    states_per_min: int = 0


class ServerInfo(Struct, frozen=True):
    name: str
    version: str
    protocol: str


class AuthOk(_Message, tag="auth_ok"):
    session: str
    user: UserInfo
    limits: LimitsInfo
    server: ServerInfo


class MemberInfo(Struct, frozen=True):
    session: str
    user: UserInfo
    mode: Mode


class Joined(_Message, tag="joined"):
    doc: str
    epoch: str
    version: int
    role: Role
    recovered: bool
    members: list[MemberInfo]
    text: str | UnsetType = UNSET
    state: bytes | UnsetType = UNSET


class Event(Struct, frozen=True, omit_defaults=True):
    """An event in the form that sockets, the history and SSE show."""

    version: int
    id: str
    type: str
    actor: Actor
    session: str
    at: str
    pos: int | UnsetType = UNSET
    len: int | UnsetType = UNSET
    text: str | UnsetType = UNSET
    ops: WireDelta | UnsetType = UNSET
    update: bytes | UnsetType = UNSET
    first: int | UnsetType = UNSET


class Events(_Message, tag="events"):
    doc: str
    events: list[Event]


class Updates(_Message, tag="updates", rename={"from_": "from"}):
    doc: str
    from_: int
    to: int
    update: bytes


class Ack(_Message, tag="ack"):
    doc: str
    id: str
    version: int
    changed: bool = True
    ops: WireDelta | UnsetType = UNSET


class Cursor(_Message, tag="cursor"):
    doc: str
    session: str
    user: UserInfo
    version: int
    anchor: int | None
    head: int | None


class AwarenessOut(_Message, tag="awareness"):
    doc: str
    update: bytes


class MemberJoined(_Message, tag="member_joined"):
    doc: str
    session: str
    user: UserInfo
    mode: Mode | UnsetType = UNSET


class MemberLeft(_Message, tag="member_left"):
    doc: str
    session: str
    user: UserInfo


class RoleChanged(_Message, tag="role"):
    doc: str
    role: Role


class Resync(_Message, tag="resync"):
    doc: str
    state_vector: bytes


class Checked(_Message, tag="checked"):
    doc: str
    version: int
    hash: str | None


class Diverged(_Message, tag="diverged"):
    doc: str
    version: int
    state: bytes


class ErrorMessage(_Message, tag="error"):
    code: ErrorCode
    message: str
    retryable: bool
    doc: str | UnsetType = UNSET
    id: str | UnsetType = UNSET
    retry_after_s: float | UnsetType = UNSET


class Pong(_Message, tag="pong"):
    at: str
    nonce: str | int | UnsetType = UNSET


ServerMessage = (
    AuthOk
    | Joined
    | Events
    | Updates
    | Ack
    | Cursor
    | AwarenessOut
    | MemberJoined
    | MemberLeft
    | RoleChanged
    | Resync
    | Checked
    | Diverged
    | ErrorMessage
    | Pong
)

# --- server to the clients of Yjs dialects, which encode it differently ---------------------------


class SyncReply(Struct, frozen=True):
    """The update that a client lacks by its state vector: the answer to `AskState`."""

    doc: str
    update: bytes


class StatelessOut(Struct, frozen=True):
    """Another client's message to the room; its content is not read."""

    doc: str
    payload: str


SingleMessage = ServerMessage | SyncReply | StatelessOut


class Several(Struct, frozen=True):
    """Messages that leave in one write, each in a frame of its own."""

    doc: str
    messages: tuple[SingleMessage, ...]
    kept: dict[int, Any] = {}
    """For a shell that encodes messages of which others have the same: what it keeps of each."""


Outgoing = SingleMessage | Several
"""Every message that a room delivers; clients of `quire.v1` are sent only server messages."""

# --- codecs -------------------------------------------------------------------------------------

_json_encoder = msgspec.json.Encoder()
_msgpack_encoder = msgspec.msgpack.Encoder()
_json_client = msgspec.json.Decoder(ClientMessage)
_msgpack_client = msgspec.msgpack.Decoder(ClientMessage)
_json_server = msgspec.json.Decoder(ServerMessage)
_msgpack_server = msgspec.msgpack.Decoder(ServerMessage)
_EMPTY_BIN: Final = b"\xc4\x00"
_BIN_32: Final = b"\xc6"
"""The beginning of 64 KiB of bytes and more; four bytes with their number follow."""

Encoding = Literal["json", "msgpack"]


def encode(message: SingleMessage | ClientMessage, encoding: Encoding) -> bytes:
    """Encode a message as one frame: UTF-8 JSON for a text frame, MessagePack for a binary one."""
    return (_json_encoder if encoding == "json" else _msgpack_encoder).encode(message)


def encode_before_state(message: Joined) -> bytes:
    """Return the MessagePack of a `joined` up to its state, whose bytes end the message.

    The state is one of at least 64 KiB.
    """
    assert isinstance(message.state, bytes), "it has one"
    empty = _msgpack_encoder.encode(replace(message, state=b""))
    assert empty.endswith(_EMPTY_BIN), "the state is the last field"
    return empty.removesuffix(_EMPTY_BIN) + _BIN_32 + len(message.state).to_bytes(4)


def decode_server(frame: bytes | str, encoding: Encoding) -> ServerMessage:
    """Return the message in a server's frame; used by clients.

    Raises:
        msgspec.DecodeError: it is not one; a client treats that as a broken server.
    """
    if encoding == "json":
        return cast(ServerMessage, _json_server.decode(frame))
    if isinstance(frame, str):
        raise msgspec.DecodeError("a text frame in quire.v1.msgpack")
    return cast(ServerMessage, _msgpack_server.decode(frame))


def decode_client(frame: bytes | str, encoding: Encoding) -> "ClientMessage | Rejected":
    """Return a client's message, or the reason to reject the frame. Never raises."""
    try:
        if encoding == "json":
            return cast(ClientMessage, _json_client.decode(frame))
        if isinstance(frame, str):
            return Rejected(
                refusal(ErrorCode.INVALID_MESSAGE, "quire.v1.msgpack takes binary frames")
            )
        return cast(ClientMessage, _msgpack_client.decode(frame))
    except msgspec.ValidationError as error:
        return _explain(frame, encoding, str(error))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Rejected(
            refusal(ErrorCode.INVALID_JSON, f"This is not valid {_FORMAT_NAMES[encoding]}.")
        )


_FORMAT_NAMES: Final[dict[str, str]] = {"json": "JSON", "msgpack": "MessagePack"}


class Rejected(Struct, frozen=True):
    """A frame that is no message: the reason, and the fields that the answer repeats."""

    why: Refusal
    doc: str | None = None
    id: str | None = None


def _explain(frame: bytes | str, encoding: Encoding, problem: str) -> Rejected:
    """Return the error that a frame deserves; slow, and only called for faulty frames."""
    try:
        if encoding == "json":
            value = msgspec.json.decode(frame)
        else:
            value = msgspec.msgpack.decode(frame if isinstance(frame, bytes) else frame.encode())
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Rejected(
            refusal(ErrorCode.INVALID_JSON, f"This is not valid {_FORMAT_NAMES[encoding]}.")
        )
    if not isinstance(value, dict):
        return Rejected(refusal(ErrorCode.INVALID_MESSAGE, "A message is an object."))
    doc, event_id = value.get("doc"), value.get("id")
    where = {
        "doc": doc if isinstance(doc, str) and len(doc) <= 128 else None,
        "id": event_id if isinstance(event_id, str) and len(event_id) <= 64 else None,
    }
    kind = value.get("type")
    if isinstance(kind, str) and kind not in CLIENT_TYPES:
        why = refusal(ErrorCode.UNKNOWN_TYPE, f"There is no message type {kind[:40]!r}.")
        return Rejected(why, **where)
    return Rejected(refusal(ErrorCode.INVALID_MESSAGE, f"{problem[:200]}."), **where)
