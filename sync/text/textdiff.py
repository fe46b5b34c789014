"""Differences between two whole texts: as a delta for replaced texts, as a unified diff to read.

The cost is bounded by counting steps, not by a clock, so the same two texts always give the same
edit. Lines are matched first, then words within what changed, then the ends of what is left;
between lines or words that occur once in each text (patience diff, Bram Cohen) runs the greedy
algorithm of Myers, "An O(ND) Difference Algorithm and Its Variations" (1986). Where the steps run
out, a range is replaced whole.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from sync.text.delta import Delta, canonical

MAX_UNIFIED_CHARS = 4_000_000

_MAX_STEPS = 300_000
"""Steps of Myers' algorithm for one difference: about a tenth of a second."""

_MAX_WORDS_CHARS = 400_000
"""A changed range with more characters than this, old and new together, is not cut into words."""

_CONTEXT_LINES = 3

# Scripts that do not put spaces between words are cut into single characters.
_UNSPACED = "\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[^\W{_UNSPACED}]+|.", re.DOTALL)


class DiffTooLarge(ValueError):
    """A unified diff that is longer than the caller allows."""


class _Match(NamedTuple):
    """`length` items that are equal, from `old` on in the old sequence and `new` on in the new."""

    old: int
    new: int
    length: int


class _Change(NamedTuple):
    """A change between two matches: `old_start..old_end` became `new_start..new_end`."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


class _Budget:
    def __init__(self, steps: int) -> None:
        self._steps = steps

    def spend(self, steps: int) -> bool:
        """Spend `steps`; False if there are not as many left."""
        self._steps -= steps
        return self._steps >= 0


def diff(old: str, new: str) -> Delta:
    """Return a canonical delta that makes `new` out of `old`, small and cut at sensible places.

    Never quadratic: takes time about linear in the texts, plus a bounded number of steps.
    """
    start = _common_prefix(old, new)
    tail = _common_suffix(old[start:], new[start:])
    old, new = old[start : len(old) - tail], new[start : len(new) - tail]
    ops: list[int | str] = [start]
    budget = _Budget(_MAX_STEPS)
    at = 0
    for lines in _changes_by(_lines, old, new, budget):
        ops.append(lines.old_start - at)
        at = lines.old_end
        _replace_words(
            ops,
            old[lines.old_start : lines.old_end],
            new[lines.new_start : lines.new_end],
            budget,
        )
    return canonical(ops)


def unified_diff(
    old: str,
    new: str,
    from_name: str,
    to_name: str,
    *,
    max_chars: int = MAX_UNIFIED_CHARS,
) -> str:
    """Return the difference in the unified format of `diff -u`; empty when there is none.

    Lines end at `\\n` only. The names must not hold line breaks.

    Raises `DiffTooLarge` when the result would have more than `max_chars` code points.
    """
    if old == new:
        return ""
    old_lines, new_lines = _lines(old), _lines(new)
    changes = _changes(_matches(old_lines, new_lines, _Budget(_MAX_STEPS)), old_lines, new_lines)
    parts = [f"--- {from_name}\n+++ {to_name}\n"]
    size = len(parts[0])
    for hunk in _hunks(list(changes)):
        for part in _hunk_lines(hunk, old_lines, new_lines):
            size += len(part)
            if size > max_chars:
                raise DiffTooLarge(f"the diff is longer than {max_chars} characters")
            parts.append(part)
    return "".join(parts)


def _lines(text: str) -> list[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _replace_words(ops: list[int | str], old: str, new: str, budget: _Budget) -> None:
    """Append to `ops` the changes from `old` to `new`, word by word."""
    if not old or not new or len(old) + len(new) > _MAX_WORDS_CHARS:
        _replace(ops, old, new)
        return
    at = 0
    for change in _without_crumbs(_changes_by(_words, old, new, budget)):
        ops.append(change.old_start - at)
        at = change.old_end
        _replace(
            ops,
            old[change.old_start : change.old_end],
            new[change.new_start : change.new_end],
        )
    ops.append(len(old) - at)


def _replace(ops: list[int | str], old: str, new: str) -> None:
    start = _common_prefix(old, new)
    tail = _common_suffix(old[start:], new[start:])
    ops += (start, new[start : len(new) - tail], start + tail - len(old), tail)


def _changes_by(
    split: Callable[[str], list[str]], old: str, new: str, budget: _Budget
) -> Iterator[_Change]:
    """Yield the changes between `old` and `new`, split into parts, as ranges of characters."""
    old_parts, new_parts = split(old), split(new)
    old_at = [0, *accumulate(map(len, old_parts))]
    new_at = [0, *accumulate(map(len, new_parts))]
    for change in _changes(_matches(old_parts, new_parts, budget), old_parts, new_parts):
        yield _Change(
            old_at[change.old_start],
            old_at[change.old_end],
            new_at[change.new_start],
            new_at[change.new_end],
        )


def _changes(matches: list[_Match], old: Sequence[str], new: Sequence[str]) -> Iterator[_Change]:
    """Yield the changes between `matches`, which are in order."""
    i = j = 0
    for match in [*matches, _Match(len(old), len(new), 0)]:
        if match.old > i or match.new > j:
            yield _Change(i, match.old, j, match.new)
        i, j = match.old + match.length, match.new + match.length


def _without_crumbs(changes: Iterator[_Change]) -> Iterator[_Change]:
    """Join changes that are separated by one equal character, which is mere chance."""
    last: _Change | None = None
    for change in changes:
        if last is None:
            last = change
        elif change.old_start - last.old_end <= 1:
            last = _Change(last.old_start, change.old_end, last.new_start, change.new_end)
        else:
            yield last
            last = change
    if last is not None:
        yield last


def _matches(old: Sequence[str], new: Sequence[str], budget: _Budget) -> list[_Match]:
    """Return the matches of two sequences, in order and without overlaps."""
    found: list[_Match] = []
    todo = [(0, len(old), 0, len(new))]
    while todo:
        i, old_end, j, new_end = todo.pop()
        left, right = old[i:old_end], new[j:new_end]
        start = _common_prefix(left, right)
        tail = _common_suffix(left[start:], right[start:])
        found.append(_Match(i, j, start))
        found.append(_Match(old_end - tail, new_end - tail, tail))
        left, right = left[start : len(left) - tail], right[start : len(right) - tail]
        i, old_end, j, new_end = i + start, old_end - tail, j + start, new_end - tail
        if not left or not right:
            continue
        anchors = _unique_in_both(left, right)
        done = (0, 0)
        if not anchors:
            found += (_Match(i + x, j + y, n) for x, y, n in _myers(left, right, budget))
            continue
        for x, y in anchors:
            # The anchor itself is the common prefix of the range that starts with it.
            todo.append((i + done[0], i + x, j + done[1], j + y))
            done = (x, y)
        todo.append((i + done[0], old_end, j + done[1], new_end))
    return sorted(match for match in found if match.length)


def _unique_in_both(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return places of items that occur once in each, the most of them that keep their order."""
    once = {item for item, count in Counter(new).items() if count == 1}
    once &= {item for item, count in Counter(old).items() if count == 1}
    if not once:
        return []
    place = {item: j for j, item in enumerate(new) if item in once}
    pairs = [(i, place[item]) for i, item in enumerate(old) if item in once]
    # The longest ascending run of places in `new`, by piles as in the card game.
    tops: list[int] = []
    piles: list[int] = []
    below: list[int] = []
    for index, (_, j) in enumerate(pairs):
        pile = bisect_left(tops, j)
        below.append(piles[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [j]
        piles[pile : pile + 1] = [index]
    run: list[tuple[int, int]] = []
    index = piles[-1]
    while index >= 0:
        run.append(pairs[index])
        index = below[index]
    return run[::-1]


def _myers(old: Sequence[str], new: Sequence[str], budget: _Budget) -> list[_Match]:
    """Return the matches of a shortest edit; none when `budget` runs out before it is found."""
    n, m = len(old), len(new)
    furthest = {1: 0}  # by diagonal, old minus new
    trail: list[dict[int, int]] = []
    for d in range(n + m + 1):
        trail.append(furthest.copy())
        for k in range(-d, d + 1, 2):
            down = k == -d or (k != d and furthest[k - 1] < furthest[k + 1])
            start = x = furthest[k + 1] if down else furthest[k - 1] + 1
            y = x - k
            while x < n and y < m and old[x] == new[y]:
                x += 1
                y += 1
            furthest[k] = x
            if x >= n and y >= m:
                return _walk_back(trail, n, m)
            # Within a round too: in repetitive texts one round can walk every diagonal to its end.
            if not budget.spend(1 + x - start):
                return []
    raise AssertionError("an edit of n deletes and m inserts always exists")


def _walk_back(trail: list[dict[int, int]], x: int, y: int) -> list[_Match]:
    matches: list[_Match] = []
    for d in range(len(trail) - 1, -1, -1):
        furthest, k = trail[d], x - y
        down = k == -d or (k != d and furthest[k - 1] < furthest[k + 1])
        before = furthest[k + 1] if down else furthest[k - 1]
        start = before if down else before + 1
        matches.append(_Match(start, start - k, x - start))
        x, y = before, before - (k + 1 if down else k - 1)
    return matches


def _common_prefix(a: Sequence[str], b: Sequence[str]) -> int:
    """Return the length of the common prefix; by bisection, since comparing slices is fast."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_suffix(a: Sequence[str], b: Sequence[str]) -> int:
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _hunks(changes: list[_Change]) -> Iterator[list[_Change]]:
    """Group changes whose lines of context would touch."""
    hunk: list[_Change] = []
    for change in changes:
        if hunk and change.old_start - hunk[-1].old_end > 2 * _CONTEXT_LINES:
            yield hunk
            hunk = []
        hunk.append(change)
    if hunk:
        yield hunk


def _hunk_lines(hunk: list[_Change], old: list[str], new: list[str]) -> Iterator[str]:
    first, last = hunk[0], hunk[-1]
    lead = min(_CONTEXT_LINES, first.old_start)
    rest = min(_CONTEXT_LINES, len(old) - last.old_end)
    at = first.old_start - lead
    old_range = _range(at, last.old_end + rest)
    new_range = _range(first.new_start - lead, last.new_end + rest)
    yield f"@@ -{old_range} +{new_range} @@\n"
    for change in hunk:
        yield from _marked(" ", old[at : change.old_start])
        yield from _marked("-", old[change.old_start : change.old_end])
        yield from _marked("+", new[change.new_start : change.new_end])
        at = change.old_end
    yield from _marked(" ", old[at : at + rest])


def _range(start: int, end: int) -> str:
    length = end - start
    if length == 1:
        return str(start + 1)
    # An empty range is named by the line before it.
    return f"{start + 1 if length else start},{length}"


def _marked(mark: str, lines: list[str]) -> Iterator[str]:
    for line in lines:
        yield (
            mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"
        )
