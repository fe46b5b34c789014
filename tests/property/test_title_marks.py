"""A text that is taken to have no heading before it is parsed has none.

Seen to be caught: no underline of `-` is a mark; none that ends in spaces; none at the very end.
"""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from sync.text import title

_MARKS = ("#", "##", "=", "==", "-", "---", "> ", "- ", "1. ", "* ", "`", "```", "|", ":-", "\\")
_SPACES = (" ", "    ", "\t", "\n", "\n\n", "\r", "\r\n", "\v", "\f", "\u2028", "\x85", "\0")


def _check(text: str) -> None:
    if title._HEADING_MARK.search(text) is None:
        tokens = title._parser().parse(text, {})
        assert not [token for token in tokens if token.type == "heading_open"], text


@given(st.lists(st.sampled_from(("a", "b c", *_MARKS, *_SPACES)), max_size=14).map("".join))
def test_text_without_a_mark_has_no_heading(text: str) -> None:
    _check(text)


def test_every_short_underline_is_a_mark() -> None:
    pieces = ("=", "-", " ", "\t", "\n", "a", "", "> ")
    for parts in product(("a", "> a", "- a"), ("\n", "\r", "\n> "), pieces, pieces, pieces):
        _check("".join(parts))
