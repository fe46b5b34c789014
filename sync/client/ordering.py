"""The ordering buffer of a client: takes items in any order, returns them in version order.

One server's socket delivers a document's messages in version order already. A client that resumes,
changes servers or reads from a bus may get them out of order. So repeated items are dropped, early
ones are held (bounded), and the gap before them is known, so that it can be asked for.
"""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Final, Generic, NamedTuple, TypeVar

T = TypeVar("T")

MAX_HELD: Final = 1_024
"""The default bound for the early items that a buffer holds."""


class Gap(NamedTuple):
    """A gap of missing versions: those after `since`, up to and including `upto`."""

    since: int
    upto: int


class _Held(NamedTuple, Generic[T]):
    """A held item with its sort key: an item without versions comes before the next version."""

    first: int
    last: int
    serial: int
    item: T


class OrderingBuffer(Generic[T]):
    """A buffer that sorts items, each of which covers a range of versions.

    An event, or the ack of a change, covers its own version; merged updates cover a range. The ack
    of an edit that changed nothing covers no version, but has its place after one: it is put with
    `first = last + 1`, and is returned as soon as all versions up to `last` were.

    Args:
        version: the version up to which the client has everything.
        max_held: the most early items that are held; beyond that, the item furthest ahead is
            dropped. No event is lost: the answer to a request for the gap brings it again.
    """

    def __init__(self, version: int = 0, max_held: int = MAX_HELD) -> None:
        self.version = version
        """The version up to which all items were returned."""
        self._max_held = max_held
        self._held: list[_Held[T]] = []
        self._ranges: set[tuple[int, int]] = set()
        self._serial = 0

    def __len__(self) -> int:
        """Return the number of held items."""
        return len(self._held)

    @property
    def gap(self) -> Gap | None:
        """The gap before the earliest held item; None if no item is held."""
        return Gap(self.version, self._held[0].first - 1) if self._held else None

    def put(self, item: T, first: int, last: int) -> list[T]:
        """Add an item; return the items that are next in order, often just this one or none.

        An item whose range overlaps with returned versions is returned if it has any new version:
        merged updates cannot be split, and applying them twice has no effect.

        Args:
            first: the first version that `item` covers, from 1.
            last: the last one; `first - 1` if the item covers none and has its place after `last`.
        """
        assert 1 <= first <= last + 1, f"{first}..{last} is no range of versions"
        covers = first <= last
        if covers and last <= self.version:
            return []
        if first > self.version + 1:
            if not covers or (first, last) not in self._ranges:
                self._hold(item, first, last)
            return []
        self.version = max(self.version, last)
        return [item, *self._drain()]

    def reset(self, version: int) -> None:
        """Start again after `version`, since a full state was taken; forget all held items."""
        self.version = version
        self._held.clear()
        self._ranges.clear()

    def _hold(self, item: T, first: int, last: int) -> None:
        self._serial += 1
        heappush(self._held, _Held(first, last, self._serial, item))
        self._ranges.add((first, last))
        if len(self._held) > self._max_held:
            furthest = max(self._held)
            self._held.remove(furthest)
            heapify(self._held)
            self._ranges.discard((furthest.first, furthest.last))

    def _drain(self) -> Iterator[T]:
        while self._held and self._held[0].first <= self.version + 1:
            first, last, _, item = heappop(self._held)
            self._ranges.discard((first, last))
            if first > last or last > self.version:
                self.version = max(self.version, last)
                yield item
