"""PNG, and animated PNG: chunks (https://www.w3.org/TR/png-3/). Pure."""

import zlib
from typing import Final

from app.image.image_kind import Image, ImageKind, require

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_KEPT: Final = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP bKGD pHYs acTL fcTL fdAT".split()
)


def read_png(data: bytes) -> Image:
    """Return a PNG with the chunks alone that say how it looks. Raises `ImageError`."""
    kept = [PNG_SIGNATURE]
    at, frames, names = len(PNG_SIGNATURE), 0, list[bytes]()
    while not names or names[-1] != b"IEND":
        require(at + 12 <= len(data), ImageKind.PNG)
        size = int.from_bytes(data[at : at + 4])
        end = at + 12 + size
        require(end <= len(data), ImageKind.PNG)
        name, checksum = data[at + 4 : at + 8], data[end - 4 : end]
        require(zlib.crc32(data[at + 4 : end - 4]) == int.from_bytes(checksum), ImageKind.PNG)
        if name in _KEPT:
            kept.append(data[at:end])
        frames += name == b"fcTL"
        names.append(name)
        at = end
    require(names[0] == b"IHDR" and names.count(b"IHDR") == 1 and b"IDAT" in names, ImageKind.PNG)
    require(kept[1][:4] == b"\0\0\0\x0d", ImageKind.PNG)
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    return Image(ImageKind.PNG, width, height, max(1, frames), b"".join(kept))
