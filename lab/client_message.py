"""The messages of `quire.v1` that a crash test looks at, and the canonical content of an edit."""

from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec


class Ack(msgspec.Struct, tag_field="type", tag="ack"):
    """An edit is accepted."""

    id: str
    version: int
    changed: bool = True
    ops: list[dict[str, Any]] | None = None


class EventIn(msgspec.Struct):
    """One event of the log."""

    version: int
    id: str
    type: str
    pos: int = 0
    text: str = ""
    len: int = 0
    ops: list[dict[str, Any]] | None = None


class Events(msgspec.Struct, tag_field="type", tag="events"):
    """Events of others, in text mode."""

    events: list[EventIn]


class Updates(msgspec.Struct, tag_field="type", tag="updates", rename={"from_": "from"}):
    """The changes from `from_` to `to`, in yjs mode."""

    from_: int
    to: int
    update: bytes


class Joined(msgspec.Struct, tag_field="type", tag="joined"):
    """The document as it is joined."""

    version: int
    epoch: str
    recovered: bool
    text: str | None = None
    state: bytes | None = None


class Refused(msgspec.Struct, tag_field="type", tag="error"):
    """An error, of an edit if it has an id."""

    code: str
    message: str
    retryable: bool
    id: str | None = None


class Resync(msgspec.Struct, tag_field="type", tag="resync"):
    """A request for everything since a state vector."""

    state_vector: bytes


class AuthOk(msgspec.Struct, tag_field="type", tag="auth_ok"):
    """The session begins."""

    session: str


Incoming = Ack | Events | Updates | Joined | Refused | Resync | AuthOk
_decoder: Final = msgspec.msgpack.Decoder(
    Ack | Events | Updates | Joined | Refused | Resync | AuthOk
)
_canonical: Final = msgspec.msgpack.Encoder()


def decode_incoming(payload: bytes) -> Incoming | None:
    """Return a message; None for those of presence and the like."""
    try:
        return cast(Incoming, _decoder.decode(payload))
    except msgspec.ValidationError:
        return None


def content_of(ops: Sequence[dict[str, Any]]) -> bytes:
    """Return the canonical form of a delta that the server sent."""
    return _canonical.encode(ops)


def ops_of(event: EventIn) -> list[dict[str, Any]]:
    """Return an event's delta from the fields that its type has."""
    match event.type:
        case "text_insert":
            ops: list[dict[str, Any]] = [{"retain": event.pos}, {"insert": event.text}]
        case "text_delete":
            ops = [{"retain": event.pos}, {"delete": event.len}]
        case _:
            ops = event.ops or []
    return ops[1:] if ops and ops[0].get("retain") == 0 else ops


def growth_of(ops: Sequence[dict[str, Any]]) -> int:
    """Return by how many code points a delta makes a text longer."""
    grown = 0
    for op in ops:
        grown += len(op["insert"]) if "insert" in op else -op.get("delete", 0)
    return grown
