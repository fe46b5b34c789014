"""The messages between processes about a document, on the bus.

News of the log only wake a process up: the receiver looks into the log, and the log is the truth.
So a message that is lost, late, doubled or forged costs a little time or one query, and never an
edit. Presence is in no log: it travels under a seal, see `sync.wire.relay`.
"""

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct

from sync.names import MAX_INTEGER
from sync.wire.relay import Sealed


class Appended(Struct, frozen=True, tag="appended", tag_field="type"):
    """A notice that events up to this version are committed."""

    version: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]


class Changed(Struct, frozen=True, tag="changed", tag_field="type"):
    """A notice that the document was deleted, or that its metadata changed."""


News: TypeAlias = Appended | Changed | Sealed

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[News] = msgspec.msgpack.Decoder(News)


def encode_news(news: News) -> bytes:
    """Encode news as the payload of a bus message."""
    return _encoder.encode(news)


def decode_news(payload: bytes) -> News | None:
    """Return the news in a payload; None if Quire sends no such payload."""
    try:
        return _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
