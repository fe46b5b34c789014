"""WebP: RIFF chunks (RFC 9649). Pure."""

from typing import Final

from app.image.image_kind import Image, ImageKind, require

_KEPT: Final = frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_EXIF_FLAG, _XMP_FLAG = 0x08, 0x04


def read_webp(data: bytes) -> Image:
    """Return a WebP without EXIF, XMP and unknown chunks. Raises `ImageError`."""
    end = 8 + int.from_bytes(data[4:8], "little")
    require(20 <= end <= len(data), ImageKind.WEBP)
    kept: list[bytes] = []
    names: list[bytes] = []
    at, frames, canvas = 12, 0, (0, 0)
    while at < end:
        require(at + 8 <= end, ImageKind.WEBP)
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        require(at + 8 + size <= end, ImageKind.WEBP)
        at += 8 + size + size % 2
        if name not in _KEPT:
            continue
        names.append(name)
        if name == b"VP8X":
            require(size == 10, ImageKind.WEBP)
            body = bytes((body[0] & ~(_EXIF_FLAG | _XMP_FLAG),)) + body[1:]
        frames += name == b"ANMF"
        canvas = _largest(canvas, _size(name, body))
        kept.append(name + size.to_bytes(4, "little") + body + b"\0" * (size % 2))
    require(bool(names) and names[0] in (b"VP8X", b"VP8 ", b"VP8L"), ImageKind.WEBP)
    require(b"ANMF" in names or b"VP8 " in names or b"VP8L" in names, ImageKind.WEBP)
    chunks = b"WEBP" + b"".join(kept)
    content = b"RIFF" + len(chunks).to_bytes(4, "little") + chunks
    return Image(ImageKind.WEBP, *canvas, max(1, frames), content)


def _largest(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return max(one[0], other[0]), max(one[1], other[1])


def _size(name: bytes, body: bytes) -> tuple[int, int]:
    """Return width and height as a chunk states them; of one that states none, nothing."""
    if name == b"VP8X":
        width, height = (int.from_bytes(body[i : i + 3], "little") + 1 for i in (4, 7))
        return width, height
    if name == b"VP8 ":
        require(len(body) >= 10 and body[3:6] == b"\x9d\x01\x2a", ImageKind.WEBP)
        width, height = (int.from_bytes(body[i : i + 2], "little") & 0x3FFF for i in (6, 8))
        return width, height
    if name == b"VP8L":
        require(len(body) >= 5 and body[0] == 0x2F, ImageKind.WEBP)
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"ANMF":
        require(len(body) >= 16, ImageKind.WEBP)
        width, height = (int.from_bytes(body[i : i + 3], "little") + 1 for i in (6, 9))
        return width, height
    return 0, 0
