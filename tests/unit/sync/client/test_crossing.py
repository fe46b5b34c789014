"""`sync.client.crossing`: two concurrent edits, each moved over the other."""

import pytest

from sync.client.crossing import cross, fold
from sync.text.delta import Delta, apply


@pytest.mark.parametrize(
    ("mine", "logged", "text"),
    [
        ((1, "M"), (2, "L"), "aMbLcd"),
        # At one place the logged text comes first.
        ((1, "M"), (1, "L"), "aLMbcd"),
        ((1, -2), (2, -2), "a"),
        ((1, -2), (2, "L"), "aLd"),
        ((2, "M"), (1, -2), "aMd"),
        ((), (1, "L"), "aLbcd"),
        ((4, "M"), (-4,), "M"),
    ],
)
def test_crossing_edits_arrive_at_one_text(mine: Delta, logged: Delta, text: str) -> None:
    mine_after, logged_after = cross(mine, logged)
    assert apply(apply("abcd", logged), mine_after) == text
    assert apply(apply("abcd", mine), logged_after) == text


def test_fold_retains_own_inserts_and_skips_own_deletions() -> None:
    assert fold((3, "L"), (1, "MM", 1)) == (5, "L")
    assert fold((-4,), (1, -2)) == (-2,)
    assert fold((-4,), (2, "M")) == (-2, 1, -2)
