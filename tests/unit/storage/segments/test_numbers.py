"""Columns of numbers: exact at every width."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.segments.numbers import pack_numbers, unpack_numbers, unzigzag, zigzag


@given(st.integers(1, 64).flatmap(lambda bits: st.lists(st.integers(0, (1 << bits) - 1))))
def test_numbers_come_back(values: list[int]) -> None:
    assert unpack_numbers(pack_numbers(values)) == values


@pytest.mark.parametrize("most", [0, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**64 - 1])
def test_width_fits_the_largest(most: int) -> None:
    assert unpack_numbers(pack_numbers([0, most, 1])) == [0, most, 1]


def test_column_is_as_narrow_as_can_be() -> None:
    assert len(pack_numbers([255] * 10)) == 11
    assert len(pack_numbers([256] * 10)) == 21


@pytest.mark.parametrize("value", [-1, 2**64])
def test_number_out_of_range_is_refused(value: int) -> None:
    with pytest.raises((OverflowError, ValueError)):
        pack_numbers([value])


@pytest.mark.parametrize("data", [b"\2abc", b"\3abc", b"\0", b"\x08abcd"])
def test_bytes_that_are_no_column_are_told(data: bytes) -> None:
    with pytest.raises(ValueError, match="column"):
        unpack_numbers(data)


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_signed_numbers_come_back(values: list[int]) -> None:
    folded = zigzag(values)
    assert all(value >= 0 for value in folded)
    assert unzigzag(folded) == values
