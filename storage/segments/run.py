"""Runs: consecutive events of one writer that are one edit, such as a word that was typed.

Text is replayed and blamed run by run: there are far fewer of them than events.
"""

from collections.abc import Sequence
from enum import IntEnum
from itertools import accumulate
from typing import Final, NamedTuple

from sync.text.delta import Delta, growth


class SegmentWriter(NamedTuple):
    """The user who wrote an event, and the session that it came through."""

    actor_id: str
    actor_name: str
    session: str


class Run(NamedTuple):
    """Consecutive events of one writer, as one canonical delta against the text before the first.

    Typing: each event inserts where the one before ended. Deleting: each deletes what stands right
    before the caret, or what stands right after it. Anything else is a run of one event.
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


class Kind(IntEnum):
    """The kinds of runs."""

    TYPING = 0
    DELETING = 1
    OTHER = 2
    """One event of any other shape."""


class Edit(NamedTuple):
    """A run as positions and lengths."""

    kind: Kind
    writer: int
    """The number of its writer."""
    place: int
    """Of typing: where it begins. Of deleting: where the caret is before it. Of others: 0."""
    text: str
    """All that is typed."""
    steps: tuple[int, ...]
    """Of each event: the code points typed; or those deleted, negative before the caret."""
    other: Delta = ()

    @property
    def size(self) -> int:
        """The number of its events."""
        return len(self.steps)

    @property
    def end(self) -> int:
        """The place of the caret after it."""
        if self.kind is Kind.TYPING:
            return self.place + len(self.text)
        if self.kind is Kind.DELETING:
            return self.place + sum(step for step in self.steps if step < 0)
        return _caret_after(self.other)

    def composed(self) -> Delta:
        """The one canonical delta of all its events."""
        if self.kind is Kind.OTHER:
            return self.other
        if self.kind is Kind.TYPING:
            return (self.place, self.text) if self.place else (self.text,)
        deleted = -sum(map(abs, self.steps))
        return (self.end, deleted) if self.end else (deleted,)

    def texts(self) -> list[str]:
        """The text that each event of typing inserts."""
        text = self.text
        if len(text) == len(self.steps):
            return list(text)
        ends = accumulate(self.steps)
        return [text[end - step : end] for end, step in zip(ends, self.steps, strict=True)]

    def deltas(self) -> list[Delta]:
        """The canonical delta of each of its events."""
        if self.kind is Kind.OTHER:
            return [self.other]
        at, out = self.place, list[Delta]()
        if self.kind is Kind.TYPING:
            for text in self.texts():
                out.append((at, text) if at else (text,))
                at += len(text)
            return out
        for step in self.steps:
            if step < 0:
                at += step
                out.append((at, step) if at else (step,))
            else:
                out.append((at, -step) if at else (-step,))
        return out

    def lengths(self) -> tuple[int, ...]:
        """As in `Run`."""
        if self.kind is Kind.TYPING:
            return self.steps
        if self.kind is Kind.DELETING:
            return tuple(-abs(step) for step in self.steps)
        return (growth(self.other),)

    def part(self, start: int, stop: int) -> "Edit":
        """The events from `start` to `stop` of it alone."""
        if stop - start == self.size:
            return self
        before, steps = self.steps[:start], self.steps[start:stop]
        if self.kind is Kind.TYPING:
            at = sum(before)
            text = self.text[at : at + sum(steps)]
            return Edit(self.kind, self.writer, self.place + at, text, steps)
        caret = self.place + sum(step for step in before if step < 0)
        return Edit(self.kind, self.writer, caret, "", steps)


_NOWHERE: Final = -1


def edits_of(deltas: Sequence[Delta], writers: Sequence[int]) -> list[Edit]:
    """Return the runs of consecutive events.

    Args:
        deltas: canonical.
        writers: the number of each event's writer.
    """
    out: list[Edit] = []
    kind = Kind.OTHER
    by = caret = _NOWHERE
    texts: list[str] = []
    steps: list[int] = []
    place = 0

    def close() -> None:
        if steps:
            out.append(Edit(kind, by, place, "".join(texts), tuple(steps)))
            texts.clear()
            steps.clear()

    for delta, writer in zip(deltas, writers, strict=True):
        at, change = _single(delta)
        if type(change) is str:
            size = len(change)
            if kind is not Kind.TYPING or at != caret or writer != by:
                close()
                kind, by, place = Kind.TYPING, writer, at
            texts.append(change)
            steps.append(size)
            caret = at + size
        elif type(change) is int and change:
            if kind is not Kind.DELETING or (at != caret != at - change) or writer != by:
                close()
                # The caret stands still between two kinds of edits more often than it moves.
                is_forward = at == caret and writer == by
                kind, by, place = Kind.DELETING, writer, at if is_forward else at - change
                caret = place
            steps.append(-change if at == caret else change)
            caret = at
        else:
            close()
            kind, by, caret = Kind.OTHER, writer, _NOWHERE
            out.append(Edit(Kind.OTHER, writer, 0, "", (0,), delta))
    close()
    return out


def _single(delta: Delta) -> tuple[int, int | str]:
    """The place and the change of a delta that is one insert or one deletion; else 0 and 0."""
    if len(delta) == 2:
        at, change = delta
        if type(at) is int and at > 0 and (type(change) is str or change < 0):  # type: ignore[operator]
            return at, change
    elif len(delta) == 1 and delta[0] != "":
        change = delta[0]
        if type(change) is str or change < 0:  # type: ignore[operator]
            return 0, change
    return 0, 0


def _caret_after(delta: Delta) -> int:
    """The end of the last insert, or the place of the last deletion."""
    at = caret = 0
    for op in delta:
        if isinstance(op, str):
            at += len(op)
            caret = at
        elif op > 0:
            at += op
        else:
            caret = max(caret, at)
    return caret
