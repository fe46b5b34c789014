"""The structure of a Yjs v1 update, read without a CRDT.

    update     = clients, clients x (count, client, clock, count x struct), delete set
    struct     = info, [origin id], [right origin id], [parent], content     info & 31: content kind
    parent     = 1, root name | 0, id       only if neither origin is there
    key        = name                       only if neither origin is there and info & 0x20
    delete set = clients, clients x (client, count, count x (clock, length))

Every number is a lib0 varint, every id a client and a clock. Structs of one client follow each
other without a gap. Clocks count UTF-16 units.

`parse_update` is an allow-list: it accepts what Yjs writes and what yrs reads in the same way,
within bounds, and nothing else. What is refused here on purpose, although Yjs can write it:

- Skip (10), a gap in an update. yrs integrates what follows it before the gap is filled.
- sub-documents (9), which would be documents outside of this one's log.
- XmlHook types (7 with 5). yrs does not read their name and takes its bytes for the next struct.
- JSON lists (2), which Yjs wrote before version 13. yrs reads one value more than there are.
- an item whose origin is also its right origin. Where yrs puts it depends on what came before.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sync.yjs.bounded_json import MAX_DEPTH, parse_json
from sync.yjs.varint import MAX_CLOCK, MAX_SAFE_INTEGER, MalformedError, read_varint

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

_XML_ELEMENT: Final = 3
_XML_HOOK: Final = 5
_XML_TEXT: Final = 6

_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class UpdateLimits:
    """Bounds of one update; counts are over the whole of it."""

    max_update_bytes: int = 16 * 1024 * 1024
    """Bites from 160 bytes on, which is what a keystroke may have."""
    max_clients: int = 5_000
    max_structs: int = 500_000
    max_delete_ranges: int = 500_000
    max_name_bytes: int = 1024
    """Of a root's name, a map key, a format's name, an XML element's name."""
    max_depth: int = MAX_DEPTH
    """Of JSON and lib0 values: yrs reads the latter recursively, and 53 kB of brackets kill it."""


class Struct(NamedTuple):
    """One struct: clocks `start` to `end`, exclusive, of `client`."""

    client: int
    start: int
    end: int
    kind: int
    keyed: bool
    """It is, or stands in, a map entry."""
    root: str | None
    """The root type that it names as its parent; None if it has an origin or an item as parent."""
    text: str | None
    """Of a string."""


class Dependency(NamedTuple):
    """The struct of `client` at `start` needs the unit `clock` of `on` to be there."""

    client: int
    start: int
    on: int
    clock: int
    border: int
    """It cuts between this unit of `on` and the next; -1 if it cuts nothing."""


@dataclass(frozen=True, slots=True)
class Update:
    """What an update holds, in the order in which it is written."""

    spans: Sequence[tuple[int, int, int]]
    """(client, start, end) over all structs of each client; each client once."""
    structs: Sequence[Struct]
    dependencies: Sequence[Dependency]
    """All but those on the same client's units just before, which are there by order."""
    pairs: Sequence[tuple[int, int]]
    """(client, clock) of the first half of each surrogate pair."""
    parents: Sequence[tuple[int, int]]
    """(client, clock) of each item that a struct names as its parent."""
    types: Sequence[tuple[int, int]]
    """(client, clock) of each shared type."""
    remains: Sequence[tuple[int, int, int]]
    """(client, start, end) of what was deleted and is told no more: it may have been a type."""
    deletes: Sequence[tuple[int, int, int]]
    """(client, start, end), per client ascending and without overlap."""


DEFAULT_LIMITS: Final = UpdateLimits()


def parse_update(data: bytes, limits: UpdateLimits = DEFAULT_LIMITS) -> Update:
    """Read a whole update; raise `MalformedError`, fit for a peer, for anything but a good one."""
    if len(data) > limits.max_update_bytes:
        raise MalformedError(f"an update of more than {limits.max_update_bytes} bytes")
    try:
        return _parse(data, limits)
    except IndexError:
        raise MalformedError("the update ends too early") from None
    except UnicodeDecodeError:
        raise MalformedError("a string is not valid UTF-8") from None


def _parse(data: bytes, limits: UpdateLimits) -> Update:
    # One function, locals and indices: it runs for every keystroke of everyone, and calls and
    # attributes are what CPython is slow at. Rare content kinds are read by `_read_content`.
    structs: list[Struct] = []
    dependencies: list[Dependency] = []
    pairs: list[tuple[int, int]] = []
    parents: list[tuple[int, int]] = []
    types: list[tuple[int, int]] = []
    remains: list[tuple[int, int, int]] = []
    spans: list[tuple[int, int, int]] = []
    seen: set[int] = set()
    make_struct = Struct._make
    make_dependency = Dependency._make
    size = len(data)
    room = limits.max_structs
    max_name_bytes = limits.max_name_bytes
    clients, at = read_varint(data, 0)
    if clients > limits.max_clients:
        raise MalformedError(f"an update of more than {limits.max_clients} clients")
    for _ in range(clients):
        count, at = read_varint(data, at)
        if not count:
            raise MalformedError("a client without structs")
        room -= count
        if room < 0:
            raise MalformedError(f"an update of more than {limits.max_structs} structs")
        begin = at
        client, at = read_varint(data, at)
        if client > MAX_SAFE_INTEGER:
            raise MalformedError("a client id is out of range")
        if client in seen:
            raise MalformedError("an update names a client twice")
        seen.add(client)
        # Most ids are of the same client; comparing its bytes is cheaper than decoding them.
        client_bytes = data[begin:at]
        client_width = at - begin
        clock, at = read_varint(data, at)
        first = clock
        for _ in range(count):
            info = data[at]
            at += 1
            kind = info & 31
            root: str | None = None
            text: str | None = None
            if kind == SKIP:
                raise MalformedError("an update with a gap")
            if kind == GC:
                if info:
                    raise MalformedError("an unknown kind of struct")
            elif info & 0xC0:
                if info & 0x80:
                    if data.startswith(client_bytes, at):
                        on = client
                        at += client_width
                    else:
                        on, at = read_varint(data, at)
                    unit = data[at]
                    at += 1
                    if unit > 0x7F:
                        unit, at = read_varint(data, at - 1)
                    if unit >= clock if on == client else on > MAX_SAFE_INTEGER:
                        raise MalformedError("a struct that depends on itself or on no client")
                    if unit >= MAX_CLOCK:
                        raise MalformedError("a clock is out of range")
                    dependencies.append(make_dependency((client, clock, on, unit, unit)))
                if info & 0x40:
                    if data.startswith(client_bytes, at):
                        on = client
                        at += client_width
                    else:
                        on, at = read_varint(data, at)
                    unit = data[at]
                    at += 1
                    if unit > 0x7F:
                        unit, at = read_varint(data, at - 1)
                    if unit >= clock if on == client else on > MAX_SAFE_INTEGER:
                        raise MalformedError("a struct that depends on itself or on no client")
                    if unit >= MAX_CLOCK:
                        raise MalformedError("a clock is out of range")
                    right = make_dependency((client, clock, on, unit, unit - 1))
                    if info & 0x80 and dependencies[-1][2:4] == right[2:4]:
                        raise MalformedError("a struct to the left and right of one item")
                    dependencies.append(right)
            else:
                named, at = read_varint(data, at)
                if named == 1:
                    root, at = _read_name(data, at, max_name_bytes)
                elif named == 0:
                    on, at = read_varint(data, at)
                    unit, at = read_varint(data, at)
                    if unit >= clock if on == client else on > MAX_SAFE_INTEGER:
                        raise MalformedError("a struct that depends on itself or on no client")
                    if unit >= MAX_CLOCK:
                        raise MalformedError("a clock is out of range")
                    dependencies.append(make_dependency((client, clock, on, unit, -1)))
                    parents.append((on, unit))
                else:
                    raise MalformedError("an unknown kind of parent")
                if info & 0x20:
                    _, at = _read_name(data, at, max_name_bytes)
            if kind == STRING:
                length = data[at]
                at += 1
                if length > 0x7F:
                    length, at = read_varint(data, at - 1)
                stop = at + length
                if stop > size:
                    raise MalformedError("the update ends too early")
                text = data[at:stop].decode()
                at = stop
                if "\0" in text:
                    raise MalformedError("a text with NUL")
                units = len(text)
                if units != length:
                    astral = len(text.encode("utf-16-le")) // 2 - units
                    if astral:
                        units += astral
                        for nth, match in enumerate(_ASTRAL.finditer(text)):
                            pairs.append((client, clock + match.start() + nth))
            elif kind <= DELETED:
                units, at = read_varint(data, at)
            else:
                units, at = _read_content(data, at, kind, limits)
            if not units:
                raise MalformedError("a struct without length")
            end = clock + units
            if end > MAX_CLOCK:
                raise MalformedError("a clock is out of range")
            if kind <= DELETED:
                remains.append((client, clock, end))
            elif kind == TYPE:
                types.append((client, clock))
            structs.append(make_struct((client, clock, end, kind, info & 0x20 != 0, root, text)))
            clock = end
        spans.append((client, first, clock))
    deletes = _read_delete_set(data, at, limits) if data[at] or at + 1 != size else ()
    return Update(spans, structs, dependencies, pairs, parents, types, remains, deletes)


class Block(NamedTuple):
    """Units of one client that stand side by side: clocks `start` to `end`, exclusive."""

    start: int
    end: int
    kind: int
    text: str | None
    """Of a string."""


def read_blocks(data: bytes) -> Iterator[Block]:
    """Read one by one the structs of the first client in an update that a replica wrote itself."""
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
            at = _skip_place(data, at, info)
        text: str | None = None
        if kind == STRING:
            raw, at = _read_data(data, at)
            text = raw.decode()
            units = len(raw) if len(text) == len(raw) else len(text.encode("utf-16-le")) // 2
        elif kind <= DELETED:
            units, at = read_varint(data, at)
        else:
            units, at = _read_content(data, at, kind, DEFAULT_LIMITS)
        yield Block(clock, clock + units, kind, text)
        clock += units


def _skip_place(data: bytes, at: int, info: int) -> int:
    """Return the index after what says where an item stands."""
    ids = (info >> 7 & 1) + (info >> 6 & 1)
    if not ids:
        named, at = read_varint(data, at)
        ids = 0 if named else 1
        if named:
            _, at = _read_data(data, at)
    for _ in range(2 * ids):
        _, at = read_varint(data, at)
    if info & 0xE0 == 0x20:
        _, at = _read_data(data, at)
    return at


def _read_delete_set(data: bytes, at: int, limits: UpdateLimits) -> list[tuple[int, int, int]]:
    deletes: list[tuple[int, int, int]] = []
    seen: set[int] = set()
    room = limits.max_delete_ranges
    clients, at = read_varint(data, at)
    if clients > limits.max_clients:
        raise MalformedError(f"a delete set of more than {limits.max_clients} clients")
    for _ in range(clients):
        client, at = read_varint(data, at)
        if client > MAX_SAFE_INTEGER:
            raise MalformedError("a client id is out of range")
        if client in seen:
            raise MalformedError("a delete set names a client twice")
        seen.add(client)
        count, at = read_varint(data, at)
        room -= count
        if room < 0:
            raise MalformedError(f"a delete set of more than {limits.max_delete_ranges} ranges")
        end = 0
        for _ in range(count):
            start, at = read_varint(data, at)
            length, at = read_varint(data, at)
            if not length:
                raise MalformedError("a delete range without length")
            if start < end:
                raise MalformedError("delete ranges that overlap or are not in order")
            end = start + length
            if end > MAX_CLOCK:
                raise MalformedError("a clock is out of range")
            deletes.append((client, start, end))
    if at != len(data):
        raise MalformedError("bytes follow the end of the update")
    return deletes


def _read_data(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = read_varint(data, at)
    stop = at + length
    if stop > len(data):
        raise MalformedError("the update ends too early")
    return data[at:stop], stop


def _read_name(data: bytes, at: int, max_bytes: int) -> tuple[str, int]:
    raw, at = _read_data(data, at)
    if len(raw) > max_bytes:
        raise MalformedError(f"a name of more than {max_bytes} bytes")
    name = raw.decode()
    if "\0" in name:
        raise MalformedError("a name with NUL")
    return name, at


def _read_json(data: bytes, at: int, max_depth: int) -> int:
    raw, at = _read_data(data, at)
    parse_json(raw.decode(), max_depth)
    return at


def _read_content(data: bytes, at: int, kind: int, limits: UpdateLimits) -> tuple[int, int]:
    """Return how many units the content has, and the index after it."""
    if kind == ANY:
        count, at = read_varint(data, at)
        return count, _skip_values(data, at, _fitting(data, at, count), limits.max_depth)
    if kind == BINARY:
        _, at = _read_data(data, at)
    elif kind == EMBED:
        at = _read_json(data, at, limits.max_depth)
    elif kind == FORMAT:
        _, at = _read_name(data, at, limits.max_name_bytes)
        at = _read_json(data, at, limits.max_depth)
    elif kind == TYPE:
        shared, at = read_varint(data, at)
        if shared == _XML_HOOK:
            raise MalformedError("XML hooks are not supported")
        if shared > _XML_TEXT:
            raise MalformedError("an unknown kind of shared type")
        if shared == _XML_ELEMENT:
            _, at = _read_name(data, at, limits.max_name_bytes)
    elif kind == JSON:
        raise MalformedError("lists of JSON as in Yjs 12 are not supported")
    elif kind == DOCUMENT:
        raise MalformedError("sub-documents are not supported")
    else:
        raise MalformedError("an unknown kind of struct")
    return 1, at


def _fitting(data: bytes, at: int, count: int) -> int:
    """`count`, refused if the values cannot be there even at one byte each."""
    if count > len(data) - at:
        raise MalformedError("the update ends too early")
    return count


def _skip_values(data: bytes, at: int, count: int, max_depth: int) -> int:
    """Check `count` lib0 values of any type; return the index after them.

    Iterative, with the counts of the values that are still open on a stack: what the peer nests
    must never nest here.
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
            raw, at = _read_data(data, at)
            raw.decode()
        tag = data[at]
        at += 1
        if tag == 119:
            raw, at = _read_data(data, at)
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
            _, at = _read_data(data, at)
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
