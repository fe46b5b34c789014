"""Images as they are kept: the same picture, and nothing else."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.image.image_kind import ImageError
from app.image.image_reader import MAX_SIDE_PIXELS, read_image
from tests.images import SECRET, make_image, orientation, pixels

MOST = 10_000_000
CASES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("png", "png", {}),
    ("png", "png", {"frames": 3}),
    ("jpeg", "jpg", {}),
    ("jpeg", "jpg", {"progressive": True}),
    ("gif", "gif", {}),
    ("gif", "gif", {"frames": 3, "loop": 0}),
    ("webp", "webp", {}),
    ("webp", "webp", {"lossless": True}),
    ("webp", "webp", {"frames": 3}),
    ("avif", "avif", {}),
    ("avif", "avif", {"frames": 3}),
)
SAMPLES = {kind: make_image(kind) for kind in ("png", "jpeg", "gif", "webp", "avif")}


@pytest.mark.parametrize(("made", "kind", "options"), CASES)
def test_picture_stays_bit_by_bit_and_metadata_goes(
    made: str, kind: str, options: dict[str, Any]
) -> None:
    sent = make_image(made, **options)
    image = read_image(sent, MOST)
    assert (image.kind.value, image.width, image.height) == (kind, 64, 48)
    assert pixels(image.content) == pixels(sent)
    assert SECRET.encode() not in image.content
    assert read_image(image.content, MOST) == image


@pytest.mark.parametrize("way", range(1, 9))
def test_photograph_keeps_which_way_is_up(way: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = way
    exif[0x010E] = SECRET
    saved = BytesIO()
    Image.new("RGB", (8, 4)).save(saved, "jpeg", exif=exif)
    image = read_image(saved.getvalue(), MOST)
    assert (orientation(image.content) or 1) == way
    assert SECRET.encode() not in image.content


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp"])
def test_what_follows_an_image_is_left_out(kind: str) -> None:
    polyglot = SAMPLES[kind] + b"<script>alert(1)</script>PK\x03\x04%PDF-1.7"
    assert read_image(polyglot, MOST) == read_image(SAMPLES[kind], MOST)


def test_what_follows_an_avif_is_blank() -> None:
    box = b"<script>alert(1)</script>"
    polyglot = SAMPLES["avif"] + struct.pack(">I", len(box) + 8) + b"uuid" + box
    assert b"script" not in read_image(polyglot, MOST).content
    with pytest.raises(ImageError):
        read_image(SAMPLES["avif"] + box, MOST)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg onload='alert(1)'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"BM" + bytes(60),
        b"MZ" + bytes(60),
        b"II*\0" + bytes(60),
        b"\0\0\0\x18ftypheic\0\0\0\0heicmif1",
        b"GIF89a<script>alert(1)</script>",
        b"RIFF\xff\xff\xff\xffWEBP",
        b"\xff\xd8\xff\xe0/*<script>*/",
    ],
)
def test_what_is_no_image_is_refused(content: bytes) -> None:
    with pytest.raises(ImageError):
        read_image(content, MOST)


@pytest.mark.parametrize("kind", list(SAMPLES))
def test_truncated_image_is_refused_wherever_it_ends(kind: str) -> None:
    whole = SAMPLES[kind]
    for end in range(0, len(whole) - 1, 7):
        with pytest.raises(ImageError):
            read_image(whole[:end], MOST)


def _png(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(1_000_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "size", [(0, 1), (1, 0), (MAX_SIDE_PIXELS + 1, 1), (20_000, 20_000), (2**32 - 1, 2**32 - 1)]
)
def test_image_that_needs_more_memory_than_is_allowed_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError):
        read_image(_png(*size), MOST)


def test_gif_whose_frame_is_larger_than_its_canvas_is_measured_by_the_frame() -> None:
    sent = bytearray(SAMPLES["gif"])
    assert sent[6:10] == b"\x40\0\x30\0"
    sent[6:10] = b"\x01\0\x01\0"
    with pytest.raises(ImageError):
        read_image(bytes(sent), 64 * 48 - 1)


def test_png_with_a_wrong_checksum_is_refused() -> None:
    sent = bytearray(SAMPLES["png"])
    sent[len(sent) // 2] ^= 1
    with pytest.raises(ImageError):
        read_image(bytes(sent), MOST)


@given(st.sampled_from(list(SAMPLES)), st.data())
def test_mutated_image_is_read_or_refused_and_never_anything_else(
    kind: str, data: st.DataObject
) -> None:
    sent = bytearray(SAMPLES[kind])
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(sent) - 1))
        sent[at] = data.draw(st.integers(0, 255))
    try:
        image = read_image(bytes(sent), MOST)
    except ImageError:
        return
    assert read_image(image.content, MOST).kind is image.kind
