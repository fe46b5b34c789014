"""The origins of new items: refused are two between which no editor ever had its cursor.

An item of Yjs names the units between which it was made, its left and its right origin. Replicas
agree on the place of every item as long as the two stood side by side for somebody, who had them
and what they depend on. Whether they did follows from their own origins and the order of the text:

    left origin of the right one  ≤  the left one  <  the right one  ≤  right origin of the left one

The start of the text is before every unit, its end behind every unit. One of the equalities holds
unless the two were made at the same time by different editors. Then the order is looked up in a
copy of the document, with a mark right behind each unit: deleted units have no position to compare.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol, TypeAlias

from sync.yjs.content import GC, UpdateLimits
from sync.yjs.keystroke import TypingInsert
from sync.yjs.known import NO_CLOCKS, KnownState
from sync.yjs.layout import Piece, Section, encode_update, string_piece
from sync.yjs.native import Doc, ReplicaBrokenError, Text, guarded
from sync.yjs.place import UNKNOWN, Place
from sync.yjs.statevector import decode_state_vector, encode_state_vector
from sync.yjs.update import Update, parse_update
from sync.yjs.varint import LOWEST_CLIENT, MAX_SAFE_INTEGER, MalformedError, read_varint
from sync.yjs.verdict import Ready

Unit: TypeAlias = tuple[int, int]
"""(client, clock)."""
Gap: TypeAlias = tuple[Unit | None, Unit | None]
"""The units to the left and to the right of an item; None is an end of the text."""
Order: TypeAlias = tuple[Unit, Unit]
"""Two units, of which the first has to stand before the second."""

_MAX_SLICES: Final = 256
"""Units that are looked up one by one; for more, the whole state is parsed.

In a document of 138,000 edits one costs 0.25 ms, and parsing all of it 150 ms: not much is lost
beyond, and who replaces a hundred words at once does not stop everybody for the latter.
"""
_ENDLESS: Final = UpdateLimits(*(MAX_SAFE_INTEGER,) * 4)
_MARK: Final = re.compile("\0(\\d+)\0")
"""A mark in the copy: no text has NUL.

Its client has the lowest id of all, so that nothing stands between it and its left origin.
"""


class CrossedError(Exception):
    """A struct stands between two units that never were neighbours; its text is fit for a peer."""


class Stated(Protocol):
    """A replica of which the state can be read, whole or from a state vector on."""

    def state(self, since: bytes | None = None) -> bytes:
        """See `Replica.state`."""


def sides_of(update: Update) -> Mapping[Unit, Gap]:
    """Return the origin and the right origin of each struct that has one."""
    inner = {(client, start) for client, start, _ in update.places}
    sides: dict[Unit, Gap] = {}
    for client, start, on, clock, border in update.dependencies:
        if (client, start) not in inner:
            left, right = sides.get((client, start), (None, None))
            is_left = border == clock
            sides[client, start] = ((on, clock), right) if is_left else (left, (on, clock))
    return sides


def check_origins(
    replica: Stated, known: KnownState, update: bytes, ready: Ready, at: Place, root: str
) -> None:
    """Refuse an update with a struct between two units that never were neighbours.

    Args:
        replica: without the update.
        known: what the replica has.
        ready: the verdict on the update.
        at: the place of the text, in which structs are looked at.
        root: the root of the text.

    Raises:
        CrossedError: no editor can have made the update.
        ReplicaBrokenError: the replica is not to be used any more.
    """
    check = _Check(replica, known, update, ready)
    orders = [order for gap in check.gaps(at) for order in check.orders(*gap)]
    if orders and not _are_in_order(replica.state(), update, root, orders):
        raise CrossedError("an item between two that never were neighbours")


class _Structs:
    """The structs of an update, to be found by any of their units."""

    def __init__(self, update: Update) -> None:
        self._sides = sides_of(update)
        self._starts: dict[int, list[int]] = {}
        self._collected: set[Unit] = set()
        for client, start, _, kind, *_ in update.structs:
            self._starts.setdefault(client, []).append(start)
            if kind == GC:
                self._collected.add((client, start))

    def find(self, unit: Unit) -> Gap | None:
        client, clock = unit
        starts = self._starts[client]
        start = starts[bisect_right(starts, clock) - 1]
        if (client, start) in self._collected:
            return None
        left, right = self._sides.get((client, start), (None, None))
        return ((client, clock - 1) if clock > start else left), right


class _Check:
    """The check of one update."""

    def __init__(self, replica: Stated, known: KnownState, update: bytes, ready: Ready) -> None:
        self._replica = replica
        self._known = known
        self._clocks = known.clocks
        self._ready = ready
        self._parsed = None if isinstance(ready.hint, TypingInsert) else parse_update(update)
        self._own = _Structs(self._parsed) if self._parsed else None
        self._found: dict[Unit, Gap | None] = {}
        self._state: _Structs | None = None
        self._may_slice = True

    def gaps(self, at: Place) -> Iterator[Gap]:
        """Yield the gap of each new struct in a place, or in one that is not known."""
        hint, places = self._ready.hint, self._known.marks.places
        if self._parsed is None:
            assert isinstance(hint, TypingInsert), "parsed if it is none"
            yield hint.origin, hint.right_origin
            return
        main = self._ready.main or places.main
        elsewhere = {(client, start): place for client, start, _, place in self._ready.places}
        sides = sides_of(self._parsed)
        for client, start, end, kind, *_ in self._parsed.structs:
            have = self._clocks.get(client, 0)
            first = max(start, have)
            if end <= have or kind == GC:
                continue
            if elsewhere.get((client, first), main) in (at, UNKNOWN):
                left, right = sides.get((client, start), (None, None))
                yield ((client, first - 1) if first > start else left), right

    def orders(self, left: Unit | None, right: Unit | None) -> tuple[Order, ...]:
        """Return what the order of the text has to be for an item to stand between two units.

        Raises:
            CrossedError: it cannot be.
        """
        sides: dict[Unit, Gap] = {}
        # The later one has the other as its origin, and fewer units behind it to be encoded.
        for unit in sorted(filter(None, (left, right)), key=self._units_behind):
            found = self._sides(unit)
            if found is None:
                return ()  # collected: it stands in no text
            if (found[1] == right) if unit == left else (found[0] == left):
                return ()
            sides[unit] = found
        if left is None and right is None:
            return ()
        if left is None or right is None:
            raise CrossedError("an item between two that never were neighbours")
        before, behind = sides[right][0], sides[left][1]
        wanted = ((before, left), (left, right), (right, behind))
        return tuple((one, other) for one, other in wanted if one and other)

    def _units_behind(self, unit: Unit) -> int:
        return self._clocks.get(unit[0], 0) - unit[1]

    def _sides(self, unit: Unit) -> Gap | None:
        """Return the origins of a unit as if it were a struct; None if it is collected."""
        client, clock = unit
        if clock >= self._clocks.get(client, 0):
            assert self._own, "who types one unit beside another has that one from before"
            return self._own.find(unit)
        if unit not in self._found:
            if len(self._found) >= _MAX_SLICES and self._may_slice and self._state is None:
                self._parse_state()
            self._found[unit] = self._state.find(unit) if self._state else self._slice(unit)
        return self._found[unit]

    def _parse_state(self) -> None:
        try:
            self._state = _Structs(parse_update(self._replica.state(), _ENDLESS))
        except MalformedError:
            self._may_slice = False  # content that a log may hold and no peer may send

    def _slice(self, unit: Unit) -> Gap | None:
        client, clock = unit
        # A state that began inside a surrogate pair would be cut there.
        is_second = clock - 1 in self._known.pairs.get(client, NO_CLOCKS)
        since = encode_state_vector({**self._clocks, client: clock - is_second})
        found = _first_sides(self._replica.state(since))
        return ((client, clock - 1), found[1]) if is_second and found else found


def _first_sides(state: bytes) -> Gap | None:
    """Return the origins of the first struct of a state; None if it is collected."""
    at = 0
    for _ in range(4):  # clients, structs, client, clock
        _, at = read_varint(state, at)
    info, at = state[at], at + 1
    if info & 31 == GC:
        return None
    sides: list[Unit | None] = []
    for bit in (0x80, 0x40):
        if info & bit:
            client, at = read_varint(state, at)
            clock, at = read_varint(state, at)
            sides.append((client, clock))
        else:
            sides.append(None)
    return sides[0], sides[1]


def _are_in_order(state: bytes, update: bytes, root: str, orders: list[Order]) -> bool:
    """Return whether units stand in these orders in a document once it has an update.

    True if that cannot be told, as beside what is collected.
    """
    numbers: dict[Unit, int] = {}
    for order in orders:
        for unit in order:
            numbers.setdefault(unit, len(numbers))
    doc: Doc[Any] = Doc(client_id=1)
    try:
        guarded(lambda: doc.apply_update(state))
        guarded(lambda: doc.apply_update(update))
        clock = decode_state_vector(guarded(doc.get_state)).get(LOWEST_CLIENT, 0)
        guarded(lambda: doc.apply_update(_marks(numbers, clock)))
        text = guarded(lambda: str(doc.get(root, type=Text)))
    except ReplicaBrokenError:
        return True
    marks = {int(each): nth for nth, each in enumerate(_MARK.findall(text))}
    if len(marks) < len(numbers):
        return True
    return all(marks[numbers[one]] < marks[numbers[other]] for one, other in orders)


def _marks(numbers: Mapping[Unit, int], clock: int) -> bytes:
    """Return the update that puts the number of each unit right behind it."""
    pieces: list[Piece] = []
    for unit, number in numbers.items():
        pieces.append(string_piece(clock, f"\0{number}\0", unit, None))
        clock = pieces[-1].end
    return encode_update([Section(LOWEST_CLIENT, pieces)], b"\0")
