"""The words of a text, as search knows them: folded, and each with its place in the text.

Letters are compared without case, width and accents. Where a script writes no spaces between words
(Chinese, Japanese, Thai …), and in Hangul, every character is a word of its own, so that any part
of a sentence is found as a phrase. An emoji is a word, too. Punctuation separates.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

from msgspec import Struct

FORMAT: Final = 1
"""Changes with what `segment` returns: an index of another format has to be built anew."""
MAX_WORD_CHARS: Final = 64
"""Longer ones, as encoded data may have them, are cut, in texts and in queries alike."""

_ALONE: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303b"
    "\u3041-\u309f\u30a1-\u30fa\u30fc-\u318f\u3190-\u31bf\u31f0-\u31ff\u3200-\u33ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc"
    "\U0001b000-\U0001b16f\U00020000-\U0003fffd"
)
"""The scripts of which every character is a word."""
_EMOJI: Final = "\u2600-\u27bf\U0001f1e6-\U0001f1ff\U0001f300-\U0001f3fa\U0001f400-\U0001faff"
ALONE: Final = _ALONE + _EMOJI
"""The characters that stand alone, as a set of a pattern: each of them is a word."""
_ACCENTS: Final = re.compile("[\u0300-\u036f]+")
_IS_ALONE: Final = re.compile(f"[{ALONE}]")


class Word(Struct, frozen=True):
    """A word of a text."""

    folded: str
    """1 to `MAX_WORD_CHARS` characters, neither spaces nor punctuation."""
    start: int
    end: int
    """Its place in the text, in code points."""


def segment(text: str) -> Iterator[Word]:
    """Yield the words of a text, in order."""
    for found in _words().finditer(text):
        start, end = found.span()
        if found.lastgroup == "emoji":
            yield Word(found[0], start, end)
        elif found.lastgroup == "alone":
            yield from _characters(found[0], start)
        elif folded := _fold(found[0])[:MAX_WORD_CHARS]:
            yield Word(folded, start, end)


def is_alone(folded: str) -> bool:
    """Return whether a word is one character of a script without spaces, or an emoji."""
    return _IS_ALONE.match(folded) is not None


@cache
def _words() -> re.Pattern[str]:
    marks = "".join(_mark_ranges())
    letter = f"(?:(?![{_ALONE}])[^\\W_])"
    return re.compile(
        f"(?P<alone>[{_ALONE}]+)|(?P<emoji>[{_EMOJI}])|(?P<word>{letter}(?:{letter}|[{marks}])*)"
    )


def _mark_ranges() -> Iterator[str]:
    """Yield the ranges of marks that stand on letters; Python counts them to no word."""
    start = None
    for code in range(0x300, 0x11FFF):
        is_mark = _is_mark(chr(code))
        if is_mark and start is None:
            start = code
        elif not is_mark and start is not None:
            yield f"{chr(start)}-{chr(code - 1)}"
            start = None


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", word.casefold()))
    folded = unicodedata.normalize("NFC", plain.casefold())
    # Folding may make several signs of a letter; only letters and what stands on them are kept.
    return "".join(each for each in folded if each.isalnum() or _is_mark(each))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Mc") and not "\ufe00" <= character <= "\ufe0f"


def _characters(run: str, start: int) -> Iterator[Word]:
    """Yield the characters of a run, in the form that is the same for all widths."""
    folded = unicodedata.normalize("NFKC", run)
    if len(folded) == len(run):
        places = [(start + n, start + n + 1) for n in range(len(run))]
    else:
        # Some became one, or one became several: all of them are at the place of the run.
        places = [(start, start + len(run))] * len(folded)
    for each, (begin, end) in zip(folded, places, strict=True):
        if not each.isspace():
            yield Word(each, begin, end)
