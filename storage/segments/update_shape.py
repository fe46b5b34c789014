"""The updates of a run, made from a few numbers: those that Yjs clients send for what is typed.

An update of another shape is not made here; whoever compares finds it different.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from operator import add
from typing import Final, NamedTuple

from sync.yjs.varint import MAX_CLOCK, MAX_SAFE_INTEGER, read_varint, write_varint

Unit = tuple[int, int]
"""A unit of a text in a CRDT: the client id that wrote it, and its clock."""

_NUMBER: Final = rb"([\x80-\xff]{0,7}[\x00-\x7f])"
_ID: Final = _NUMBER * 2
_INSERT: Final = re.compile(
    rb"\x01\x01" + _ID + rb"(?:\x84" + _ID + rb"|\xc4" + _ID + _ID + rb"|\x44" + _ID + rb")",
    re.DOTALL,
).match
_DELETE: Final = re.compile(rb"\x00\x01" + _NUMBER + rb"\x01" + _NUMBER + _NUMBER).fullmatch


class TypedStart(NamedTuple):
    """The first update of a run of typing: one struct, whose content is what the event inserts."""

    client: int
    clock: int
    left: Unit | None
    right: Unit | None


class DeletedStart(NamedTuple):
    """The first update of a run of deletions: one range."""

    client: int
    clock: int
    units: int


@lru_cache(maxsize=1 << 15)
def _number(data: bytes) -> int:
    return read_varint(data, 0)[0]


@lru_cache(maxsize=1 << 15)
def varint(value: int) -> bytes:
    """A number as Yjs writes it.

    Raises:
        ValueError: it is not from 0 to 2^53 - 1.
    """
    if 0x80 <= value < 0x4000:
        return bytes((value & 0x7F | 0x80, value >> 7))
    if 0x4000 <= value < 0x200000:
        return bytes((value & 0x7F | 0x80, value >> 7 & 0x7F | 0x80, value >> 14))
    out = bytearray()
    write_varint(out, value)
    return bytes(out)


@lru_cache(maxsize=1 << 12)
def _content(text: str) -> bytes:
    """All of an insert that follows the ids."""
    raw = text.encode()
    return varint(len(raw)) + raw + b"\0"


def recognise_typed(update: bytes) -> TypedStart | None:
    """Return how `update` begins, if it may be an insert; its content is not looked at."""
    found = _INSERT(update)
    if found is None:
        return None
    by, at, *ids = found.groups()
    left, left_at, both_left, both_left_at, both_right, both_right_at, right, right_at = ids
    if left is not None:
        start = TypedStart(_number(by), _number(at), _unit(left, left_at), None)
    elif right is not None:
        start = TypedStart(_number(by), _number(at), None, _unit(right, right_at))
    else:
        before, behind = _unit(both_left, both_left_at), _unit(both_right, both_right_at)
        start = TypedStart(_number(by), _number(at), before, behind)
    units = [(start.client, start.clock), start.left or (0, 0), start.right or (0, 0)]
    return start if _are_units(units) else None


def recognise_deleted(update: bytes) -> DeletedStart | None:
    """Return the range that `update` deletes, if that is all it does."""
    found = _DELETE(update)
    if found is None:
        return None
    start = DeletedStart(*map(_number, found.groups()))
    return start if _are_units([start[:2], (0, start.units)]) else None


def _unit(client: bytes, clock: bytes) -> Unit:
    return _number(client), _number(clock)


def _are_units(units: Sequence[Unit]) -> bool:
    """Return whether all numbers are in their range, so that none can pass the bound of varints."""
    return all(client <= MAX_SAFE_INTEGER and clock <= MAX_CLOCK for client, clock in units)


def units_of(texts: Sequence[str]) -> list[int]:
    """The length of each text in a CRDT: UTF-16 code units."""
    units = list(map(len, texts))
    if max(map(max, texts), default="") > "\uffff":
        astral = [sum(char > "\uffff" for char in text) for text in texts]
        return list(map(add, units, astral))
    return units


def typed_updates(start: TypedStart, texts: Sequence[str], units: Sequence[int]) -> list[bytes]:
    """The updates of one client that types `texts`, each where the one before ended."""
    client, right = varint(start.client), b""
    if start.right is not None:
        right = varint(start.right[0]) + varint(start.right[1])
    head = b"\1\1" + client
    own = (b"\xc4" if right else b"\x84") + client
    ends = list(accumulate(units, initial=start.clock))
    if start.left is None:
        place = b"\x44" + right
    else:
        place = own[:1] + varint(start.left[0]) + varint(start.left[1]) + right
    first = head + varint(start.clock) + place + _content(texts[0])
    return [
        first,
        *[
            head + varint(end) + own + varint(end - 1) + right + _content(text)
            for end, text in zip(ends[1:], texts[1:], strict=False)
        ],
    ]


def deleted_updates(start: DeletedStart, steps: Sequence[int]) -> list[bytes]:
    """The updates that delete `steps`, as in `Edit`, where units lie as they were written.

    Fewer than there are steps, if the units would go below the first of their client.
    """
    head = b"\0\1" + varint(start.client) + b"\1"
    first = head + varint(start.clock) + varint(start.units)
    if len(steps) == 1:
        return [first]
    out, clock, before = [first], start.clock, start.units
    for step in steps[1:]:
        clock += step if step < 0 else before
        if clock < 0:
            break
        before = abs(step)
        out.append(head + varint(clock) + varint(before))
    return out
