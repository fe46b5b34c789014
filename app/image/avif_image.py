"""AVIF: boxes (ISO/IEC 14496-12, 23008-12). Pure.

Metadata lies in items whose place a table tells. To leave them out would move everything behind
them, so their bytes are overwritten, and the tables stay as they are.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from app.image.image_kind import Image, ImageKind, require

_BRANDS: Final = frozenset((b"avif", b"avis"))
_METADATA: Final = frozenset((b"Exif", b"mime", b"uri "))
_MOST_BOXES: Final = 10_000
_EMPTY_EXIF: Final = b"\0\0\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"
"""EXIF with nothing in it: some decoders refuse what is not EXIF at all."""


class _Box(NamedTuple):
    name: bytes
    begin: int
    """Of what is in it."""
    end: int


def is_avif(data: bytes) -> bool:
    """Return whether bytes begin as an AVIF does: with a box of file types that names it."""
    size = int.from_bytes(data[:4])
    brands = data[8:12] + data[16 : min(size, 256)]
    return data[4:8] == b"ftyp" and any(
        brands[at : at + 4] in _BRANDS for at in range(0, len(brands), 4)
    )


def read_avif(data: bytes) -> Image:
    """Return an AVIF whose EXIF and XMP are blank. Raises `ImageError`."""
    content = bytearray(data)
    top = list(_boxes(data, 0, len(data)))
    names = [box.name for box in top]
    require(names[:1] == [b"ftyp"] and b"mdat" in names, ImageKind.AVIF)
    for box in top:
        if box.name not in (b"ftyp", b"meta", b"moov", b"mdat"):
            # Of no use for showing it: its name too, so that no reader looks into it.
            content[box.begin - 4 : box.begin] = b"free"
            content[box.begin : box.end] = bytes(box.end - box.begin)
    metas = [box for box in top if box.name == b"meta"]
    require(len(metas) == 1, ImageKind.AVIF)
    meta = list(_boxes(data, metas[0].begin + 4, metas[0].end))
    require(not any(box.name == b"idat" for box in meta), ImageKind.AVIF)
    hidden = _metadata_items(data, meta)
    for kind, begin, end in _places(data, meta, hidden):
        require(end <= len(data), ImageKind.AVIF)
        blank = _EMPTY_EXIF if kind == b"Exif" else b""
        content[begin:end] = blank.ljust(end - begin, b"\0")[: end - begin]
    width, height = _largest_size(data, meta)
    require(width > 0 and height > 0, ImageKind.AVIF)
    return Image(ImageKind.AVIF, width, height, 1, bytes(content))


def _boxes(data: bytes, at: int, end: int) -> Iterator[_Box]:
    count = 0
    while at < end:
        require(at + 8 <= end and count < _MOST_BOXES, ImageKind.AVIF)
        size, name, head = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16]), 16
        elif size == 0:
            size = end - at
        require(head <= size <= end - at, ImageKind.AVIF)
        yield _Box(name, at + head, at + size)
        at += size
        count += 1


def _find(boxes: list[_Box], name: bytes) -> _Box:
    found = [box for box in boxes if box.name == name]
    require(len(found) == 1, ImageKind.AVIF)
    return found[0]


def _metadata_items(data: bytes, meta: list[_Box]) -> dict[int, bytes]:
    """Return the items that hold EXIF, XMP or the like: id and type."""
    table = _find(meta, b"iinf")
    count_bytes = 2 if data[table.begin] == 0 else 4
    hidden = dict[int, bytes]()
    for entry in _boxes(data, table.begin + 4 + count_bytes, table.end):
        version = data[entry.begin]
        require(entry.name == b"infe" and version in (2, 3), ImageKind.AVIF)
        id_bytes = 2 if version == 2 else 4
        at = entry.begin + 4
        item = int.from_bytes(data[at : at + id_bytes])
        kind = data[at + id_bytes + 2 : at + id_bytes + 6]
        if kind in _METADATA:
            hidden[item] = kind
    return hidden


class _Fields:
    """Reads the fields of a box in turn."""

    def __init__(self, data: bytes, box: _Box) -> None:
        self._data, self._at, self._end = data, box.begin, box.end

    def take(self, size: int) -> int:
        require(self._at + size <= self._end, ImageKind.AVIF)
        value = int.from_bytes(self._data[self._at : self._at + size])
        self._at += size
        return value


def _places(
    data: bytes, meta: list[_Box], items: dict[int, bytes]
) -> Iterator[tuple[bytes, int, int]]:
    """Return where the bytes of items are, from the beginning of the file, after their type."""
    fields = _Fields(data, _find(meta, b"iloc"))
    version = fields.take(4) >> 24
    require(version in (0, 1, 2), ImageKind.AVIF)
    sizes = fields.take(2)
    offset_size, length_size = sizes >> 12, sizes >> 8 & 15
    base_size, index_size = sizes >> 4 & 15, (sizes & 15) if version else 0
    for _ in range(fields.take(2 if version < 2 else 4)):
        item = fields.take(2 if version < 2 else 4)
        method = fields.take(2) & 15 if version else 0
        fields.take(2)
        base = fields.take(base_size)
        for _ in range(fields.take(2)):
            fields.take(index_size)
            begin = base + fields.take(offset_size)
            length = fields.take(length_size)
            if item in items:
                # Metadata of another file or another item could not be found and blanked.
                require(method == 0 and length > 0, ImageKind.AVIF)
                yield items[item], begin, begin + length


def _largest_size(data: bytes, meta: list[_Box]) -> tuple[int, int]:
    properties = list(_boxes(data, *_find(meta, b"iprp")[1:]))
    container = _find(properties, b"ipco")
    sizes = [
        (int.from_bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8]))
        for name, begin, end in _boxes(data, container.begin, container.end)
        if name == b"ispe" and end - begin == 12
        for at in (begin + 4,)
    ]
    return max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
