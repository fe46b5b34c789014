"""What the log has of a document, as far as the gate must know it to judge the next update."""

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from sync.yjs.place import CONTENT, UNKNOWN, Places
from sync.yjs.statevector import encode_state_vector
from sync.yjs.varint import MAX_CLOCK, MalformedError, Reader, write_varint
from sync.yjs.verdict import Range, Ready

NO_PAIRS: Final = b"\0\0\0"
"""What `KnownState.encode_pairs` gives for a document that never held more than plain text."""

NO_CLOCKS: Final[frozenset[int]] = frozenset()


@dataclass(slots=True)
class Marks:
    """What the gate must know of a document's content; only ever grows."""

    pairs: dict[int, set[int]] = field(default_factory=dict)
    """For each client the clocks of the first halves of its surrogate pairs, deleted or not."""
    types: dict[int, set[int]] = field(default_factory=dict)
    """For each client the clocks of its shared types: what may be a parent."""
    remains: dict[int, list[Range]] = field(default_factory=dict)
    """For each client, ascending, what was already deleted when it came: it may be a parent too."""
    cuts: dict[int, set[int]] = field(default_factory=dict)
    """Those of `pairs` that something stands inside of: they were deleted before it came."""
    halves: dict[int, set[int]] = field(default_factory=dict)
    """For each client the clocks of U+FFFD at the end of a string: see `Ready.halves`."""
    places: Places = field(default_factory=Places)

    def add(self, accepted: Ready) -> None:
        if accepted.main:
            self.places.main = accepted.main
        for placed in accepted.places:
            self.places.add(placed)
        for client, clock in accepted.pairs:
            self.pairs.setdefault(client, set()).add(clock)
        for client, clock in accepted.types:
            self.types.setdefault(client, set()).add(clock)
        for client, clock in accepted.cuts:
            self.cuts.setdefault(client, set()).add(clock)
        for client, clock in accepted.halves:
            self.halves.setdefault(client, set()).add(clock)
        for remains in accepted.remains:
            ranges = self.remains.setdefault(remains.client, [])
            if ranges and ranges[-1].end == remains.start:
                ranges[-1] = ranges[-1]._replace(end=remains.end)
            else:
                ranges.append(remains)

    def may_be_parent(self, client: int, clock: int) -> bool:
        """Whether the item there is a shared type, or was deleted and may have been one."""
        if clock in self.types.get(client, NO_CLOCKS):
            return True
        ranges = self.remains.get(client, ())
        at = bisect_right(ranges, clock, key=attrgetter("start")) - 1
        return at >= 0 and clock < ranges[at].end

    def copy(self) -> "Marks":
        return Marks(
            {client: set(clocks) for client, clocks in self.pairs.items()},
            {client: set(clocks) for client, clocks in self.types.items()},
            {client: list(ranges) for client, ranges in self.remains.items()},
            {client: set(clocks) for client, clocks in self.cuts.items()},
            {client: set(clocks) for client, clocks in self.halves.items()},
            self.places.copy(),
        )

    def encode(self) -> bytes:
        """Three to five times count x (client, count, ascending clocks as distances).

        First the pairs, then the types, then the remains as start, end, start, end and so on; then,
        as far as there are some, the cuts and the halves. Where places are known, the cuts and the
        halves are always there, and the places follow.
        """
        borders = {
            client: [clock for at in ranges for clock in (at.start, at.end)]
            for client, ranges in self.remains.items()
        }
        out = bytearray()
        places = self.places
        short = places.main == CONTENT and not (self.pairs or self.types or self.remains)
        placed = bool(places.ranges or self.cuts or self.halves or not short) and bool(
            places.main or places.ranges
        )
        rare: list[dict[int, set[int]]] = []
        if self.halves or placed:
            rare = [self.cuts, self.halves]
        elif self.cuts:
            rare = [self.cuts]
        groups: list[Mapping[int, Collection[int]]] = [self.pairs, self.types, borders, *rare]
        for marks in groups:
            write_varint(out, len(marks))
            for client in sorted(marks):
                write_varint(out, client)
                write_varint(out, len(marks[client]))
                last = 0
                for clock in sorted(marks[client]):
                    write_varint(out, clock - last)
                    last = clock
        if placed:
            self.places.encode(out)
        return bytes(out)


@dataclass(slots=True)
class KnownState:
    """What the log has of one document: as much as the gate needs to judge the next update.

    Owned by the task that owns the document; changed by `advance` alone.
    """

    clocks: dict[int, int] = field(default_factory=dict)
    """The state vector: how many units of each client the log has."""
    marks: Marks = field(default_factory=Marks)

    @property
    def pairs(self) -> dict[int, set[int]]:
        return self.marks.pairs

    def advance(self, accepted: Ready) -> None:
        """Take in an update that was merged. `accepted` must be of an inspection of this state."""
        clocks = self.clocks
        for client, start, end in accepted.authored:
            if clocks.get(client, 0) != start:
                raise AssertionError("an update was accepted that was judged against another state")
            clocks[client] = end
        if (
            accepted.pairs
            or accepted.places
            or accepted.types
            or accepted.remains
            or accepted.cuts
            or accepted.halves
            or accepted.main
        ):
            self.marks.add(accepted)

    def copy(self) -> "KnownState":
        """An independent copy, for merging what may have to be thrown away."""
        return KnownState(dict(self.clocks), self.marks.copy())

    def encode_state_vector(self) -> bytes:
        """The state vector as Yjs encodes it."""
        return encode_state_vector(self.clocks)

    def encode_pairs(self) -> bytes:
        """The marks, for a checkpoint: with the state vector, all that `decode_pairs` needs."""
        return self.marks.encode()


def decode_pairs(data: bytes) -> Marks:
    """Read what `encode_pairs` wrote: `KnownState(clocks, decode_pairs(data))` is as it was.

    Raises `MalformedError` if a checkpoint is damaged.
    """
    reader = Reader(data)
    pairs, types, borders = (_read_marks(reader) for _ in range(3))
    rare: list[dict[int, list[int]]] = []
    while reader.left and len(rare) < 2:
        rare.append(_read_marks(reader))
    if reader.left:
        places = Places.decode(reader)
    else:
        places = Places(CONTENT if data == NO_PAIRS else UNKNOWN)
    if rare and not (rare[-1] or places.main or places.ranges):
        raise MalformedError("bytes follow the end")
    reader.end()
    remains: dict[int, list[Range]] = {}
    for client, at in borders.items():
        if len(at) % 2:
            raise MalformedError("a range without end")
        remains[client] = [Range(client, at[i], at[i + 1]) for i in range(0, len(at), 2)]
    marks = Marks(
        {client: set(clocks) for client, clocks in pairs.items()},
        {client: set(clocks) for client, clocks in types.items()},
        remains,
        places=places,
    )
    for kept, each in zip((marks.cuts, marks.halves), rare, strict=False):
        kept.update({client: set(clocks) for client, clocks in each.items()})
    return marks


def _read_marks(reader: Reader) -> dict[int, list[int]]:
    marks: dict[int, list[int]] = {}
    for _ in range(reader.number()):
        client = reader.number()
        clock = 0
        clocks = marks[client] = []
        for _ in range(reader.number()):
            clock += reader.number(MAX_CLOCK)
            clocks.append(clock)
    return marks
