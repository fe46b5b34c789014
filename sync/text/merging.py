"""Consecutive events merged into one: what stands after them, and whose it is.

    "ab" by ada, "c" by bob, minus "a" by ada, "d" by ada   ──▶   "b", "d" by ada; "c" by bob

What was typed and deleted again in between is gone. Each writer keeps one share: how many events,
when, and the insertions that are left. Applied in order, the shares give the text after all events;
what was deleted of the text before them is deleted by the last share.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from sync.text.authored import AuthoredDeltas, TextWriter
from sync.text.blame import Typist
from sync.text.composition import compose
from sync.text.delta import Delta, canonical
from sync.text.span import Span, SpanRow, by_version

NOBODY: Final = -1


class Share(Struct, frozen=True, array_like=True):
    """The share of one writer in events that were merged."""

    writer: TextWriter
    events: int
    """0: it wrote none of them, but text that one of them brought back."""
    from_ms: int
    to_ms: int
    last: int
    """The version of the last of them: no other share has it."""
    ops: Delta
    """Canonical, applied after those of earlier shares."""


class _Piece(NamedTuple):
    """A part of the text after the events, or what was deleted of the text before them."""

    length: int
    who: int
    """The index of its writer; `NOBODY`: it is of the text before."""
    is_deleted: bool
    start: int
    """The place in the text after, of what is not deleted."""


def merge_shares(
    before: int, text: str, shares: Sequence[Share], authors: Iterable[tuple[int, Share]] = ()
) -> list[Share]:
    """Return the shares of events, one for each writer, in the order of their last events.

    Args:
        before: the length of the text before the first.
        text: the text after the last.
        shares: of the events, at least one: each has one or, if it was merged, several.
        authors: where it is known better who wrote the text after them: lengths, and the share
            under whose writer and time each part is to be kept.

    Raises:
        ValueError: they do not fit the texts.
    """
    merged, of_share = _gathered(shares)
    pieces = list(_pieces(before, len(text), shares, of_share))
    known = list(authors)
    if known:
        pieces = list(_told(pieces, known, merged, shares[-1].last))
    order = sorted(range(len(merged)), key=lambda index: merged[index].last)
    rank = {index: place for place, index in enumerate(order)}
    rank[NOBODY] = NOBODY
    return [
        replace(
            merged[index],
            ops=_delta(pieces, text, rank, place, is_last=place == len(order) - 1),
        )
        for place, index in enumerate(order)
    ]


def composed(shares: Sequence[Share]) -> Delta:
    """Return one delta with the effect of all shares."""
    return reduce(compose, (share.ops for share in shares), ())


def spread(first: int, shares: Sequence[Share]) -> AuthoredDeltas:
    """Return the columns of merged events: as many as there were, of which most change nothing.

    Every share stands at its last version, and has as many of the events as it had.

    Args:
        first: the version of the first of them.
    """
    last = shares[-1].last
    fixed = {share.last: index for index, share in enumerate(shares)}
    others = iter(
        [index for index, share in enumerate(shares) for _ in range(max(share.events, 1) - 1)]
    )
    writer: list[int] = []
    at_ms: list[int] = []
    ops: list[Delta] = []
    for version in range(first, last + 1):
        index = fixed.get(version)
        if index is None:
            index = next(others, len(shares) - 1)
            at_ms.append(shares[index].from_ms)
            ops.append(())
        else:
            at_ms.append(shares[index].to_ms)
            ops.append(shares[index].ops)
        writer.append(index)
    return AuthoredDeltas(first - 1, [share.writer for share in shares], writer, at_ms, ops)


def _gathered(shares: Sequence[Share]) -> tuple[list[Share], list[int]]:
    """Return the share of each writer, and for each of the given ones the index of its writer's."""
    index: dict[TextWriter, int] = {}
    merged: list[Share] = []
    of_share: list[int] = []
    for share in shares:
        number = index.setdefault(share.writer, len(index))
        of_share.append(number)
        if number == len(merged):
            merged.append(share)
            continue
        old = merged[number]
        merged[number] = Share(
            share.writer,
            old.events + share.events,
            min(old.from_ms, share.from_ms),
            max(old.to_ms, share.to_ms),
            max(old.last, share.last),
            (),
        )
    return merged, of_share


def _pieces(
    before: int, after: int, shares: Sequence[Share], of_share: Sequence[int]
) -> Iterator[_Piece]:
    """Yield what stands after the events, and what they deleted of the text before, in order."""
    # The code point at `n` of the text before is of the version `n - before`, which is negative;
    # what the event number `i` inserts, of the version `i`, from 1 on.
    row = SpanRow([Span(before, -before, 1 if before > 1 else 0)] if before else [])
    Typist(row).take((share.ops for share in shares), 1)
    at = kept = 0
    for span in row.spans():
        if span.version > 0:
            for length, number in by_version((span,)):
                yield _Piece(length, of_share[number - 1], False, at)
                at += length
            continue
        begin = span.version + before
        if begin > kept:
            yield _Piece(begin - kept, NOBODY, True, at)
        yield _Piece(span.length, NOBODY, False, at)
        at += span.length
        kept = begin + span.length
    if before > kept:
        yield _Piece(before - kept, NOBODY, True, at)
    if at != after:
        raise ValueError(f"the text has {after} characters after the events, not {at}")


def _told(
    pieces: Sequence[_Piece], authors: Sequence[tuple[int, Share]], merged: list[Share], last: int
) -> Iterator[_Piece]:
    """Yield the pieces, each insertion under the writer that is known to have written it."""
    find = _finder(merged, last)
    ends = iter(authors)
    length, share = next(ends)
    end = length
    for piece in pieces:
        if piece.is_deleted:
            yield piece
            continue
        at, left = piece.start, piece.length
        while left:
            while at >= end:
                length, share = next(ends)
                end += length
            taken = min(left, end - at)
            who = piece.who
            if who != NOBODY and _person(merged[who]) != _person(share):
                found = find(share)
                who = who if found == NOBODY else found
            yield _Piece(taken, who, False, at)
            at, left = at + taken, left - taken


def _person(share: Share) -> tuple[str, str]:
    return share.writer.actor_id, share.writer.actor_name


def _finder(merged: list[Share], last: int) -> Callable[[Share], int]:
    """Return a function for the index of a writer's share, which adds it if there is room."""
    first = last + 1 - sum(share.events for share in merged)
    taken = {share.last for share in merged}
    index = {_person(share): number for number, share in enumerate(merged)}
    free = (version for version in range(last, first - 1, -1) if version not in taken)

    def find(share: Share) -> int:
        found = index.get(_person(share))
        if found is None:
            version = next(free, None)
            if version is None:
                return NOBODY
            found = index[_person(share)] = len(merged)
            merged.append(replace(share, events=0, last=version))
        return found

    return find


def _delta(
    pieces: Iterable[_Piece], text: str, rank: dict[int, int], place: int, *, is_last: bool
) -> Delta:
    """Return the delta of the share at one place in their order."""
    ops: list[int | str] = []
    for length, who, is_deleted, start in pieces:
        if is_deleted:
            ops.append(-length if is_last else length)
        elif rank[who] < place:
            ops.append(length)
        elif rank[who] == place:
            ops.append(text[start : start + length])
    return canonical(ops)
