"""sync.yjs.varint: every number within bounds, nothing beyond them, no read past the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.yjs.varint import (
    MAX_SAFE_INTEGER,
    MalformedError,
    Reader,
    read_varint,
    write_data,
    write_text,
    write_varint,
)


@given(st.integers(0, MAX_SAFE_INTEGER))
def test_varint_round_trips(value: int) -> None:
    out = bytearray()
    write_varint(out, value)
    assert len(out) <= 8
    assert read_varint(bytes(out), 0) == (value, len(out))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))), st.binary())
def test_reader_reads_what_was_written(texts: list[str], blob: bytes) -> None:
    out = bytearray()
    for text in texts:
        write_text(out, text)
    write_data(out, blob)
    reader = Reader(bytes(out))
    assert [reader.text(10_000) for _ in texts] == texts
    assert reader.data(10_000) == blob
    reader.end()


@pytest.mark.parametrize("value", [-1, 2**53])
def test_writer_refuses_numbers_javascript_cannot_hold(value: int) -> None:
    with pytest.raises(ValueError, match="not in 0"):
        write_varint(bytearray(), value)


def test_varint_of_nine_bytes_is_refused_at_once() -> None:
    with pytest.raises(MalformedError, match="8 bytes"):
        read_varint(b"\xff" * 1_000_000, 0)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff\xff"])
def test_reader_refuses_a_number_that_is_cut_off(data: bytes) -> None:
    with pytest.raises(MalformedError, match="too early"):
        Reader(data).number()


def test_reader_refuses_what_is_beyond_its_bounds() -> None:
    with pytest.raises(MalformedError, match="out of range"):
        Reader(b"\x05").number(4)
    with pytest.raises(MalformedError, match="more than 2 bytes"):
        Reader(b"\x03abc").data(2)
    with pytest.raises(MalformedError, match="too early"):
        Reader(b"\x04abc").data(9)
    with pytest.raises(MalformedError, match="UTF-8"):
        Reader(b"\x03\xed\xa0\x80").text(9)
    reader = Reader(b"\x01a")
    assert reader.left == 2
    with pytest.raises(MalformedError, match="follow"):
        reader.end()
