"""New structs beside their neighbours, as editors put them: those stand in one place for ever.

An item of Yjs names what was to its left and to its right when it was made. If these are no
neighbours, then where it stands may depend on what was merged before it: a replica that is given
everything at once shows another text. No editor makes such an item, but it cannot be told from one
that was made when they were neighbours. So what stands between two that are neighbours now is taken
as it is; the rest is merged to see (`Replica.apply`).

What the CRDT library says of a unit is exact at the start of its block. Inside of one it takes
units for bytes (see `Replica.byte_of` and `item_at`).
"""

from typing import Final, Protocol

from sync.yjs.content import DELETED, STRING
from sync.yjs.keystroke import TypingInsert
from sync.yjs.known import KnownState
from sync.yjs.origins import CrossedError, Gap, Stated, Unit, check_origins, sides_of
from sync.yjs.place import COLLECTED, UNKNOWN, Place, Places
from sync.yjs.update import parse_update
from sync.yjs.varint import write_text
from sync.yjs.verdict import Ready

_MAX_STRUCTS: Final = 16
"""New structs that are looked at one by one: each costs walks through the text."""


class ReverseOrderError(CrossedError):
    """A struct stands between two units in reverse order."""


class PlainText(Stated, Protocol):
    """A replica whose text is characters alone, and may hold deleted ones."""

    text: str

    def item_at(self, at: int) -> Unit:
        """See `Replica.item_at`."""

    def byte_of(self, client: int, clock: int) -> int:
        """See `Replica.byte_of`."""


def place_of_root(root: str) -> Place:
    """Return the place of what stands directly in a root."""
    out = bytearray(b"\x01")
    write_text(out, root)
    return bytes(out)


def is_sure(
    replica: PlainText,
    known: KnownState,
    update: bytes,
    ready: Ready,
    root: str,
    *,
    is_plain: bool,
) -> bool:
    """Return whether the new structs of an update stand in one place, or not in the text.

    No may also mean that it is not so simple to tell.

    Args:
        is_plain: whether the text is characters alone.

    Raises:
        ReplicaBrokenError, ReverseOrderError: as for `are_neighbours`.
        CrossedError: as for `check_origins`.
    """
    at = place_of_root(root)
    if not (ready.authored and stands_in(ready, known.marks.places, at)):
        return True
    are_sure = is_plain and are_neighbours(replica, known, update, ready, at)
    check_origins(replica, known, update, ready, at, root)
    return are_sure


def stands_in(ready: Ready, places: Places, at: Place) -> bool:
    """Return whether a new unit of an update stands in a place, or may do so."""
    units = sum(end - start for _, start, end in ready.authored)
    named = sum(end - start for _, start, end, _ in ready.places)
    if any(place in (UNKNOWN, COLLECTED, at) for *_, place in ready.places):
        return True
    main = ready.main or places.main
    return units > named and main in (UNKNOWN, at)


def are_neighbours(
    replica: PlainText, known: KnownState, update: bytes, ready: Ready, at: Place
) -> bool:
    """Return whether each new struct of an update stands between two neighbours.

    Args:
        known: what the replica has.
        update: not applied yet.
        ready: the verdict on it.
        at: the place of the text.

    Raises:
        ReplicaBrokenError: the replica is not to be used any more.
        ReverseOrderError: a struct stands between two units in reverse order.
    """
    text = _Text(replica, known, at)
    if isinstance(ready.hint, TypingInsert):
        return text.are_neighbours(ready.hint.origin, ready.hint.right_origin)
    parsed = parse_update(update)
    new = [each for each in parsed.structs if each.end > known.clocks.get(each.client, 0)]
    if len(new) > _MAX_STRUCTS:
        return False
    places = {(client, start): place for client, start, place in parsed.places}
    sides = sides_of(parsed)
    gaps: dict[Gap, Unit] = {}
    for struct in new:
        key = (struct.client, struct.start)
        is_torn = struct.start < known.clocks.get(struct.client, 0)
        if is_torn or struct.kind not in (STRING, DELETED):
            return False
        if places.get(key, at) != at:
            return False
        gap = left, right = sides.get(key, (None, None))
        # What goes on from a struct of the same update stands in that one's gap.
        first = next((each for each in gaps if gaps[each] == left and each[1] == right), None)
        if first is None and (gap in gaps or not text.are_neighbours(left, right)):
            return False
        gaps[first or gap] = (struct.client, struct.end - 1)
    return True


class _Text:
    """The characters of a replica, with their units."""

    def __init__(self, replica: PlainText, known: KnownState, at: Place) -> None:
        self._replica = replica
        self._clocks = known.clocks
        self._places = known.marks.places
        self._at = at
        self._is_ascii = replica.text.isascii()
        self._bytes = b"" if self._is_ascii else replica.text.encode()
        self._size = len(replica.text) if self._is_ascii else len(self._bytes)

    def are_neighbours(self, left: Unit | None, right: Unit | None) -> bool:
        """Return whether no character stands between two units; None is an end of the text.

        No may also mean that it is not so simple to tell.

        Raises:
            ReverseOrderError: a character stands between them in reverse order.
        """
        if not (self._has(left) and self._has(right)):
            return False
        right_at = self._size if right is None else self._replica.byte_of(*right)
        if left is None:
            return right_at == 0
        if self._is_ascii and 0 < right_at <= self._size and self._shows(left, right_at - 1):
            return True
        left_at = self._replica.byte_of(*left)
        if left_at > right_at:
            raise ReverseOrderError("an item between two in reverse order")
        if left_at == right_at:
            return not self._shows(left, left_at) and self._is_last(left, right, left_at)
        if right == (left[0], left[1] + 1) and right_at == left_at + 1:
            return self._shows(left, left_at)  # in one block
        return right_at <= self._size and self._ends_at(left, left_at, right_at)

    def _is_last(self, left: Unit, right: Unit | None, at: int) -> bool:
        """Return whether a deleted unit stands last before another one, as far as can be told."""
        following = (left[0], left[1] + 1)
        if right == following or not self._has(following):
            return right == following or self._shows_or_ends(right, at)
        return self._shows_or_ends(right, at) and self._replica.byte_of(*following) != at

    def _shows_or_ends(self, unit: Unit | None, at: int) -> bool:
        return at == self._size if unit is None else self._shows(unit, at)

    def _has(self, unit: Unit | None) -> bool:
        """Return whether a unit stands in the text: a collected one must not be looked up."""
        if unit is None:
            return True
        client, clock = unit
        return clock < self._clocks.get(client, 0) and self._places.find(client, clock) == self._at

    def _shows(self, unit: Unit, at: int) -> bool:
        """Return whether the unit that is said to be at a byte is shown."""
        return at < self._size and self._replica.item_at(at) == unit

    def _ends_at(self, unit: Unit, at: int, end: int) -> bool:
        """Return whether the character of a unit is shown, and ends at a byte.

        Args:
            at: the byte at which the unit is said to be.
        """
        if self._is_ascii:
            return False  # seen before
        start = end - 1
        while start and self._bytes[start] & 0xC0 == 0x80:
            start -= 1
        client, clock = self._replica.item_at(start)
        ahead = clock - start
        if client != unit[0] or at != unit[1] - ahead:
            return False  # in another block than the character
        following = (client, unit[1] + 1)
        if not self._has(following):
            return True
        # The last unit of the block is that of its last character.
        return self._replica.byte_of(*following) != following[1] - ahead
