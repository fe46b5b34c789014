"""Presence between the rooms of one document in several processes.

    room (sender s) ── parts ──▶ packed, numbered, sealed ──▶ bus ──▶ unsealed ──▶ other rooms

A message may be lost, late or doubled; so messages are numbered, and `sync.presence.guests` asks
again for missing ones. A forged message could not be recognised otherwise; so messages are sealed
with a key from the database, to which all processes of the log have access and Redis has not.
"""

import hmac
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from sync.names import MAX_INTEGER
from sync.wire.message import MemberInfo, UserInfo

_MAX_PACKED_BYTES: Final = 64 << 10
"""Parts go out together up to this; a larger one goes alone."""
_SEAL_BYTES: Final = 16

_Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]


class Ask(Struct, frozen=True, tag="ask"):
    """A request for the whole state; the answer names the nonce, which proves that it is new."""

    nonce: str


class Begin(Struct, frozen=True, tag="begin"):
    """The start of the whole state, which ends with `End`."""

    answers: tuple[str, ...]
    """The nonces of the requests that are answered."""


class End(Struct, frozen=True, tag="end"):
    """The end of the whole state: whatever was not repeated since `Begin` is gone."""


class Came(Struct, frozen=True, tag="came"):
    """Sessions that are in the room, each with its mode."""

    members: tuple[MemberInfo, ...]


class Left(Struct, frozen=True, tag="left"):
    """A session that has left the room. Its awareness is taken back by a `Spoke`."""

    session: str


class Pointed(Struct, frozen=True, tag="pointed"):
    """The cursor of a session, as text mode shows it."""

    epoch: str
    session: str
    user: UserInfo
    """The user under whose name it is shown."""
    version: _Count
    anchor: _Count | None
    """Code points in the text at `version`; None, as for `head`: it has none."""
    head: _Count | None


class Spoke(Struct, frozen=True, tag="spoke"):
    """An awareness update, as it went out to the Yjs sessions."""

    update: bytes


class Said(Struct, frozen=True, tag="said"):
    """A stateless message to Hocuspocus clients."""

    payload: str


class Alive(Struct, frozen=True, tag="alive"):
    """A sign of life; nothing has changed."""


class Gone(Struct, frozen=True, tag="gone"):
    """A notice that the room is closed."""


Part: TypeAlias = Ask | Begin | End | Came | Left | Pointed | Spoke | Said | Alive | Gone


class Sealed(Struct, frozen=True, tag="sealed", tag_field="type", rename={"sender": "voice"}):
    """Parts, sealed, in the form that the bus carries."""

    sender: Annotated[str, Meta(max_length=64)]
    """The random name of one opened room."""
    number: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
    """The number of this message of that sender about the document, from 1."""
    parts: bytes
    seal: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[tuple[Part, ...]] = msgspec.msgpack.Decoder(tuple[Part, ...])


def pack(parts: Iterable[Part]) -> Iterator[bytes]:
    """Encode parts, in order, in pieces that the bus takes."""
    held: list[Raw] = []
    size = 0
    for part in parts:
        encoded = _encoder.encode(part)
        if held and size + len(encoded) > _MAX_PACKED_BYTES:
            yield _encoder.encode(held)
            held, size = [], 0
        held.append(Raw(encoded))
        size += len(encoded)
    if held:
        yield _encoder.encode(held)


def seal(key: bytes, document: str, sender: str, number: int, parts: bytes) -> Sealed:
    """Seal what `pack` returned; the seal holds for that document, sender and number only."""
    return Sealed(sender, number, parts, _seal(key, document, sender, number, parts))


def unseal(key: bytes, document: str, sealed: Sealed) -> tuple[Part, ...] | None:
    """Return the parts; None if the seal is not of this key, or the parts are unknown."""
    expected = _seal(key, document, sealed.sender, sealed.number, sealed.parts)
    if not hmac.compare_digest(expected, sealed.seal):
        return None
    try:
        return _decoder.decode(sealed.parts)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        # From a process of another version.
        return None


def _seal(key: bytes, document: str, sender: str, number: int, parts: bytes) -> bytes:
    said = _encoder.encode((document, sender, number, parts))
    return blake2b(said, key=key, digest_size=_SEAL_BYTES).digest()
