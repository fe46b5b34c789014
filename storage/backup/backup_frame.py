"""The file of a backup: frames under one chain of checksums, so that nothing can be cut or changed.

    magic "QUIREBK1" | frame | frame | …
    frame: kind (1 byte) | length of the content (4 bytes) | content | checksum (16 bytes)

The checksum of a frame covers the checksum of the frame before it, its kind, its length and its
content: a frame that is flipped, missing, doubled or moved does not fit. The last frame is of the
kind `END`; a file without it was cut off. Contents are compressed with zlib.
"""

import zlib
from collections.abc import Iterator
from hashlib import blake2b
from typing import IO, Final

from msgspec import Struct

MAGIC: Final = b"QUIREBK1"
HEADER: Final = b"H"
ROWS: Final = b"R"
BLOB: Final = b"B"
END: Final = b"E"
_KINDS: Final = {HEADER: "the header", ROWS: "rows", BLOB: "an image", END: "the end"}
_HEAD_BYTES: Final = 5
_CHECKSUM_BYTES: Final = 16
MAX_CONTENT_BYTES: Final = 1 << 30
"""The content of one frame, plain; a row is never divided."""
_LEVEL: Final = 1


class BackupDamagedError(Exception):
    """A file is no whole backup; the message says where it is damaged."""


class Frame(Struct, frozen=True):
    """A frame of a backup whose checksum fits."""

    kind: bytes
    content: bytes
    place: int
    """Its first byte in the file."""


class FrameWriter:
    """Writes the frames of a backup, beginning with the magic."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._chain = _checksum(MAGIC)
        file.write(MAGIC)

    def write(self, kind: bytes, content: bytes) -> None:
        """Add a frame. Raises `OSError`, of a full disk say."""
        if len(content) > MAX_CONTENT_BYTES:
            raise ValueError(f"a frame has at most {MAX_CONTENT_BYTES} bytes")
        packed = zlib.compress(content, _LEVEL)
        head = kind + len(packed).to_bytes(4, "big")
        self._chain = _checksum(self._chain, head, packed)
        for part in (head, packed, self._chain):
            self._file.write(part)


def read_frames(file: IO[bytes]) -> Iterator[Frame]:
    """Yield the frames of a backup up to its end, each checked.

    Raises:
        BackupDamagedError: it is no backup, or cut off, or changed, or something follows its end.
    """
    if file.read(len(MAGIC)) != MAGIC:
        raise BackupDamagedError("it does not begin as a backup does")
    chain = _checksum(MAGIC)
    place = len(MAGIC)
    while True:
        head = _read(file, _HEAD_BYTES, place)
        kind, size = head[:1], int.from_bytes(head[1:], "big")
        if kind not in _KINDS or size > MAX_CONTENT_BYTES + 1_024:
            raise BackupDamagedError(f"it is damaged at byte {place:,}")
        packed = _read(file, size, place)
        chain = _checksum(chain, head, packed)
        following = place + _HEAD_BYTES + size + _CHECKSUM_BYTES
        if _read(file, _CHECKSUM_BYTES, place) != chain:
            raise BackupDamagedError(
                f"it is damaged in {_KINDS[kind]}, bytes {place:,} to {following - 1:,}"
            )
        yield Frame(kind, _plain(packed, place), place)
        place = following
        if kind == END:
            break
    if file.read(1):
        raise BackupDamagedError(f"something follows its end, at byte {place:,}")


def _plain(packed: bytes, place: int) -> bytes:
    unpacking = zlib.decompressobj()
    plain = unpacking.decompress(packed, MAX_CONTENT_BYTES)
    if not unpacking.eof:
        raise BackupDamagedError(f"it cannot be unpacked at byte {place:,}")
    return plain


def _read(file: IO[bytes], size: int, place: int) -> bytes:
    found = file.read(size)
    if len(found) < size:
        raise BackupDamagedError(f"it is cut off: its last whole frame ends at byte {place:,}")
    return found


def _checksum(*parts: bytes) -> bytes:
    state = blake2b(digest_size=_CHECKSUM_BYTES, person=b"backup")
    for part in parts:
        state.update(part)
    return state.digest()
