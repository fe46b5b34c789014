"""A reader of one client's blocks in an update that the server's own replica encoded."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sync.yjs.content import DELETED, GC, STRING, UpdateLimits, read_content, read_data
from sync.yjs.varint import read_varint

_LIMITS: Final = UpdateLimits()


class Block(NamedTuple):
    """A run of consecutive units of one client: clocks `start` to `end`, exclusive."""

    start: int
    end: int
    kind: int
    text: str | None
    """The characters of a string; None for other content."""


def read_blocks(data: bytes) -> Iterator[Block]:
    """Yield the blocks of the first client in an update that the replica encoded."""
    clients, at = read_varint(data, 0)
    if not clients:
        return
    count, at = read_varint(data, at)
    _, at = read_varint(data, at)
    clock, at = read_varint(data, at)
    for _ in range(count):
        info, at = data[at], at + 1
        kind = info & 31
        if kind != GC:
            at = skip_place(data, at, info)
        text: str | None = None
        if kind == STRING:
            raw, at = read_data(data, at)
            text = raw.decode()
            units = len(raw) if len(text) == len(raw) else len(text.encode("utf-16-le")) // 2
        elif kind <= DELETED:
            units, at = read_varint(data, at)
        else:
            units, at = read_content(data, at, kind, _LIMITS)
        yield Block(clock, clock + units, kind, text)
        clock += units


def skip_place(data: bytes, at: int, info: int) -> int:
    """Return the index after an item's origins, parent and key."""
    ids = (info >> 7 & 1) + (info >> 6 & 1)
    if not ids:
        named, at = read_varint(data, at)
        ids = 0 if named else 1
        if named:
            _, at = read_data(data, at)
    for _ in range(2 * ids):
        _, at = read_varint(data, at)
    if info & 0xE0 == 0x20:
        _, at = read_data(data, at)
    return at
