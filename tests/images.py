"""Images for tests, made with Pillow, with metadata that must not be kept; no test is here."""

from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageSequence, PngImagePlugin

SECRET: Final = "SECRET-PLACE"
_XMP: Final = f"<x:xmpmeta>{SECRET}</x:xmpmeta>".encode()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = SECRET
    exif[0x8825] = {1: "N", 2: (48.0, 8.0, 30.0)}
    return exif


def make_image(
    kind: str, *, frames: int = 1, size: tuple[int, int] = (64, 48), **extra: Any
) -> bytes:
    """Return an image of noise, with EXIF, a place, XMP and a comment where the kind has them."""
    pictures = [
        Image.effect_noise(size, 60 + 20 * number).convert("RGB") for number in range(frames)
    ]
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", SECRET)
    metadata: dict[str, dict[str, Any]] = {
        "png": {"exif": _exif(), "pnginfo": info},
        "jpeg": {"exif": _exif(), "comment": SECRET.encode(), "xmp": _XMP},
        "gif": {"comment": SECRET.encode()},
        "webp": {"exif": _exif(), "xmp": _XMP},
        "avif": {"exif": _exif(), "xmp": _XMP},
    }
    several = (
        {"save_all": True, "append_images": pictures[1:], "duration": 50} if frames > 1 else {}
    )
    saved = BytesIO()
    pictures[0].save(saved, kind, **several, **metadata[kind], **extra)
    return saved.getvalue()


def pixels(content: bytes) -> list[bytes]:
    """Return what each frame of an image shows."""
    opened = Image.open(BytesIO(content))
    return [frame.convert("RGBA").tobytes() for frame in ImageSequence.Iterator(opened)]


def orientation(content: bytes) -> int | None:
    """Return which way is up, as EXIF says it."""
    found: int | None = Image.open(BytesIO(content)).getexif().get(0x0112)
    return found
