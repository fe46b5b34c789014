"""A segment as bytes: not one may differ, and what is told of a damaged one."""

import pytest

from storage.segments.container import Container, SegmentDamaged, column_sizes, pack

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
