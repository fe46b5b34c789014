"""What the rooms of one document in several processes tell each other of who is in them.

    room (sender v) ── parts ──▶ packed, numbered, sealed ──▶ bus ──▶ unsealed ──▶ other rooms

On the way it may be lost, late or doubled: so it is numbered, and `sync.presence.guests` asks again
for what it lacks. It must not be forged, since nobody could tell: so it is sealed with a key that
lies in the database, which every process reads that serves the document, and Redis does not.
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
    """Say all of it: the answer names the nonce, so that it is known to be no older."""

    nonce: str


class Begin(Struct, frozen=True, tag="begin"):
    """All that there is follows, up to `End`."""

    answers: tuple[str, ...]
    """The nonces of those who have asked."""


class End(Struct, frozen=True, tag="end"):
    """What was not said again since `Begin` is no more."""


class Came(Struct, frozen=True, tag="came"):
    """These sessions are in the room, each in this mode."""

    members: tuple[MemberInfo, ...]


class Left(Struct, frozen=True, tag="left"):
    """A session is not in the room any more. What it said in awareness is taken back by `Spoke`."""

    session: str


class Pointed(Struct, frozen=True, tag="pointed"):
    """Where the cursor of a session is, as text mode shows it."""

    epoch: str
    session: str
    user: UserInfo
    """Whose it is shown to be."""
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
    """Nothing is new."""


class Gone(Struct, frozen=True, tag="gone"):
    """The room is closed."""


Part: TypeAlias = Ask | Begin | End | Came | Left | Pointed | Spoke | Said | Alive | Gone


class Sealed(Struct, frozen=True, tag="sealed", tag_field="type", rename={"sender": "voice"}):
    """Parts as the bus carries them."""

    sender: Annotated[str, Meta(max_length=64)]
    """The random name of one opened room."""
    number: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
    """Counts what that sender has said about the document, from 1."""
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
    """Put what `pack` made under the seal; it holds for that document, sender and number only."""
    return Sealed(sender, number, parts, _seal(key, document, sender, number, parts))


def unseal(key: bytes, document: str, sealed: Sealed) -> tuple[Part, ...] | None:
    """The parts, or None if the seal was not made with this key, or Quire does not know them."""
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
