"""What processes tell each other about a document on the bus.

What is about the log only wakes up: whoever hears it looks into the log, and the log is the truth.
So a message that is lost, late, doubled or forged costs a little time or one query, and never an
edit. Presence is in no log: it travels under a seal, see `sync.wire.relay`.
"""

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct

from sync.names import MAX_INTEGER
from sync.wire.relay import Sealed


class Appended(Struct, frozen=True, tag="appended", tag_field="type"):
    """Events up to this version are committed."""

    version: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]


class Changed(Struct, frozen=True, tag="changed", tag_field="type"):
    """Something else about the document is new: it was deleted, or its metadata changed."""


News: TypeAlias = Appended | Changed | Sealed

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[News] = msgspec.msgpack.Decoder(News)


def encode_news(news: News) -> bytes:
    """As the bus carries it."""
    return _encoder.encode(news)


def decode_news(payload: bytes) -> News | None:
    """What a message says; None if it is none that Quire sends."""
    try:
        return _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
