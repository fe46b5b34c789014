"""The frames of WebSocket messages, beside those of `websockets`."""

import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from app.server.websocket_frame import (
    encode_frame,
    frame_extent,
    frame_parts,
    framed,
    skip_to_close,
)
from sync.shells.rooms.sink import SERIES, TAIL

SIZES = (0, 1, 125, 126, 127, 65_535, 65_536)


@pytest.mark.parametrize("size", SIZES)
def test_frame_is_that_of_the_library(size: int) -> None:
    payload = b"x" * size
    theirs = Frame(Opcode.BINARY, payload).serialize(mask=False)
    assert encode_frame(0x82, payload) == theirs
    assert framed({"type": "websocket.send", "bytes": payload}, deflates=False) == theirs
    masked = Frame(Opcode.BINARY, payload).serialize(mask=True)
    assert frame_extent(masked, 0) == (len(masked) - size, len(masked))


@pytest.mark.parametrize("size", SIZES)
def test_extent_is_not_told_from_less_than_the_head(size: int) -> None:
    frame = encode_frame(0x82, b"x" * size)
    head = len(frame) - size
    for cut in range(head - 1):
        assert frame_extent(frame[:cut], 0) is None or cut >= 2
    assert frame_extent(frame[:head], 0) == (head, head + size)


def test_message_keeps_its_frame_for_others_if_it_is_short() -> None:
    short: dict[str, Any] = {"type": "websocket.send", "text": "é"}
    assert framed(short, deflates=False) is framed(short, deflates=False)
    long: dict[str, Any] = {"type": "websocket.send", "bytes": bytes(20_000)}
    assert framed(long, deflates=False) is not framed(long, deflates=False)


@pytest.mark.parametrize("deflates", [False, True])
def test_series_is_its_frames_one_after_the_other(deflates: bool) -> None:
    long = bytes(5_000)
    messages = [
        {"type": "websocket.send", "text": "é"},
        {"type": "websocket.send", "bytes": long},
    ]
    series: dict[str, Any] = {"type": "websocket.send", SERIES: messages}
    expected = encode_frame(0x81, "é".encode()) + encode_frame(0x82, long)
    assert framed(series, deflates=deflates) == expected
    assert framed(series, deflates=deflates) is framed(series, deflates=deflates), "kept"
    assert b"".join(frame_parts(series, deflates=deflates)) == expected


def test_long_message_is_compressed_for_those_who_take_it() -> None:
    message: dict[str, Any] = {"type": "websocket.send", "bytes": bytes(5_000)}
    frame = framed(message, deflates=True)
    assert frame[0] == 0xC2
    inflate = zlib.decompressobj(wbits=-12)
    assert inflate.decompress(frame[2:] + b"\x00\x00\xff\xff") == bytes(5_000)
    assert framed(message, deflates=False) == encode_frame(0x82, bytes(5_000))


def deflated_frame(payload: bytes) -> bytes:
    """Return the frame of a payload, compressed however short it is."""
    deflate = zlib.compressobj(wbits=-12, memLevel=5)
    data = deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH)
    return encode_frame(0xC2, data[:-4])


@pytest.mark.parametrize("size", [1, 125, 65_535, 1 << 20])
def test_tail_is_written_as_it_is(size: int) -> None:
    tail = b"t" * size
    message: dict[str, Any] = {"type": "websocket.send", "bytes": b"head", TAIL: tail}
    parts = frame_parts(message, deflates=False)
    assert parts[-1] is tail
    assert b"".join(parts) == encode_frame(0x82, b"head" + tail)
    [deflated] = frame_parts(message, deflates=True)
    assert deflated == deflated_frame(b"head" + tail)


@given(
    st.lists(st.binary(max_size=300), max_size=8),
    st.lists(st.integers(1, 40), min_size=1, max_size=60),
    st.booleans(),
)
def test_close_is_found_however_the_frames_are_cut(
    payloads: list[bytes], cuts: list[int], is_closed: bool
) -> None:
    frames = [Frame(Opcode.BINARY, payload).serialize(mask=True) for payload in payloads]
    if is_closed:
        frames.append(Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True))
    data = b"".join(frames)
    rest, owed, found = b"", 0, False
    while data and not found:
        size = cuts.pop(0) if cuts else len(data)
        rest, owed, found = skip_to_close(rest + data[:size], owed)
        data = data[size:]
    assert found is is_closed
    if not is_closed:
        assert (rest, owed) == (b"", 0)
