"""Spans of text by the versions that wrote them, and long rows of such spans.

A span is of one version (`step` 0), or its code points are of consecutive ones (`step` 1), as keys
that are typed give them: so a line is one span, and not eighty.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

_FULL: Final = 64
"""Spans in a block; with twice as many it is divided."""


class Span(NamedTuple):
    """A part of a text."""

    length: int
    """Code points, from 1."""
    version: int
    """Of the first code point."""
    step: int
    """0: all are of one version, as it always is of a single one; 1: each is of the next one."""


def joined(first: Span, second: Span) -> Span | None:
    """Return two neighbours as one span; None: they are not."""
    length, version, step = first
    if second.version == version and not step and not second.step:
        return Span(length + second.length, version, 0)
    is_row = (step or length == 1) and (second.step or second.length == 1)
    if is_row and second.version == version + length:
        return Span(length + second.length, version, 1)
    return None


def part(span: Span, start: int, length: int) -> Span:
    """Return a part of a span, from 1 code point on."""
    first = span.version + start if span.step else span.version
    return Span(length, first, span.step if length > 1 else 0)


def sliced(spans: Iterable[Span], start: int, length: int) -> Iterator[Span]:
    """Yield the parts of a row of spans between two places of its text."""
    end = start + length
    at = 0
    for span in spans:
        if at >= end:
            break
        low, high = max(start - at, 0), min(end - at, span.length)
        if low < high:
            yield part(span, low, high - low)
        at += span.length


def append(row: list[Span], span: Span) -> None:
    """Append a span to a row, joined with the last one where they are one."""
    together = joined(row[-1], span) if row else None
    if together is None:
        row.append(span)
    else:
        row[-1] = together


def by_version(spans: Iterable[Span]) -> Iterator[tuple[int, int]]:
    """Yield length and version of each part that is of one version; neighbours differ."""
    length = version = 0
    for span in spans:
        if not span.step and span.version == version:
            length += span.length
            continue
        for index in range(span.length if span.step else 1):
            if version != span.version + index:
                if length:
                    yield length, version
                length, version = 0, span.version + index
            length += 1 if span.step else span.length
    if length:
        yield length, version


def versions_of(spans: Iterable[Span]) -> set[int]:
    """Return all versions that spans name."""
    rows = (range(first, first + length if step else first + 1) for length, first, step in spans)
    return set(chain.from_iterable(rows))


class SpanRow:
    """A long row of spans that is edited anywhere, in blocks."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._blocks = [list(spans[at : at + _FULL]) for at in range(0, len(spans), _FULL)] or [[]]
        self._sizes = [sum(span.length for span in block) for block in self._blocks]

    def spans(self) -> list[Span]:
        """Return all of them, neighbours joined."""
        row: list[Span] = []
        for block in self._blocks:
            for span in block[:1]:
                append(row, span)
            row += block[1:]
        return row

    def edit(self, pos: int, deleted: int, inserted: Iterable[Span] = ()) -> None:
        """Delete code points from a place on, and insert spans there.

        Raises `ValueError` where the row has no such place.
        """
        number, left = self._find(pos)
        block = self._blocks[number]
        index = 0
        for index, span in enumerate(block):  # noqa: B007
            if left < span.length:
                break
            left -= span.length
        else:
            index = len(block)
        row, rest = block[:index], block[index:]
        if left:
            cut = rest[0]
            row.append(part(cut, 0, left))
            rest[0] = part(cut, left, cut.length - left)
        rest, gained = self._without(number, rest, deleted)
        size = self._sizes[number] + gained - deleted
        for span in inserted:
            append(row, span)
            size += span.length
        if rest:
            append(row, rest[0])
            row += rest[1:]
        self._put(number, row, size)

    def _find(self, pos: int) -> tuple[int, int]:
        """Return the block of a place, and the place in it: at a border the end of the first."""
        for number, size in enumerate(self._sizes):
            if pos <= size:
                return number, pos
            pos -= size
        raise ValueError(f"the text ends {pos} before")

    def _without(self, number: int, rest: list[Span], deleted: int) -> tuple[list[Span], int]:
        """Return what is left of the spans behind a place, and the size of blocks that were added.

        The blocks that follow are added to the one of that number, if need be.
        """
        gained = 0
        while deleted:
            for index, span in enumerate(rest):
                if deleted < span.length:
                    if deleted:
                        cut = part(span, deleted, span.length - deleted)
                        return [cut, *rest[index + 1 :]], gained
                    return rest[index:], gained
                deleted -= span.length
            rest = []
            if deleted:
                if number + 1 >= len(self._blocks):
                    raise ValueError(f"the text ends {deleted} before")
                rest = self._blocks.pop(number + 1)
                gained += self._sizes.pop(number + 1)
        return rest, gained

    def _put(self, number: int, row: list[Span], size: int) -> None:
        if len(row) <= 2 * _FULL:
            self._blocks[number], self._sizes[number] = row, size
            return
        parts = [row[at : at + _FULL] for at in range(0, len(row), _FULL)]
        self._blocks[number : number + 1] = parts
        self._sizes[number : number + 1] = [sum(span.length for span in each) for each in parts]
