"""The deleted units of a document, to tell whether an update deletes anything more."""

from bisect import bisect_right
from collections.abc import Iterable
from operator import itemgetter

from sync.yjs.update import parse_update
from sync.yjs.varint import MalformedError
from sync.yjs.verdict import Range


class Deleted:
    """The deleted ranges of a document at one version.

    Args:
        state: a Yjs v1 update of the document, with its whole delete set.

    Raises:
        MalformedError: it has more deleted ranges than one update may have.
    """

    __slots__ = ("_ranges",)

    def __init__(self, state: bytes) -> None:
        self._ranges: dict[int, list[tuple[int, int]]] = {}
        for client, start, end in parse_update(state).deletes:
            ranges = self._ranges.setdefault(client, [])
            if ranges and ranges[-1][1] == start:
                ranges[-1] = (ranges[-1][0], end)
            else:
                ranges.append((start, end))

    def covers(self, deletes: Iterable[Range]) -> bool:
        """Return whether all units of some ranges are deleted."""
        return all(self._covers(*each) for each in deletes)

    def _covers(self, client: int, start: int, end: int) -> bool:
        ranges = self._ranges.get(client, ())
        at = bisect_right(ranges, start, key=itemgetter(0)) - 1
        return at >= 0 and end <= ranges[at][1]


def deleted_in(state: bytes) -> Deleted | None:
    """Return the deleted ranges of a document; None: they are too many to be listed."""
    try:
        return Deleted(state)
    except MalformedError:
        return None
