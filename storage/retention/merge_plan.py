"""The plan of what is merged next: pure.

thin    │ sitting │ sitting │ sitting … the sitting under way     one event for each
drop    │ everything up to a named version │ … up to the floor    one event for each
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from sync.event_origin import ALONE, REPAIR_SESSION, origin_of
from sync.port import EventRecord

PAUSE_MS: Final = 300_000
"""A longer pause ends a session of writing, as it does for automatic versions."""


def thinned_runs(
    events: Sequence[EventRecord], cuts: Collection[int], *, is_whole: bool
) -> list[Sequence[EventRecord]]:
    """Return the sittings of some events, in order; each sitting is merged into one event.

    Args:
        events: consecutive, ascending.
        cuts: the versions that have to stay, because they have a name or were brought back.
        is_whole: whether the last sitting is over; otherwise it is left out.
    """
    runs: list[Sequence[EventRecord]] = []
    begin = 0
    for index in range(1, len(events)):
        if begins_run(events[index - 1], events[index], cuts):
            runs.append(events[begin:index])
            begin = index
    if is_whole and events:
        runs.append(events[begin:])
    return runs


def begins_run(before: EventRecord, event: EventRecord, cuts: Collection[int]) -> bool:
    """Return whether a run of events that are thinned ends before an event."""
    return (
        before.version in cuts
        or event.at_ms - before.at_ms > PAUSE_MS
        or _is_alone(before)
        or _is_alone(event)
    )


def _is_alone(event: EventRecord) -> bool:
    # A repair is alone, too: merged with updates that depend on it, it would come after them.
    return event.session == REPAIR_SESSION or origin_of(event.session) in ALONE


def dropped_regions(
    merged: Sequence[tuple[int, int]], named: Collection[int], floor: int
) -> Iterator[tuple[int, int]]:
    """Yield the parts of a history of which one event each is still to be left, ascending.

    They are given as the version before and the last one.

    Args:
        merged: the first and last versions of events that are merged already, ascending.
        named: the versions that stay readable.
        floor: everything up to here is dropped; it stays readable itself.
    """
    done = {(first - 1, last) for first, last in merged}
    after = 0
    for version in sorted({*(each for each in named if 0 < each < floor), floor}):
        if version > after and (after, version) not in done:
            yield after, version
        after = version


def boundary_at_or_before(merged: Sequence[tuple[int, int]], version: int) -> int:
    """Return the newest version at or before another that is not gone."""
    for first, last in merged:
        if first <= version < last:
            return first - 1
    return version
