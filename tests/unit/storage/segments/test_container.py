"""A segment as bytes: not one may differ, and what is told of a damaged one."""

import tracemalloc
import zlib

import brotli
import msgspec
import pytest

from storage.segments import container as container_module
from storage.segments.container import (
    MAX_PLAIN_BYTES,
    Container,
    Header,
    SegmentDamaged,
    column_sizes,
    pack,
)

COLUMNS = {"times": b"1234" * 40, "ids": b"", "ops": bytes(range(256))}
WHOLE = pack(7, 3, COLUMNS)


def test_columns_come_back() -> None:
    container = Container(WHOLE)
    assert (container.header.first, container.header.count) == (7, 3)
    assert {name: container.column(name) for name in COLUMNS} == COLUMNS


def test_same_columns_give_the_same_bytes() -> None:
    assert pack(7, 3, COLUMNS) == WHOLE


def test_every_flipped_bit_is_told() -> None:
    for index in range(len(WHOLE)):
        for bit in range(8):
            damaged = bytearray(WHOLE)
            damaged[index] ^= 1 << bit
            with pytest.raises(SegmentDamaged):
                Container(bytes(damaged))


def test_every_truncation_is_told() -> None:
    for length in range(len(WHOLE)):
        with pytest.raises(SegmentDamaged):
            Container(WHOLE[:length])


def test_surplus_bytes_are_told() -> None:
    with pytest.raises(SegmentDamaged):
        Container(WHOLE + b"\0")


def test_damaged_column_is_named() -> None:
    damaged = bytearray(WHOLE)
    damaged[-17] ^= 1
    with pytest.raises(SegmentDamaged) as told:
        Container(bytes(damaged))
    assert "column ops" in told.value.place


def test_sizes_add_up() -> None:
    assert sum(column_sizes(WHOLE).values()) == len(WHOLE)


def _with_column(body: bytes, plain_bytes: int) -> bytes:
    """A segment as a hostile hand makes it: every checksum fits, what it says need not."""
    entry = container_module._ColumnEntry("ops", len(body), plain_bytes, zlib.crc32(body))
    header = msgspec.msgpack.encode(Header(1, 1, (entry,)))
    start = WHOLE[:5] + len(header).to_bytes(4, "big")
    covered = start + header + body
    return covered + container_module._checksum(covered)


@pytest.mark.parametrize("plain_bytes", [1, 1_000])
def test_column_that_grows_beyond_its_word_is_refused_early(plain_bytes: int) -> None:
    bomb = _with_column(brotli.compress(b"\0" * (64 << 20)), plain_bytes)
    container = Container(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(SegmentDamaged):
            container.column("ops")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_column_that_is_cut_off_is_refused() -> None:
    body = brotli.compress(bytes(range(256)) * 8)
    with pytest.raises(SegmentDamaged):
        Container(_with_column(body[:-4], 2_048)).column("ops")


def test_columns_that_say_too_much_are_refused_at_once() -> None:
    with pytest.raises(SegmentDamaged):
        Container(_with_column(b"x", MAX_PLAIN_BYTES + 1))
