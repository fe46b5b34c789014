"""The structure of a Yjs v1 update, read without a CRDT.

    update     = clients, clients x (count, client, clock, count x struct), delete set
    struct     = info, [origin id], [right origin id], [parent], content     info & 31: content kind
    parent     = 1, root name | 0, id       only if neither origin is there
    key        = name                       only if neither origin is there and info & 0x20
    delete set = clients, clients x (client, count, count x (clock, length))

Every number is a lib0 varint, every id a client and a clock. Structs of one client follow each
other without a gap. Clocks count UTF-16 units.

`parse_update` is an allow-list: it accepts what Yjs writes and yrs reads in the same way, within
bounds, and nothing else. It refuses on purpose some things that Yjs can write:

- Skip (10), a gap in an update. yrs integrates the structs after it before the gap is filled.
  What can be merged of such an update is found by `sync.yjs.part`.
- sub-documents (9), which would be documents outside of this one's log.
- XmlHook types (7 with 5). yrs does not read their name and takes its bytes for the next struct.
- JSON lists (2), which Yjs wrote before version 13. yrs reads one value more than there are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sync.yjs.content import (
    DELETED,
    GC,
    SKIP,
    STRING,
    TYPE,
    UpdateLimits,
    read_content,
    read_name,
)
from sync.yjs.varint import MAX_CLOCK, MAX_SAFE_INTEGER, MalformedError, read_varint

__all__ = ["Dependency", "Struct", "Update", "UpdateLimits", "parse_update"]

_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")


class Struct(NamedTuple):
    """One struct: clocks `start` to `end`, exclusive, of `client`."""

    client: int
    start: int
    end: int
    kind: int
    keyed: bool
    """True if the struct is a map entry, or is in one."""
    root: str | None
    """The root type that the struct names as its parent; None if it names none."""
    text: str | None
    """The characters of a string; None for other content."""


class Dependency(NamedTuple):
    """A dependency: the struct of `client` at `start` needs the unit `clock` of client `on`."""

    client: int
    start: int
    on: int
    clock: int
    border: int
    """The unit of `on` after which the struct splits a block; -1 if it splits none."""


@dataclass(frozen=True, slots=True)
class Update:
    """The content of an update, in the order in which it is encoded."""

    spans: Sequence[tuple[int, int, int]]
    """(client, start, end) of all structs of a client together; each client once."""
    structs: Sequence[Struct]
    dependencies: Sequence[Dependency]
    """One for each origin, right origin and parent item.

    A struct also needs the units before it of its own client; these are not listed, since structs
    come in their order.
    """
    pairs: Sequence[tuple[int, int]]
    """(client, clock) of the first half of each surrogate pair."""
    parents: Sequence[tuple[int, int]]
    """(client, clock) of each item that a struct names as its parent."""
    types: Sequence[tuple[int, int]]
    """(client, clock) of each shared type."""
    remains: Sequence[tuple[int, int, int]]
    """(client, start, end) of deleted content that is no longer known: it may have been a type."""
    deletes: Sequence[tuple[int, int, int]]
    """(client, start, end), per client ascending and without overlap."""
    places: Sequence[tuple[int, int, bytes]] = ()
    """(client, clock) of each struct that names its parent, and the bytes of parent and key."""
    pinched: Sequence[tuple[int, int]] = ()
    """(client, clock) of each struct whose origin is also its right origin."""


DEFAULT_LIMITS: Final = UpdateLimits()


def parse_update(data: bytes, limits: UpdateLimits = DEFAULT_LIMITS) -> Update:
    """Return the content of an update.

    Raises:
        MalformedError: the update is broken, exceeds a bound or is refused; its text is fit for a
            peer.
    """
    if len(data) > limits.max_update_bytes:
        raise MalformedError(f"an update of more than {limits.max_update_bytes} bytes")
    try:
        return _parse(data, limits)
    except IndexError:
        raise MalformedError("the update ends too early") from None
    except UnicodeDecodeError:
        raise MalformedError("a string is not valid UTF-8") from None


def count_structs(state: bytes) -> int:
    """Return the number of structs of a document's state, which is within no bound."""
    endless = MAX_SAFE_INTEGER
    limits = UpdateLimits(endless, endless, endless, endless)
    try:
        return len(_parse(state, limits).structs)
    except (IndexError, UnicodeDecodeError, MalformedError):
        # Content that a log may hold and no peer may send; a struct takes at least two bytes.
        return len(state) // 2


def _parse(data: bytes, limits: UpdateLimits) -> Update:
    # One function with local variables and indices, for speed: calls and attributes are slow in
    # CPython, and this runs for every edit. Rare content kinds are read by `read_content`.
    structs: list[Struct] = []
    dependencies: list[Dependency] = []
    pairs: list[tuple[int, int]] = []
    parents: list[tuple[int, int]] = []
    types: list[tuple[int, int]] = []
    remains: list[tuple[int, int, int]] = []
    places: list[tuple[int, int, bytes]] = []
    pinched: list[tuple[int, int]] = []
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
                        pinched.append((client, clock))
                    dependencies.append(right)
            else:
                begin = at
                named, at = read_varint(data, at)
                if named == 1:
                    root, at = read_name(data, at, max_name_bytes)
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
                    _, at = read_name(data, at, max_name_bytes)
                places.append((client, clock, data[begin:at]))
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
                units, at = read_content(data, at, kind, limits)
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
    return Update(
        spans, structs, dependencies, pairs, parents, types, remains, deletes, places, pinched
    )


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
