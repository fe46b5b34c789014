"""The content of structs in a Yjs v1 update: its kinds, its bounds, and functions that skip it.

Numbers, byte arrays and names are encoded as in lib0. Values are checked and skipped, not kept: the
parser needs only the number of units, the end, and that Yjs and yrs read the content alike.
"""

from dataclasses import dataclass
from typing import Final

from sync.yjs.bounded_json import MAX_DEPTH, parse_json
from sync.yjs.varint import MAX_SAFE_INTEGER, MalformedError, read_varint

GC: Final = 0
DELETED: Final = 1
JSON: Final = 2
BINARY: Final = 3
STRING: Final = 4
EMBED: Final = 5
FORMAT: Final = 6
TYPE: Final = 7
ANY: Final = 8
DOCUMENT: Final = 9
SKIP: Final = 10

XML_ELEMENT: Final = 3
XML_HOOK: Final = 5
XML_TEXT: Final = 6


@dataclass(frozen=True, slots=True)
class UpdateLimits:
    """Bounds of one update; each count is for the whole update."""

    max_update_bytes: int = 16 * 1024 * 1024
    """Not enforced below 160 bytes: a recognised keystroke is not measured."""
    max_clients: int = 5_000
    max_structs: int = 500_000
    max_delete_ranges: int = 500_000
    max_name_bytes: int = 1024
    """Bound for the names of roots, map keys, formats and XML elements, in UTF-8 bytes."""
    max_depth: int = MAX_DEPTH
    """Bound for the nesting of JSON and lib0 values.

    yrs reads lib0 values recursively; 53 kB of nested arrays overflow its stack.
    """


def read_data(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = read_varint(data, at)
    stop = at + length
    if stop > len(data):
        raise MalformedError("the update ends too early")
    return data[at:stop], stop


def read_name(data: bytes, at: int, max_bytes: int) -> tuple[str, int]:
    raw, at = read_data(data, at)
    if len(raw) > max_bytes:
        raise MalformedError(f"a name of more than {max_bytes} bytes")
    name = raw.decode()
    if "\0" in name:
        raise MalformedError("a name with NUL")
    return name, at


def _read_json(data: bytes, at: int, max_depth: int) -> int:
    raw, at = read_data(data, at)
    parse_json(raw.decode(), max_depth)
    return at


def read_content(data: bytes, at: int, kind: int, limits: UpdateLimits) -> tuple[int, int]:
    """Return the number of units of a content, and the index after it."""
    if kind == ANY:
        count, at = read_varint(data, at)
        return count, skip_values(data, at, _fitting(data, at, count), limits.max_depth)
    if kind == BINARY:
        _, at = read_data(data, at)
    elif kind == EMBED:
        at = _read_json(data, at, limits.max_depth)
    elif kind == FORMAT:
        _, at = read_name(data, at, limits.max_name_bytes)
        at = _read_json(data, at, limits.max_depth)
    elif kind == TYPE:
        kind_at = at
        shared, at = read_varint(data, at)
        if at != kind_at + 1:
            raise MalformedError("an unknown kind of shared type")  # yrs reads a byte
        if shared == XML_HOOK:
            raise MalformedError("XML hooks are not supported")
        if shared > XML_TEXT:
            raise MalformedError("an unknown kind of shared type")
        if shared == XML_ELEMENT:
            _, at = read_name(data, at, limits.max_name_bytes)
    elif kind == JSON:
        raise MalformedError("lists of JSON as in Yjs 12 are not supported")
    elif kind == DOCUMENT:
        raise MalformedError("sub-documents are not supported")
    else:
        raise MalformedError("an unknown kind of struct")
    return 1, at


def _fitting(data: bytes, at: int, count: int) -> int:
    """Return `count`; raise `MalformedError` if fewer bytes than that are left."""
    if count > len(data) - at:
        raise MalformedError("the update ends too early")
    return count


def skip_values(data: bytes, at: int, count: int, max_depth: int) -> int:
    """Check `count` lib0 values of any type; return the index after them.

    It is iterative: open arrays and objects are on a list, so a peer's nesting cannot overflow the
    interpreter's stack.
    """
    left = count
    in_object = False
    outer: list[tuple[int, bool]] = []
    while True:
        while not left:
            if not outer:
                return at
            left, in_object = outer.pop()
        left -= 1
        if in_object:
            raw, at = read_data(data, at)
            raw.decode()
        tag = data[at]
        at += 1
        if tag == 119:
            raw, at = read_data(data, at)
            raw.decode()
        elif tag == 125:
            at = _skip_integer(data, at)
        elif tag in (117, 118):
            if len(outer) == max_depth:
                raise MalformedError(f"a value is nested more than {max_depth} deep")
            outer.append((left, in_object))
            count, at = read_varint(data, at)
            left = _fitting(data, at, count)
            in_object = tag == 118
        elif tag == 116:
            _, at = read_data(data, at)
        elif tag in (122, 123, 124):
            at += 4 if tag == 124 else 8
            if at > len(data):
                raise MalformedError("the update ends too early")
        elif tag not in (120, 121, 126, 127):
            raise MalformedError("an unknown kind of value")


def _skip_integer(data: bytes, at: int) -> int:
    """Check a signed varint: six bits and the sign in its first byte, seven in each further one."""
    byte = data[at]
    value = byte & 0x3F
    at += 1
    if byte > 0x7F:
        high, at = read_varint(data, at)
        value |= high << 6
    if value > MAX_SAFE_INTEGER:
        raise MalformedError("an integer is out of range")
    return at
