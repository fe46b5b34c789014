"""Bytes that somebody sent become an image, or are refused: by what they are, not by their name."""

from app.image.avif_image import is_avif, read_avif
from app.image.gif_image import GIF_SIGNATURES, read_gif
from app.image.image_kind import Image, ImageError
from app.image.jpeg_image import JPEG_SIGNATURE, read_jpeg
from app.image.png_image import PNG_SIGNATURE, read_png
from app.image.webp_image import read_webp

MAX_SIDE_PIXELS = 20_000
MAX_FRAMES = 2_000


def read_image(data: bytes, max_pixels: int) -> Image:
    """Return an image without its metadata, the picture itself not encoded again.

    Args:
        max_pixels: of one frame: what a browser needs memory for, however few bytes it came in.

    Raises:
        ImageError: it is of no kind that is kept, damaged, or too large to be shown.
    """
    image = _read(data)
    if not (0 < image.width <= MAX_SIDE_PIXELS and 0 < image.height <= MAX_SIDE_PIXELS):
        raise ImageError(f"An image has at most {MAX_SIDE_PIXELS} pixels on a side.")
    if image.width * image.height > max_pixels:
        raise ImageError(f"An image has at most {max_pixels} pixels.")
    if image.frames > MAX_FRAMES:
        raise ImageError(f"An image has at most {MAX_FRAMES} frames.")
    return image


def _read(data: bytes) -> Image:
    if data.startswith(PNG_SIGNATURE):
        return read_png(data)
    if data.startswith(JPEG_SIGNATURE):
        return read_jpeg(data)
    if data.startswith(GIF_SIGNATURES):
        return read_gif(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return read_webp(data)
    if is_avif(data):
        return read_avif(data)
    raise ImageError("Only PNG, JPEG, GIF, WebP and AVIF images are kept.")
