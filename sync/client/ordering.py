"""The ordering buffer of a client: versioned things in any order in, in version order out.

A socket of one server delivers a document's messages in version order already. Whoever resumes,
changes servers or reads from a bus does not get that for nothing: what comes twice is dropped, what
comes early is held (bounded), and what is missing can be asked for.
"""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Final, Generic, NamedTuple, TypeVar

T = TypeVar("T")

MAX_HELD: Final = 1_024
"""The default bound of the things that a buffer holds because they are early."""


class Gap(NamedTuple):
    """A gap of missing versions: ask for the events after `since`."""

    since: int
    upto: int


class _Held(NamedTuple, Generic[T]):
    """The sort key: an item that covers nothing stands before the version behind it."""

    first: int
    last: int
    serial: int
    item: T


class OrderingBuffer(Generic[T]):
    """Sorts things that cover ranges of versions.

    An event, or an ack of a change, covers its own version; merged updates cover a range. What
    covers nothing but has its place behind a version (the ack of an edit that changed nothing) is
    put with `first = last + 1`: it comes out as soon as everything up to `last` has.

    Args:
        version: everything up to here is there already.
        max_held: early things that are held; beyond it, the one furthest ahead is dropped. That
            loses no event: whoever asks for the gap gets it again.
    """

    def __init__(self, version: int = 0, max_held: int = MAX_HELD) -> None:
        self.version = version
        """The version up to which everything has come out."""
        self._max_held = max_held
        self._held: list[_Held[T]] = []
        self._ranges: set[tuple[int, int]] = set()
        self._serial = 0

    def __len__(self) -> int:
        """Return the number of things held."""
        return len(self._held)

    @property
    def gap(self) -> Gap | None:
        """The gap before the earliest thing held; None if nothing is held."""
        return Gap(self.version, self._held[0].first - 1) if self._held else None

    def put(self, item: T, first: int, last: int) -> list[T]:
        """Take one thing in; return the things that are next in order: often just it, often none.

        A range that overlaps with what came out already comes out if it brings anything new:
        merged updates cannot be cut, and applying them twice does nothing.

        Args:
            first: the first version that `item` covers, from 1.
            last: the last one; `first - 1` if it covers none and stands behind `last`.
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
        """Start anew behind `version`: a full state was taken. What was held is forgotten."""
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
