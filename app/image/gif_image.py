"""GIF: blocks (GIF89a specification). Pure."""

from typing import Final

from app.image.image_kind import Image, ImageKind, require

GIF_SIGNATURES: Final = (b"GIF87a", b"GIF89a")
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOPS: Final = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")
"""The applications whose extensions say how often it plays."""


def read_gif(data: bytes) -> Image:
    """Return a GIF without comments and the data of applications. Raises `ImageError`."""
    require(len(data) >= 13, ImageKind.GIF)
    width, height = (int.from_bytes(data[at : at + 2], "little") for at in (6, 8))
    at = 13 + _table_bytes(data[10])
    kept = [data[:at]]
    frames = 0
    while True:
        require(at < len(data), ImageKind.GIF)
        begin = at
        if data[at] == _TRAILER:
            break
        if data[at] == _IMAGE:
            require(at + 10 < len(data), ImageKind.GIF)
            right, bottom = (
                int.from_bytes(data[at + i : at + i + 2], "little")
                + int.from_bytes(data[at + i + 4 : at + i + 6], "little")
                for i in (1, 3)
            )
            # A frame larger than the canvas enlarges it in some browsers.
            width, height = max(width, right), max(height, bottom)
            at = _end_of_blocks(data, at + 10 + _table_bytes(data[at + 9]) + 1)
            frames += 1
            is_kept = True
        else:
            require(data[at] == _EXTENSION and at + 2 < len(data), ImageKind.GIF)
            label = data[at + 1]
            at = _end_of_blocks(data, at + 2)
            is_loop = label == _APPLICATION and data[begin + 2 : begin + 14] in _LOOPS
            is_kept = label == _GRAPHIC_CONTROL or is_loop
        if is_kept:
            kept.append(data[begin:at])
    require(frames > 0, ImageKind.GIF)
    return Image(ImageKind.GIF, width, height, frames, b"".join((*kept, b"\x3b")))


def _table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _end_of_blocks(data: bytes, at: int) -> int:
    """Return where a chain of sub-blocks ends, its terminator included."""
    while True:
        require(at < len(data), ImageKind.GIF)
        size = data[at]
        at += 1 + size
        if size == 0:
            return at
