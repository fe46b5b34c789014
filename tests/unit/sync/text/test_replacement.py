"""sync.text.replacement: the one range in which two texts differ."""

import pytest

from sync.text.delta import Delta, apply
from sync.text.replacement import replacement


@pytest.mark.parametrize(
    ("old", "new", "ops"),
    [
        pytest.param("ab", "ab", (), id="nothing"),
        pytest.param("", "ab", ("ab",), id="all"),
        pytest.param("abc", "axc", (1, "x", -1), id="within"),
        pytest.param("abc", "ab", (2, -1), id="the end"),
        pytest.param("abc", "bc", (-1,), id="the beginning"),
        pytest.param("aaa", "aaaa", (3, "a"), id="as late as it may be"),
        pytest.param("x" * 5_000, "x" * 4_999 + "y", (4_999, "y", -1), id="behind a piece"),
        pytest.param("a" + "x" * 5_000, "x" * 5_000, (-1,), id="before a piece"),
    ],
)
def test_replacement_turns_one_text_into_the_other(old: str, new: str, ops: Delta) -> None:
    assert replacement(old, new) == ops
    assert apply(old, ops) == new
