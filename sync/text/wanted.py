"""Queries of search: words and phrases, all of which a text must have.

`"exact phrase"` in quotation marks is taken as it is; every other word may also be the beginning of
one, so that a search finds while it is typed. A word with punctuation inside is a phrase of its
parts. There is nothing else to know: whatever is typed has a meaning.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from msgspec import Struct

from sync.text.segment import ALONE, Word, is_alone, segment

MAX_QUERY_CHARS: Final = 200
MAX_TERMS: Final = 12
"""Further ones are left out."""
_QUOTED: Final = re.compile(r"[\"“”„«»]([^\"“”„«»]*)[\"“”„«»]|(\S+)")


_SPACE: Final = re.compile(r"\s")
_BORDER: Final = 30
"""The end of an excerpt may move by so much, so that it ends with a word."""
_BETWEEN: Final = rf"(?:(?![{ALONE}])[\W_])"
"""One sign between two words."""
_MOST_BETWEEN: Final = 60
"""Words of a phrase that are further from each other are not shown together."""
_MOST_TRIES: Final = 1_000
"""The places in one text that are looked at closely, of those that look alike."""
_BEGINNING: Final = 20_000
"""The characters in which words with accents, or of another width, are looked for."""


class Term(Struct, frozen=True):
    """Words that must stand one after the other."""

    words: tuple[str, ...]
    """At least one, folded as `sync.text.segment` does."""
    is_beginning: bool
    """True if the last one may be the beginning of a longer word."""


class Place(Struct, frozen=True):
    """A place in a text, in code points."""

    pos: int
    len: int


class Excerpt(Struct, frozen=True):
    """A part of a text around what was found."""

    pos: int
    """Its beginning in the text, in code points."""
    text: str
    hits: tuple[Place, ...]
    """In the excerpt."""


def parse_query(query: str) -> tuple[Term, ...]:
    """Return the terms of a query, without repetition; none if there is no word in it."""
    terms: list[Term] = []
    for found in _QUOTED.finditer(query[:MAX_QUERY_CHARS]):
        words = tuple(word.folded for word in segment(found[1] or found[2] or ""))
        if not words:
            continue
        term = Term(words, found[1] is None and not is_alone(words[-1]))
        if term not in terms:
            terms.append(term)
    return tuple(terms[:MAX_TERMS])


def find(words: Sequence[str], term: Term) -> Iterator[int]:
    """Yield the index of every place in folded words where a term begins."""
    first, last = term.words[:-1], term.words[-1]
    for n in range(len(words) - len(first)):
        found = words[n + len(first)]
        if (found.startswith(last) if term.is_beginning else found == last) and (
            not first or tuple(words[n : n + len(first)]) == first
        ):
            yield n


def has_all(texts: Sequence[Sequence[str]], terms: Sequence[Term]) -> bool:
    """Return whether each term is in one of several texts, given as folded words."""
    return all(any(next(find(words, term), None) is not None for words in texts) for term in terms)


def hits(words: Sequence[Word], terms: Sequence[Term]) -> list[Place]:
    """Return where the terms are in a text, in order, without overlaps."""
    folded = [word.folded for word in words]
    spans: list[tuple[int, int]] = []
    for term in terms:
        for n in find(folded, term):
            last = words[n + len(term.words) - 1]
            spans.append((words[n].start, _end(last, term)))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return [Place(start, end - start) for start, end in merged]


def _end(last: Word, term: Term) -> int:
    """Return the end of the part of the last word that was asked for."""
    length = len(term.words[-1])
    is_part = term.is_beginning and len(last.folded) == last.end - last.start
    return last.start + length if is_part else last.end


def excerpts(text: str, terms: Sequence[Term], *, most: int, around: int) -> list[Excerpt]:
    """Return the parts of a text around what was found, in order.

    Only the surroundings of what looks alike are segmented: a text may be long.

    Args:
        most: excerpts at most.
        around: characters before and after a hit, about.
    """
    found: list[Excerpt] = []
    after = 0
    for at in islice(_likely(text, terms), _MOST_TRIES):
        if len(found) == most:
            break
        if at < after:
            continue
        start = _border(text, max(after, at - around), at)
        end = _border(text, min(len(text), at + 2 * around), at)
        shown = text[start:end]
        places = tuple(hits(list(segment(shown)), terms))
        if places:
            found.append(Excerpt(start, shown, places))
            after = end
    return found


def _likely(text: str, terms: Sequence[Term]) -> Iterator[int]:
    """Yield, in order, where a term may be: by its letters, or else by words of the beginning."""
    patterns = "|".join(map(_pattern, terms))
    found = None
    if patterns:
        for found in re.compile(patterns, re.IGNORECASE).finditer(text):
            yield found.start()
    if found is None:
        yield from (each.pos for each in hits(list(segment(text[:_BEGINNING])), terms))


def _pattern(term: Term) -> str:
    """Return a pattern that takes time in proportion to the text, whatever both hold.

    An emoji, or a mark of a script, is no letter to `re`: what may stand between two words must not
    match the words themselves, and gives nothing back.
    """
    words = [re.escape(word) for word in term.words]
    if all(map(is_alone, term.words)):
        return f"{_BETWEEN}{{0,{_MOST_BETWEEN}}}+".join(words)
    return r"(?<![^\W_])" + f"{_BETWEEN}{{1,{_MOST_BETWEEN}}}+".join(words)


def _border(text: str, at: int, hit: int) -> int:
    """Return the place after a space that is nearest to `at` on the way to a hit; else `at`."""
    if at in (0, len(text)):
        return at
    if at < hit:
        space = _SPACE.search(text, at, min(hit, at + _BORDER))
        return space.end() if space else at
    last = max((text.rfind(each, max(hit, at - _BORDER), at) for each in " \n\t"), default=-1)
    return last if last > hit else at
