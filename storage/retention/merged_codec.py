"""A merged event as bytes: compressed MessagePack after a checksum over all of it."""

from hashlib import blake2b
from typing import Final

import brotli
import msgspec

from sync.document.merged_event import MergedEvent

_CHECKSUM_BYTES: Final = 16
_QUALITY: Final = 5
MAX_PLAIN_BYTES: Final = 256 << 20
"""Of one event, decompressed: somebody else's file may say anything."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(MergedEvent).decode


class MergedDamaged(Exception):
    """The bytes are not those of a merged event, or not all of them."""


def encode_merged(event: MergedEvent) -> bytes:
    """Return the bytes of a merged event; the same event gives the same bytes."""
    body: bytes = brotli.compress(_encode(event), quality=_QUALITY)
    return _checksum(body) + body


def decode_merged(data: bytes) -> MergedEvent:
    """Return the event that `encode_merged` was given.

    Raises:
        MergedDamaged: not a byte may differ.
    """
    checksum, body = data[:_CHECKSUM_BYTES], data[_CHECKSUM_BYTES:]
    if checksum != _checksum(body):
        raise MergedDamaged("a merged event is damaged")
    try:
        decompressor = brotli.Decompressor()
        plain = decompressor.process(body, output_buffer_limit=MAX_PLAIN_BYTES)
        if not decompressor.is_finished():
            raise MergedDamaged("a merged event is too large, or cut off")
        return _decode(plain)
    except (brotli.error, msgspec.DecodeError) as error:
        raise MergedDamaged(f"a merged event cannot be read: {error}") from error


def _checksum(body: bytes) -> bytes:
    return blake2b(body, digest_size=_CHECKSUM_BYTES, person=b"merged event").digest()
