"""The stored forms of a checkpoint's text and state: quickly made ones, and dense ones.

A checkpoint is saved while others wait for their commit: zlib, at its quickest. When nobody writes
a document any more, what is left of its checkpoints is compressed once more, well:

    "B" | CRC of the plain bytes (4 bytes) | Brotli

No zlib stream begins with a "B", so the first byte tells the two apart.
"""

import zlib
from typing import Final

import brotli

# The writer's thread compresses while others wait for their commit; 6 would take four times as
# long to save a fifth of the space.
_QUICK_LEVEL: Final = 1
_DENSE: Final = b"B"
_DENSE_QUALITY: Final = 10
_CRC_BYTES: Final = 4


def pack_quick(plain: bytes) -> bytes:
    """Return the form that is made soonest."""
    return zlib.compress(plain, _QUICK_LEVEL)


def is_dense(stored: bytes) -> bool:
    return stored[:1] == _DENSE


def pack_dense(plain: bytes) -> bytes:
    """Return the form that takes least space; made in about 0.7 s for a megabyte."""
    body: bytes = brotli.compress(plain, quality=_DENSE_QUALITY, lgwin=24)
    return _DENSE + zlib.crc32(plain).to_bytes(_CRC_BYTES, "big") + body


def unpack(stored: bytes) -> bytes:
    """Return the plain bytes of any form.

    Raises:
        zlib.error: they are damaged.
    """
    if not is_dense(stored):
        return zlib.decompress(stored)
    start = len(_DENSE) + _CRC_BYTES
    try:
        plain: bytes = brotli.decompress(stored[start:])
    except brotli.error as error:
        raise zlib.error(str(error)) from error
    if zlib.crc32(plain).to_bytes(_CRC_BYTES, "big") != stored[len(_DENSE) : start]:
        raise zlib.error("the bytes do not have their CRC")
    return plain
