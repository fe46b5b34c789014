"""The place of each unit: the shared type, or the entry of a map, that contains it.

In Yjs an item and its left and right neighbours are in one place. yrs does not check this: it takes
the place of one neighbour. After loading from a state, in which that neighbour may have been
garbage-collected, it takes the place of the other. So the gate records the places of a document and
refuses an item whose neighbours are in two places.

What came as collected stood in a type that is deleted: what stands in a root is never collected.
So an item beside it is in no root either. Yjs collects such an item at once; yrs shows it beside
its other neighbour, at a place that depends on the order of updates.

For a document whose units are all in one root, only the name of that root is recorded.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias

from sync.yjs.content import DELETED, GC, read_data
from sync.yjs.update import Struct, Update
from sync.yjs.varint import (
    MAX_CLOCK,
    MalformedError,
    Reader,
    read_varint,
    write_data,
    write_varint,
)

Place: TypeAlias = bytes
"""A parent, and the key if the parent is a map, encoded as in an update."""

UNKNOWN: Final[Place] = b""
"""The place of units that came without their parent; it may be any place."""

COLLECTED: Final[Place] = b"\2"
"""The place of units that came as collected, and of what stands between such units alone."""

CONTENT: Final[Place] = b"\1\7content"
"""The main place that `KnownState.encode_pairs` assumes if it writes no places."""

_ROOT: Final = b"\1"
_MAX_PLACE_BYTES: Final = 1 << 12


class LongEntriesError(MalformedError):
    """Structs under the keys of maps have several values each."""

    def __init__(self, structs: list[tuple[int, int]]) -> None:
        super().__init__("a map entry of more than one value")
        self.structs = structs
        """(client, clock) of each."""


class Placed(NamedTuple):
    """A range of units in one place: clocks `start` to `end`, exclusive, of `client`."""

    client: int
    start: int
    end: int
    place: Place


_start = attrgetter("start")


@dataclass(slots=True)
class Places:
    """The places of a document's units. They only grow."""

    main: Place = UNKNOWN
    """The place of all units that are not in `ranges`: the first root of the document.

    `UNKNOWN` for documents whose checkpoint is from before places were recorded.
    """
    ranges: dict[int, list[Placed]] = field(default_factory=dict)
    """For each client, ascending, its units in other places."""

    def find(self, client: int, clock: int) -> Place:
        ranges = self.ranges.get(client)
        if ranges is not None:
            at = bisect_right(ranges, clock, key=_start) - 1
            if at >= 0 and clock < ranges[at].end:
                return ranges[at].place
        return self.main

    def add(self, new: Placed) -> None:
        """Add units of a client that come after all of its units here."""
        ranges = self.ranges.setdefault(new.client, [])
        if ranges and ranges[-1].end == new.start and ranges[-1].place == new.place:
            ranges[-1] = ranges[-1]._replace(end=new.end)
        else:
            ranges.append(new)

    def copy(self) -> "Places":
        return Places(self.main, {client: list(at) for client, at in self.ranges.items()})

    def encode(self, out: bytearray) -> None:
        """Append the main place, the other places, and each client's ranges as distances."""
        write_data(out, self.main)
        numbers: dict[Place, int] = {}
        for ranges in self.ranges.values():
            for at in ranges:
                numbers.setdefault(at.place, len(numbers))
        write_varint(out, len(numbers))
        for place in numbers:
            write_data(out, place)
        write_varint(out, len(self.ranges))
        for client in sorted(self.ranges):
            write_varint(out, client)
            write_varint(out, len(self.ranges[client]))
            last = 0
            for at in self.ranges[client]:
                for number in (at.start - last, at.end - at.start, numbers[at.place]):
                    write_varint(out, number)
                last = at.end

    @classmethod
    def decode(cls, reader: Reader) -> "Places":
        """Return the places that `encode` wrote.

        Raises:
            MalformedError: the bytes are damaged.
        """
        main = reader.data(_MAX_PLACE_BYTES)
        names = [reader.data(_MAX_PLACE_BYTES) for _ in range(reader.number())]
        found = cls(main)
        for _ in range(reader.number()):
            client, last = reader.number(), 0
            ranges = found.ranges[client] = []
            for _ in range(reader.number()):
                start = last + reader.number(MAX_CLOCK)
                last = start + reader.number(MAX_CLOCK)
                number = reader.number()
                if number >= len(names):
                    raise MalformedError("a place without name")
                ranges.append(Placed(client, start, last, names[number]))
        return found


def has_key(place: Place) -> bool:
    """Return whether a place is an entry of a map."""
    if not place or place == COLLECTED:
        return False
    if place.startswith(_ROOT):
        _, at = read_data(place, 1)
    else:
        _, at = read_varint(place, 1)
        _, at = read_varint(place, at)
    return at < len(place)


def first_root(update: Update) -> Place:
    """Return the first root that an update names: the main place of a new document."""
    roots = (at for _, _, at in update.places if at.startswith(_ROOT) and not has_key(at))
    return next(roots, CONTENT)


def place(
    update: Update, known: Places, clocks: Mapping[int, int], *, is_logged: bool
) -> tuple[Placed, ...]:
    """Return the places of an update's new units, without those in the main place.

    Args:
        update: an update that passed all other checks.
        clocks: the state vector of the log.
        is_logged: accept an item whose neighbours are in two places, with `UNKNOWN` as its place.

    Raises:
        MalformedError: the neighbours of an item are in two places, or one is collected and the
            other in a root.
        LongEntriesError: entries of maps have several values. If such an entry is split, yrs keeps
            the first part when the map is collected, and reads freed memory.
    """
    return _Placing(update, known, clocks, is_logged=is_logged).run()


class _Placing:
    """The search for the places of an update's new structs, neighbours first."""

    def __init__(
        self, update: Update, known: Places, clocks: Mapping[int, int], *, is_logged: bool
    ) -> None:
        self._known = known
        self._clocks = clocks
        self._is_logged = is_logged
        self._named = {(client, start): at for client, start, at in update.places}
        self._beside: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for client, start, on, clock, _ in update.dependencies:
            if (client, start) not in self._named:
                self._beside.setdefault((client, start), []).append((on, clock))
        self._structs: dict[int, list[Struct]] = {}
        self._found: dict[tuple[int, int], Place] = {}
        self._pinched = update.pinched
        self._torn: list[tuple[int, int]] = []
        """Structs of which the log has the first part; the rest is in the same place."""
        for struct in update.structs:
            client, start = struct.client, struct.start
            have = clocks.get(client, 0)
            if struct.end > have:
                self._structs.setdefault(client, []).append(struct)
                if struct.kind == GC:
                    # Whatever the log has before it.
                    self._found[client, start] = COLLECTED
                elif start < have:
                    self._torn.append((client, start))
                    self._found[client, start] = known.find(client, have - 1)

    def run(self) -> tuple[Placed, ...]:
        placed: list[Placed] = []
        long: list[tuple[int, int]] = []
        for client, structs in self._structs.items():
            have = self._clocks.get(client, 0)
            for struct in structs:
                at = self._find(client, struct.start)
                if struct.end - struct.start > 1 and struct.kind > DELETED and has_key(at):
                    long.append((client, struct.start))
                if at != self._known.main:
                    placed.append(Placed(client, max(struct.start, have), struct.end, at))
        if self._known.main and not self._is_logged:
            self._check_torn()
        if self._pinched and not self._is_logged:
            self._check_pinched()
        if long and not self._is_logged:
            raise LongEntriesError(long)
        return tuple(placed)

    def _find(self, client: int, start: int) -> Place:
        """Return the place of a struct, after finding the places of its neighbours."""
        found = self._found
        waiting = [(client, start)]
        while waiting:
            key = waiting[-1]
            if key in found:
                waiting.pop()
                continue
            sides = [self._place_of(*side) for side in self._beside.get(key, ())]
            needed = [side for side in sides if isinstance(side, tuple)]
            if needed:
                waiting += needed
            else:
                found[key] = self._own(key)
        return found[client, start]

    def _place_of(self, client: int, clock: int) -> Place | tuple[int, int]:
        """Return the place of a unit, or the new struct whose place must be found first."""
        if clock < self._clocks.get(client, 0):
            return self._known.find(client, clock)
        structs = self._structs.get(client, ())
        at = bisect_right(structs, clock, key=_start) - 1
        if at < 0:
            return UNKNOWN
        key = (client, structs[at].start)
        return self._found.get(key, key)

    def _own(self, key: tuple[int, int]) -> Place:
        """Return the place that a struct names, or the place of its neighbours."""
        if key in self._named:
            return self._named[key]
        found = {self._place_of(*side) for side in self._beside.get(key, ())}
        sides = {side for side in found if isinstance(side, bytes)}
        places = sides - {UNKNOWN, COLLECTED}
        if not self._is_logged:
            if len(places) > 1:
                raise MalformedError("an item between two parents")
            if COLLECTED in sides and any(map(_is_in_root, places)):
                raise MalformedError("an item between what is collected and a root")
        if len(places) == 1:
            return places.pop()
        return COLLECTED if sides == {COLLECTED} else UNKNOWN

    def _check_torn(self) -> None:
        """Refuse a struct whose first part the log has in another place."""
        for key in self._torn:
            there, own = self._found[key], self._own(key)
            if own in (UNKNOWN, there):
                continue
            # A unit without a parent was in a type that is deleted, not in a root.
            is_lost = there == UNKNOWN or COLLECTED in (there, own)
            if not is_lost or _is_in_root(there) or _is_in_root(own):
                raise MalformedError("an item that goes on in another parent")

    def _check_pinched(self) -> None:
        """Refuse a struct in a root whose origin is also its right origin.

        Its place depends on the order of updates. Undo in Yjs makes such items, but only in a
        nested type that was deleted and made again, which is no part of the text.
        """
        for client, start in self._pinched:
            at = self._found.get((client, start), COLLECTED)  # the log has it
            if at == UNKNOWN or _is_in_root(at):
                raise MalformedError("a struct to the left and right of one item")


def _is_in_root(place: Place) -> bool:
    return place.startswith(_ROOT)
