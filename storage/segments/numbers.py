"""Columns of numbers as bytes: in the narrowest width that fits all, the lowest bytes first.

All lowest bytes stand together, then all second ones, and so on: those compress far better than
numbers one after the other. Everything here runs in C, whatever the length of a column.
"""

import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Final

_CODES: Final = {1: "B", 2: "H", 4: "I", 8: "Q"}
"""The type codes of `array` by width in bytes."""

assert all(array(code).itemsize == width for width, code in _CODES.items())


def pack_numbers(values: Sequence[int]) -> bytes:
    """Return a column of numbers from 0 to 2^64 - 1; an empty one has no bytes.

    Raises:
        OverflowError: one is out of range.
    """
    if not values:
        return b""
    most = max(values)
    if most < 256:
        return b"\1" + bytes(values)
    width = 2 if most < 1 << 16 else 4 if most < 1 << 32 else 8
    packed = array(_CODES[width], values)
    if sys.byteorder == "big":
        packed.byteswap()
    raw = packed.tobytes()
    return b"".join([bytes([width]), *(raw[plane::width] for plane in range(width))])


def unpack_numbers(data: bytes) -> list[int]:
    """Return the numbers that `pack_numbers` has packed.

    Raises:
        ValueError: it has not.
    """
    if not data:
        return []
    width = data[0]
    if width == 1:
        return list(data[1:])
    if width not in _CODES or (len(data) - 1) % width:
        raise ValueError(f"a column of {len(data)} bytes, {width} each number")
    count = (len(data) - 1) // width
    raw = bytearray(count * width)
    for plane in range(width):
        start = 1 + plane * count
        raw[plane::width] = data[start : start + count]
    packed = array(_CODES[width], bytes(raw))
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tolist()


def zigzag(values: Iterable[int]) -> list[int]:
    """Return 0, 1, 2, 3, 4 … for 0, -1, 1, -2, 2 …"""
    return [value << 1 if value >= 0 else ~value << 1 | 1 for value in values]


def unzigzag(values: Iterable[int]) -> list[int]:
    """Return what `zigzag` was given."""
    return [~(value >> 1) if value & 1 else value >> 1 for value in values]
