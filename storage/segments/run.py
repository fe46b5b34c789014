"""Runs: consecutive events of one writer that are one edit, such as a word that was typed.

Text is replayed and blamed run by run: there are far fewer of them than events.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sync.text.delta import Delta, growth


class SegmentWriter(NamedTuple):
    """Who wrote an event, and through which session."""

    actor_id: str
    actor_name: str
    session: str


class Run(NamedTuple):
    """Consecutive events of one writer, as one canonical delta against the text before the first.

    Typing: each event inserts where the one before ended. Deleting: each deletes what stands
    before the caret, or what stands after it; a run may do both. Anything else
    is a run of one event.
    """

    first_version: int
    last_version: int
    writer: SegmentWriter
    ops: Delta
    lengths: tuple[int, ...]
    """Of each event: of typing the code points that it inserts, in the order in which they stand in
    the text; of deleting minus those that it deletes; of a run of one event, by how much the text
    grows."""
    times: tuple[int, ...]
    """Of each event, in milliseconds."""


def merged_runs(
    first: int,
    deltas: Sequence[Delta],
    writers: Iterable[SegmentWriter],
    times: Sequence[int],
) -> Iterator[Run]:
    """Yield the runs of consecutive events, in order.

    Args:
        first: the version of the first event.
        deltas: canonical.
    """
    start = 0
    place = -1
    text: list[str] = []
    deleted = 0
    lengths: list[int] = []
    by: SegmentWriter | None = None

    def run(end: int) -> Run:
        assert by is not None
        if len(lengths) == 1 or place < 0:
            ops = deltas[start]
        else:
            change: int | str = "".join(text) or -deleted
            ops = (place, change) if place else (change,)
        return Run(first + start, first + end - 1, by, ops, tuple(lengths), tuple(times[start:end]))

    for index, (delta, writer) in enumerate(zip(deltas, writers, strict=True)):
        at, change = _single(delta)
        continues = at >= 0 and place >= 0 and writer == by
        if continues and isinstance(change, str) and text and at == place + sum(lengths):
            text.append(change)
            lengths.append(len(change))
            continue
        if continues and isinstance(change, int) and deleted and at <= place <= at - change:
            deleted -= change
            place = at
            lengths.append(change)
            continue
        if lengths:
            yield run(index)
        start, by, place = index, writer, at
        text = [change] if isinstance(change, str) else []
        deleted = -change if isinstance(change, int) else 0
        lengths = [growth(delta)]
    if lengths:
        yield run(len(deltas))


def _single(delta: Delta) -> tuple[int, int | str]:
    """The place and the change of a delta that is one insert or one deletion; else -1 and 0."""
    if len(delta) == 2:
        at, change = delta
        if isinstance(at, int) and at > 0:
            return at, change
    elif len(delta) == 1:
        return 0, delta[0]
    return -1, 0
