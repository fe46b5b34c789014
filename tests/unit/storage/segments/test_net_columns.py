"""The net change of a segment: what its runs make of any text, in pieces.

Planted and caught, each alone: typed pieces that begin one place too early; a gap that is not
deleted behind the last piece; inserts of other events that are taken from the typed text; a
deletion before the caret that begins at the caret.
"""

import pytest

from storage.segments.edit_columns import encode_edits
from storage.segments.net_columns import decode_net, encode_net
from storage.segments.run import edits_of
from sync.text.delta import Delta, apply

BASE = "0123456789"


def net_of(*deltas: Delta) -> Delta:
    edits = edits_of(deltas, [0] * len(deltas))
    columns = encode_edits(edits, 1)
    others = [edit.other for edit in edits if edit.other]
    return decode_net(encode_net(edits)["net"], columns["text"], others)


@pytest.mark.parametrize(
    "deltas",
    [
        [],
        [("a",)],
        [(4, "a"), (5, "b"), (6, "c")],
        [(4, "a"), (5, "b"), (5, -1)],
        [(4, "a"), (4, -1)],
        [(3, -1), (2, -1), (1, -1)],
        [(3, -1), (3, -1), (3, "x")],
        [(10, "end"), (0, "début 😀")],
        [(-10,), ("new",)],
        [(2, "abc"), (1, "x"), (3, -3), (8, "zz")],
        [(2, "ab", 3, -2), (1, -4), (4, "é")],
        [(5, "typed"), (2, "other", 4, -1), (3, -2), (1, "q")],
        [(9, -1), (3, "k")],
    ],
)
def test_net_change_is_what_all_events_make(deltas: list[Delta]) -> None:
    expected = BASE
    for delta in deltas:
        expected = apply(expected, delta)
    assert apply(BASE, net_of(*deltas)) == expected


def test_text_that_was_deleted_again_takes_no_piece() -> None:
    typed = [(n, "x") if n else ("x",) for n in range(40)]
    gone = [(n, -1) if n else (-1,) for n in range(39, -1, -1)]
    assert net_of(*typed, *gone) == ()


def test_columns_that_do_not_fit_together_are_told() -> None:
    edits = edits_of([(3, "abc")], [0])
    net = encode_net(edits)["net"]
    with pytest.raises(ValueError, match="of 1 typed"):
        decode_net(net, b"a", [])
