"""Segments as rows: made from events outside any transaction, and checked as they are made."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from storage.compaction.id_ranges import IdRange, id_ranges
from storage.segments.event_segment import encode_segment, open_segment
from sync.port import EventRecord
from sync.text.composition import chain_all
from sync.text.delta import canonical

_MAX_ACTORS: Final = 200
"""The actors that are listed beside a segment; it knows all of them itself."""


class UnequalError(Exception):
    """A segment does not give back the events that it was made of."""


class NewSegment(msgspec.Struct, frozen=True):
    """A segment that can be stored: it was read back and gave its events."""

    first: int
    last: int
    from_ms: int
    to_ms: int
    actors: str | None
    """JSON."""
    data: bytes
    ids: list[IdRange]

    def values(self, key: int) -> dict[str, Any]:
        """Return the columns of its row in `segments`."""
        return {
            "document_key": key,
            "first_version": self.first,
            "last_version": self.last,
            "from_ms": self.from_ms,
            "to_ms": self.to_ms,
            "actors": self.actors,
            "data": self.data,
        }


def make_segment(
    events: Sequence[EventRecord], indexed_after: int, *, nonce_secret: bytes | None = None
) -> NewSegment:
    """Return the segment of consecutive events.

    Args:
        indexed_after: the ids of later versions only are not in the index yet.
        nonce_secret: see `encode_segment`.

    Raises:
        UnequalError: it cannot be read back as it was.
    """
    data = encode_segment(events, nonce_secret=nonce_secret)
    first, last = events[0].version, events[-1].version
    segment = open_segment(data)
    runs = segment.run_ops(first - 1, last)
    if segment.events(first - 1, last) != list(events) or segment.net() != canonical(
        chain_all(runs)
    ):
        raise UnequalError(f"the versions {first} to {last} do not come back from their segment")
    times = [event.at_ms for event in events]
    actors = sorted({event.actor_id for event in events})
    return NewSegment(
        first,
        last,
        min(times),
        max(times),
        msgspec.json.encode(actors).decode() if len(actors) <= _MAX_ACTORS else None,
        data,
        id_ranges((event.version, event.id) for event in events if event.version > indexed_after),
    )
