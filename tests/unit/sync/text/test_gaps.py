"""sync.text.gaps: an edit of the characters leaves alone what stands between them."""

import pytest

from sync.text.delta import Delta, apply
from sync.text.gaps import GAP, around_gaps


@pytest.mark.parametrize(
    ("shown", "ops", "spread"),
    [
        ("abc", (1, "x", -1), (1, "x", -1)),
        ("\0abc", (3, "x"), (4, "x")),
        ("ab\0", (2, "x"), (2, "x")),
        ("a\0\0bc", (-2, "x"), (-1, 2, "x", -1)),
        ("\0", ("x",), ("x",)),
    ],
)
def test_edit_is_spread_around_gaps(shown: str, ops: Delta, spread: Delta) -> None:
    assert around_gaps(ops, shown) == spread
    assert apply(shown, spread).replace(GAP, "") == apply(shown.replace(GAP, ""), ops)
    assert apply(shown, spread).count(GAP) == shown.count(GAP)
