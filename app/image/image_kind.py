"""The kinds of image that are kept, and the errors of what is none of them. Pure.

Every kind is read by its structure alone, from the first byte to the last: nothing is decoded, so
no bytes of a peer reach a codec here. What a parser does not know is left out of what it writes.
"""

from enum import StrEnum

from msgspec import Struct


class ImageKind(StrEnum):
    """A kind of image, by the ending of its name."""

    PNG = "png"
    JPEG = "jpg"
    GIF = "gif"
    WEBP = "webp"
    AVIF = "avif"

    @property
    def media_type(self) -> str:
        """The media type that it is served as."""
        return "image/jpeg" if self is ImageKind.JPEG else f"image/{self.value}"


class ImageError(Exception):
    """These bytes are no image that is kept; the message is fit for whoever sent them."""


class Image(Struct, frozen=True):
    """An image without what tells of its maker: no EXIF, place, comment, or trailing data."""

    kind: ImageKind
    width: int
    height: int
    frames: int
    content: bytes


def require(condition: bool, kind: ImageKind) -> None:
    """Raise `ImageError` unless the structure of an image is as it has to be."""
    if not condition:
        raise ImageError(f"The {kind.name} image is damaged or not whole.")
