"""JPEG: segments (ITU-T T.81). Pure."""

import struct
from typing import Final

from app.image.image_kind import Image, ImageKind, require

JPEG_SIGNATURE: Final = b"\xff\xd8\xff"
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_RESTARTS: Final = range(0xD0, 0xD8)
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TABLES: Final = frozenset((0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF))
_JFIF, _EXIF, _ICC, _ADOBE = 0xE0, 0xE1, 0xE2, 0xEE
_ORIENTATION_TAG: Final = 0x0112


def read_jpeg(data: bytes) -> Image:
    """Return a JPEG without comments and metadata, but which way is up. Raises `ImageError`."""
    kept: list[bytes] = []
    at, width, height, orientation, scans = 2, 0, 0, 1, 0
    while True:
        at = _skip_fill(data, at)
        marker = data[at]
        at += 1
        if marker == _EOI:
            break
        require(marker != _SOI and marker not in _RESTARTS, ImageKind.JPEG)
        require(at + 2 <= len(data), ImageKind.JPEG)
        size = int.from_bytes(data[at : at + 2])
        body = data[at + 2 : at + size]
        require(size >= 2 and len(body) == size - 2, ImageKind.JPEG)
        at += size
        if marker in _FRAMES:
            require(len(body) >= 6 and width == 0, ImageKind.JPEG)
            height, width = int.from_bytes(body[1:3]), int.from_bytes(body[3:5])
        end = at
        if marker == _SOS:
            scans += 1
            end = _end_of_scan(data, at)
        if marker == _EXIF:
            orientation = _orientation(body) or orientation
        elif _is_kept(marker, body):
            kept.append(b"\xff" + bytes((marker,)) + size.to_bytes(2) + body + data[at:end])
        at = end
    require(width > 0 and scans > 0, ImageKind.JPEG)
    turned = [] if orientation == 1 else [_exif(orientation)]
    jfif = kept[:1] if kept[0][1] == _JFIF else []
    rest = kept[len(jfif) :]
    content = b"".join((b"\xff\xd8", *jfif, *turned, *rest, b"\xff\xd9"))
    return Image(ImageKind.JPEG, width, height, 1, content)


def _is_kept(marker: int, body: bytes) -> bool:
    if marker in _FRAMES or marker in _TABLES or marker == _SOS:
        return True
    if marker == _JFIF:
        # Not JFXX, which holds a thumbnail, and not the thumbnail of JFIF itself.
        return body.startswith(b"JFIF\0") and len(body) == 14
    if marker == _ICC:
        return body.startswith(b"ICC_PROFILE\0")
    return marker == _ADOBE and body.startswith(b"Adobe") and len(body) == 12


def _skip_fill(data: bytes, at: int) -> int:
    require(at + 1 < len(data) and data[at] == 0xFF, ImageKind.JPEG)
    while data[at] == 0xFF:
        at += 1
        require(at < len(data), ImageKind.JPEG)
    return at


def _end_of_scan(data: bytes, at: int) -> int:
    """Return where the compressed data ends: before the next marker that is no restart."""
    while True:
        at = data.find(b"\xff", at)
        require(0 <= at < len(data) - 1, ImageKind.JPEG)
        following = data[at + 1]
        if following == 0xFF:
            at += 1
        elif following == 0 or following in _RESTARTS:
            at += 2
        else:
            return at


def _orientation(body: bytes) -> int | None:
    """Return which way is up, of EXIF: 1 to 8; None: it does not say, or cannot be read."""
    if not body.startswith(b"Exif\0\0"):
        return None
    tiff = body[6:]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return None
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for index in range(count):
            tag, kind, _, value = struct.unpack_from(
                f"{order}HHIH", tiff, directory + 2 + 12 * index
            )
            if tag == _ORIENTATION_TAG:
                return value if kind == 3 and 1 <= value <= 8 else None
    except struct.error:
        return None
    return None


def _exif(orientation: int) -> bytes:
    """A segment of EXIF that says which way is up, and nothing else."""
    entry = struct.pack(">HHIHH", _ORIENTATION_TAG, 3, 1, orientation, 0)
    body = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + b"\0\0\0\0"
    return b"\xff\xe1" + (len(body) + 2).to_bytes(2) + body
