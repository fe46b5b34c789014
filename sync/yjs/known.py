"""The gate's knowledge of a document: a summary of the log, enough to judge the next update."""

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
"""The result of `KnownState.encode_pairs` for a document that never held more than plain text."""

NO_CLOCKS: Final[frozenset[int]] = frozenset()


@dataclass(slots=True)
class Marks:
    """The marks of a document: the parts of its content that matter to the gate. They only grow."""

    pairs: dict[int, set[int]] = field(default_factory=dict)
    """For each client the clocks of the first halves of its surrogate pairs, deleted or not."""
    types: dict[int, set[int]] = field(default_factory=dict)
    """For each client the clocks of its shared types, which can be parents of items."""
    remains: dict[int, list[Range]] = field(default_factory=dict)
    """For each client, ascending, ranges that were already deleted when they came.

    They may have been shared types, and so parents.
    """
    cuts: dict[int, set[int]] = field(default_factory=dict)
    """Those of `pairs` inside which something was inserted; they were deleted before."""
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
        """Return True if the item there is a shared type, or is deleted and may have been one."""
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
        """Return the marks as bytes, for `decode_pairs`.

        They are three to five lists of the form count x (client, count, ascending clocks, each as
        the distance from the one before): the pairs; the types; the remains as start, end, start,
        end and so on; the cuts; the halves. Empty lists at the end are left out, unless places are
        known: then all five are written, and the places follow.
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
    """The gate's knowledge of one document: its state vector and its marks.

    It belongs to the task that owns the document. Only `advance` changes it.
    """

    clocks: dict[int, int] = field(default_factory=dict)
    """The state vector: for each client, the number of its units that the log has."""
    marks: Marks = field(default_factory=Marks)

    @property
    def pairs(self) -> dict[int, set[int]]:
        return self.marks.pairs

    def advance(self, accepted: Ready) -> None:
        """Add an update that was merged; `accepted` is the verdict of this state on it."""
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
        """Return an independent copy, for a merge that may be undone."""
        return KnownState(dict(self.clocks), self.marks.copy())

    def encode_state_vector(self) -> bytes:
        """Return the state vector in the encoding of Yjs."""
        return encode_state_vector(self.clocks)

    def encode_pairs(self) -> bytes:
        """Return the marks as bytes, for a checkpoint."""
        return self.marks.encode()


def decode_pairs(data: bytes) -> Marks:
    """Return the marks that `encode_pairs` wrote.

    `KnownState(clocks, decode_pairs(data))` restores the whole state from its clocks and the data.

    Raises:
        MalformedError: the checkpoint is damaged.
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
