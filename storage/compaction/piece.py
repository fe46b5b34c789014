"""The choice of the events that are compacted next, and of their segment: pure.

    segment, segment, small segment │ rows that may go │ rows that stay … head
                      └──── one new segment ──┘

A segment is whole with `segment_events` events, or so many bytes of them. Before that it is small:
what comes next is put into one segment with it, which replaces it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sync.document.window import weight
from sync.port import EventRecord

MIN_EVENTS: Final = 256
"""Fewer rows are not worth a step, unless they are old."""
_OLD_FACTOR: Final = 24
"""Rows so many times as old as they have to be are compacted if they are fewer, too."""
_MIN_OLD_EVENTS: Final = 32


@dataclass(frozen=True, slots=True)
class CompactionRule:
    """The events that may be compacted, and how large segments become."""

    age_ms: int
    """Events younger than this stay rows."""
    keep_events: int
    """So many of the newest stay rows."""
    segment_events: int = 4_096
    segment_bytes: int = 4 << 20
    """Of events as `weight` counts them."""
    min_events: int = MIN_EVENTS
    min_old_events: int = _MIN_OLD_EVENTS
    keeps_openable: bool = True
    """Rows that a room needs to be opened stay, so that a damaged segment costs no open text."""
    resting_ms: int | None = None
    """A document that nobody has written for so long rests; None: none does."""


@dataclass(frozen=True, slots=True)
class LogShape:
    """The parts of a document's log."""

    head: int
    compacted: int
    openable: int
    """The oldest version that a room may be opened from: what comes later stays rows."""
    newest_state: int
    """The newest version that a room may be opened from."""
    last_first: int
    """The first version of the newest segment; `compacted + 1` if there is none."""
    last_bytes: int
    """The stored size of the newest segment."""
    is_resting: bool = False


def is_resting(written_at_ms: int, rule: CompactionRule, now_ms: int) -> bool:
    """Return whether a document rests that was last written at some time."""
    return rule.resting_ms is not None and written_at_ms <= now_ms - rule.resting_ms


def upper_bound(shape: LogShape, rule: CompactionRule) -> int:
    """Return the last version that may be compacted, whatever its age.

    Of a document that rests, no more stay rows than what its newest state does not have: should
    that one be damaged, an older one and the segments still lead to the head.
    """
    if shape.is_resting:
        return shape.newest_state if rule.keeps_openable else shape.head
    kept = shape.head - rule.keep_events
    return min(kept, shape.openable) if rule.keeps_openable else kept


def begin_of_piece(shape: LogShape, rule: CompactionRule) -> int:
    """Return the version after which the next segment begins: that of a small one before."""
    events = shape.compacted + 1 - shape.last_first
    is_small = 0 < events < rule.segment_events and shape.last_bytes * 4 < rule.segment_bytes
    return shape.last_first - 1 if is_small else shape.compacted


def chosen(
    older: Sequence[EventRecord], rows: Sequence[EventRecord], rule: CompactionRule, now_ms: int
) -> list[EventRecord]:
    """Return the events of the next segment; none if it is not worth the work yet.

    Args:
        older: the events of the small segment that it replaces.
        rows: those after them, up to `upper_bound` or more than enough.
    """
    size = sum(map(weight, older))
    if size >= rule.segment_bytes:
        older, size = (), 0  # it is not small: its events are large
    taken: list[EventRecord] = []
    oldest_ms = now_ms - rule.age_ms
    is_full = False
    for event in rows:
        if event.at_ms > oldest_ms:
            break
        if len(older) + len(taken) >= rule.segment_events or size >= rule.segment_bytes:
            is_full = True
            break
        size += weight(event)
        taken.append(event)
    is_full = is_full or len(older) + len(taken) >= rule.segment_events
    if not taken or (not is_full and not _is_worth(taken, rule, now_ms)):
        return []
    return [*older, *taken]


def _is_worth(taken: Sequence[EventRecord], rule: CompactionRule, now_ms: int) -> bool:
    if len(taken) >= rule.min_events:
        return True
    is_old = taken[-1].at_ms <= now_ms - _OLD_FACTOR * rule.age_ms
    return is_old and len(taken) >= rule.min_old_events
