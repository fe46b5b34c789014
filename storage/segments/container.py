"""The outer form of a segment: named columns of bytes under one checksum.

    magic "QSEG" | codec (1 byte) | length of the header (4 bytes) | header | columns | checksum

The header (MessagePack) holds the first version, the number of events, and of each column its name,
its length as it is and compressed, and a CRC that tells which one is damaged. The checksum covers
every byte before it. Columns are decompressed when they are first read.
"""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Final
from zlib import crc32

import brotli
import msgspec

MAGIC: Final = b"QSEG"
CODEC: Final = 1
_CHECKSUM_BYTES: Final = 16
_FIXED_BYTES: Final = len(MAGIC) + 1 + 4
_QUALITY: Final = 5
MAX_PLAIN_BYTES: Final = 256 << 20
"""Of all columns of a segment, decompressed: somebody else's file may say anything."""


class SegmentDamaged(Exception):
    """A segment that cannot be read: a flipped, missing or surplus byte, or an unknown codec."""

    def __init__(self, place: str) -> None:
        super().__init__(f"the segment is damaged: {place}")
        self.place = place


class _ColumnEntry(msgspec.Struct, frozen=True, array_like=True):
    name: str
    stored_bytes: int
    plain_bytes: int
    crc: int


class Header(msgspec.Struct, frozen=True, array_like=True):
    first: int
    count: int
    columns: tuple[_ColumnEntry, ...]


_encode_header = msgspec.msgpack.Encoder().encode
_decode_header = msgspec.msgpack.Decoder(Header).decode


def pack(first: int, count: int, columns: Mapping[str, bytes]) -> bytes:
    """Return a segment of these columns; the same columns give the same bytes."""
    entries: list[_ColumnEntry] = []
    bodies: list[bytes] = []
    for name, plain in columns.items():
        body = brotli.compress(plain, quality=_QUALITY) if plain else b""
        entries.append(_ColumnEntry(name, len(body), len(plain), crc32(body)))
        bodies.append(body)
    header = _encode_header(Header(first, count, tuple(entries)))
    start = MAGIC + bytes([CODEC]) + len(header).to_bytes(4, "big") + header
    covered = b"".join([start, *bodies])
    return covered + _checksum(covered)


class Container:
    """A segment's header, and its columns by name."""

    def __init__(self, data: bytes) -> None:
        """Check `data` and read its header.

        Raises:
            SegmentDamaged: it is not whole.
        """
        if data[: len(MAGIC)] != MAGIC:
            raise SegmentDamaged("it does not begin as a segment does")
        if _checksum(data[:-_CHECKSUM_BYTES]) != data[-_CHECKSUM_BYTES:]:
            raise SegmentDamaged(_damaged_place(data))
        if data[len(MAGIC)] != CODEC:
            raise SegmentDamaged(f"codec {data[len(MAGIC)]} is unknown")
        self.header, start = _read_header(data)
        plain_bytes = sum(entry.plain_bytes for entry in self.header.columns)
        if plain_bytes > MAX_PLAIN_BYTES:
            raise SegmentDamaged(f"its columns have {plain_bytes} bytes, at most {MAX_PLAIN_BYTES}")
        self._data = data
        self._places: dict[str, tuple[int, _ColumnEntry]] = {}
        for entry in self.header.columns:
            self._places[entry.name] = start, entry
            start += entry.stored_bytes
        self.column = lru_cache(maxsize=None)(self._column)

    def has(self, name: str) -> bool:
        """Return whether there is a column of that name: segments of an older Quire have fewer."""
        return name in self._places

    def _column(self, name: str) -> bytes:
        start, entry = self._places[name]
        if not entry.plain_bytes:
            return b""
        body = self._data[start : start + entry.stored_bytes]
        try:
            decompressor = brotli.Decompressor()
            plain: bytes = decompressor.process(body, output_buffer_limit=entry.plain_bytes + 1)
        except brotli.error:
            raise SegmentDamaged(f"column {name} cannot be decompressed") from None
        if len(plain) != entry.plain_bytes or not decompressor.is_finished():
            raise SegmentDamaged(f"column {name} has not the {entry.plain_bytes} bytes it should")
        return plain


def column_sizes(data: bytes) -> dict[str, int]:
    """Return the stored bytes of each column; `frame` stands for all that is around them."""
    columns = Container(data).header.columns
    sizes = {entry.name: entry.stored_bytes for entry in columns}
    return sizes | {"frame": len(data) - sum(sizes.values())}


def _checksum(data: bytes) -> bytes:
    return blake2b(data, digest_size=_CHECKSUM_BYTES, person=b"segment").digest()


def _read_header(data: bytes) -> tuple[Header, int]:
    size = int.from_bytes(data[len(MAGIC) + 1 : _FIXED_BYTES], "big")
    end = _FIXED_BYTES + size
    return _decode_header(data[_FIXED_BYTES:end]), end


def _damaged_place(data: bytes) -> str:
    """The part of a segment that its checksum does not fit, as closely as can be told."""
    try:
        header, start = _read_header(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return f"the header, in the first bytes of {len(data)}"
    for entry in header.columns:
        end = start + entry.stored_bytes
        if end > len(data):
            return f"it ends at byte {len(data)}, in column {entry.name} ({start} to {end})"
        if crc32(data[start:end]) != entry.crc:
            return f"column {entry.name}, bytes {start} to {end}"
        start = end
    if start + _CHECKSUM_BYTES != len(data):
        return f"it has {len(data)} bytes, not {start + _CHECKSUM_BYTES}"
    return "its header or its checksum"


def require(condition: bool, place: str) -> None:
    """Raise `SegmentDamaged` unless what was decoded fits together."""
    if not condition:
        raise SegmentDamaged(place)
