"""Sittings of events that are in segments: the rule of `storage.sitting_query`, without SQL."""

from collections.abc import Iterable
from operator import attrgetter
from typing import NamedTuple

from sync.document.merged_event import MergedEvent
from sync.event_origin import ALONE, Origin, origin_of, restored_version
from sync.port import SITTING_CUT, Sitting, SittingAuthor


class EventHead(NamedTuple):
    """All of an event that sittings depend on."""

    version: int
    at_ms: int
    actor_id: str
    actor_name: str
    session: str


def grouped(heads: Iterable[EventHead], pause_ms: int) -> list[Sitting]:
    """Return the sittings of consecutive events, newest first.

    Args:
        heads: ascending.
        pause_ms: the longest pause within a sitting.
    """
    origins: dict[str, Origin] = {}
    sittings: list[Sitting] = []
    current: list[tuple[EventHead, Origin]] = []
    for head in heads:
        origin = origins.get(head.session)
        if origin is None:
            origin = origins[head.session] = origin_of(head.session)
        if current:
            before, origin_before = current[-1]
            if (
                head.at_ms - before.at_ms > pause_ms
                or origin in ALONE
                or origin_before in ALONE
                or head.version % SITTING_CUT == 1
            ):
                sittings.append(_sitting(current))
                current = []
        current.append((head, origin))
    if current:
        sittings.append(_sitting(current))
    return sittings[::-1]


def merged_sitting(event: MergedEvent) -> Sitting:
    """Return the sitting that a merged event is shown as."""
    authors = [
        SittingAuthor(
            share.writer.actor_id,
            share.writer.actor_name,
            origin_of(share.writer.session),
            events=share.events,
            last=share.last,
        )
        for share in event.shares
        if share.events
    ]
    return Sitting(
        event.first,
        event.version,
        min(share.from_ms for share in event.shares),
        max(share.to_ms for share in event.shares),
        restored_version(event.session) if event.first == event.version else None,
        tuple(sorted(authors, key=attrgetter("events"), reverse=True)),
    )


def _sitting(heads: list[tuple[EventHead, Origin]]) -> Sitting:
    authors: dict[tuple[str, str, Origin], SittingAuthor] = {}
    for head, origin in heads:
        name = (head.actor_id, head.actor_name, origin)
        before = authors.get(name)
        events = 1 if before is None else before.events + 1
        authors[name] = SittingAuthor(*name, events=events, last=head.version)
    times = [head.at_ms for head, _ in heads]
    return Sitting(
        heads[0][0].version,
        heads[-1][0].version,
        min(times),
        max(times),
        restored_version(heads[0][0].session),
        # In the order of their first events, where they have as many.
        tuple(sorted(authors.values(), key=attrgetter("events"), reverse=True)),
    )
