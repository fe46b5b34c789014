"""The place of each unit: the shared type, or the entry of a map, that it stands in.

An item of Yjs stands in one place with what is to its left and to its right. yrs does not look: it
takes the place of one of them, and loaded from a state, where the other may have been collected,
that of the other. So the gate keeps the places of a document, and refuses an item between two.

A document whose units all stand in one root keeps the name of that and nothing else.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias

from sync.yjs.update import Struct, Update
from sync.yjs.varint import MAX_CLOCK, MalformedError, Reader, write_data, write_varint

Place: TypeAlias = bytes
"""A parent, and a key if it is a map's, as an update encodes them."""

UNKNOWN: Final[Place] = b""
"""The place of what is told without its parent: it may be any."""

CONTENT: Final[Place] = b"\1\7content"
"""The main place that goes without saying in what `KnownState.encode_pairs` writes."""

_ROOT: Final = b"\1"
_MAX_PLACE_BYTES: Final = 1 << 12


class Placed(NamedTuple):
    """Clocks `start` to `end`, exclusive, of `client`, which stand in one place."""

    client: int
    start: int
    end: int
    place: Place


_start = attrgetter("start")


@dataclass(slots=True)
class Places:
    """The places of a document's units; only ever grows."""

    main: Place = UNKNOWN
    """The place of all units that are not in `ranges`: the first root of the document.

    Unknown in documents that are older than this knowledge.
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
        """Take in units that follow all that the client has here."""
        ranges = self.ranges.setdefault(new.client, [])
        if ranges and ranges[-1].end == new.start and ranges[-1].place == new.place:
            ranges[-1] = ranges[-1]._replace(end=new.end)
        else:
            ranges.append(new)

    def copy(self) -> "Places":
        return Places(self.main, {client: list(at) for client, at in self.ranges.items()})

    def encode(self, out: bytearray) -> None:
        """Write the main place, the others, and for each client its ranges, as distances."""
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
        """Read what `encode` wrote.

        Raises:
            MalformedError: it is damaged.
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


def first_root(update: Update) -> Place:
    """The first root that an update names, for the main place of a new document."""
    return next((at for _, _, at in update.places if at.startswith(_ROOT)), CONTENT)


def place(
    update: Update, known: Places, clocks: Mapping[int, int], *, is_logged: bool
) -> tuple[Placed, ...]:
    """Find the places of an update's new units, except those in the main one.

    Args:
        update: ready but for this.
        clocks: what the log has.
        is_logged: whether an item between two places is let pass, as one whose place is unknown.

    Raises:
        MalformedError: an item stands between two places.
    """
    return _Placing(update, known, clocks, is_logged=is_logged).run()


class _Placing:
    """The search for the places of one update's new structs, each after what it stands beside."""

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
        self._torn: list[tuple[int, int]] = []
        """Structs of which the log has a part: the rest stands where that part does."""
        for struct in update.structs:
            client, start = struct.client, struct.start
            have = clocks.get(client, 0)
            if struct.end > have:
                self._structs.setdefault(client, []).append(struct)
                if start < have:
                    self._torn.append((client, start))
                    self._found[client, start] = known.find(client, have - 1)

    def run(self) -> tuple[Placed, ...]:
        placed: list[Placed] = []
        for client, structs in self._structs.items():
            have = self._clocks.get(client, 0)
            for struct in structs:
                at = self._find(client, struct.start)
                if at != self._known.main:
                    placed.append(Placed(client, max(struct.start, have), struct.end, at))
        if self._known.main and not self._is_logged:
            self._check_torn()
        return tuple(placed)

    def _find(self, client: int, start: int) -> Place:
        """The place of a struct; finds those of the structs beside it first."""
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
        """The place of a unit, or the struct of the update for which it is to be found first."""
        if clock < self._clocks.get(client, 0):
            return self._known.find(client, clock)
        structs = self._structs.get(client, ())
        at = bisect_right(structs, clock, key=_start) - 1
        if at < 0:
            return UNKNOWN
        key = (client, structs[at].start)
        return self._found.get(key, key)

    def _own(self, key: tuple[int, int]) -> Place:
        """The place that a struct names, or that what it stands beside has."""
        if key in self._named:
            return self._named[key]
        sides = [self._place_of(*side) for side in self._beside.get(key, ())]
        places = {side for side in sides if isinstance(side, bytes) and side}
        if len(places) > 1 and not self._is_logged:
            raise MalformedError("an item between two parents")
        return places.pop() if len(places) == 1 else UNKNOWN

    def _check_torn(self) -> None:
        """Refuse a struct sent again in another place than the log has it in."""
        for key in self._torn:
            there, own = self._found[key], self._own(key)
            # What was told without its parent stood in a type that is gone, not in a root.
            if own and there != own and (there or own.startswith(_ROOT)):
                raise MalformedError("an item that goes on in another parent")
