"""Yjs v1 updates written by hand, struct by struct; no test is in here."""

from tests.property.hostile_update import varint

A, B = 10, 20
ROOT = b"\x01" + b"\x07content"


def name(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return varint(len(raw)) + raw


def item(kind: int, content: bytes, *, parent: bytes = ROOT, key: str | None = None) -> bytes:
    """A struct without origins."""
    if key is not None:
        return bytes([kind | 0x20]) + parent + name(key) + content
    return bytes([kind]) + parent + content


def string(
    text: str, origin: tuple[int, int] | None = None, right: tuple[int, int] | None = None
) -> bytes:
    if origin is None and right is None:
        return item(4, name(text))
    info = 4 | (0x80 if origin else 0) | (0x40 if right else 0)
    ids = b"".join(varint(number) for at in (origin, right) if at for number in at)
    return bytes([info]) + ids + name(text)


def block(client: int, clock: int, *structs: bytes) -> bytes:
    return varint(len(structs)) + varint(client) + varint(clock) + b"".join(structs)


def update(*blocks: bytes, deletes: bytes = b"\0") -> bytes:
    return varint(len(blocks)) + b"".join(blocks) + deletes


def delete(client: int, *ranges: tuple[int, int]) -> bytes:
    """A delete set of one client, of (clock, length)."""
    numbers = b"".join(varint(clock) + varint(length) for clock, length in ranges)
    return b"\x01" + varint(client) + varint(len(ranges)) + numbers
