"""Unit tests of `sync.text.position`: offsets as JavaScript counts them."""

import pytest

from sync.text.delta import DeltaOutOfRange, Ops, valid_text
from sync.text.position import delta_from_utf16, delta_to_utf16, to_codepoints, to_utf16

TEXT = "a😀é日🎉"  # borders in UTF-16: 0 1 3 4 5 7
BORDERS = [(0, 0), (1, 1), (2, 3), (3, 4), (4, 5), (5, 7)]


@pytest.mark.parametrize(("codepoint", "utf16"), BORDERS)
def test_offset_converts_both_ways_at_every_border(codepoint: int, utf16: int) -> None:
    assert to_codepoints(TEXT, utf16) == codepoint
    assert to_utf16(TEXT, codepoint) == utf16


@pytest.mark.parametrize("inside", [2, 6])
def test_offset_inside_a_surrogate_pair_is_out_of_range(inside: int) -> None:
    with pytest.raises(DeltaOutOfRange, match="surrogate"):
        to_codepoints(TEXT, inside)


@pytest.mark.parametrize("beyond", [8, 2**53 - 1, -1])
def test_utf16_offset_outside_the_text_is_out_of_range(beyond: int) -> None:
    with pytest.raises(DeltaOutOfRange):
        to_codepoints(TEXT, beyond)


@pytest.mark.parametrize("beyond", [6, -1])
def test_codepoint_offset_outside_the_text_is_out_of_range(beyond: int) -> None:
    with pytest.raises(DeltaOutOfRange):
        to_utf16(TEXT, beyond)


@pytest.mark.parametrize("text", ["", "plain", "日本語"])
def test_offsets_agree_without_astral_characters(text: str) -> None:
    for offset in range(len(text) + 1):
        assert to_codepoints(text, offset) == offset
        assert to_utf16(text, offset) == offset
    with pytest.raises(DeltaOutOfRange):
        to_codepoints(text, len(text) + 1)


@pytest.mark.parametrize(
    ("codepoints", "utf16"),
    [
        ((), ()),
        ((1, "x😀", -1, 1, -1), (1, "x😀", -2, 1, -1)),
        ((-5,), (-7,)),
        ((1, -1), (1, -2)),
        ((1, "x"), (1, "x")),
    ],
)
def test_delta_converts_both_ways(codepoints: Ops, utf16: Ops) -> None:
    assert delta_from_utf16(utf16, TEXT) == codepoints
    assert delta_to_utf16(codepoints, TEXT) == utf16


@pytest.mark.parametrize("ops", [(2, "x"), (1, -1), (1, -1, -1), (3, -3), (8,), (7, -1)])
def test_delta_that_cuts_a_pair_or_overreaches_is_out_of_range(ops: Ops) -> None:
    with pytest.raises(DeltaOutOfRange):
        delta_from_utf16(ops, TEXT)


@pytest.mark.parametrize("text", ["", "plain", "日本語"])
def test_delta_past_the_end_is_out_of_range(text: str) -> None:
    with pytest.raises(DeltaOutOfRange):
        delta_from_utf16((len(text), -1), text)
    with pytest.raises(DeltaOutOfRange):
        delta_to_utf16((len(text), -1), text)


@pytest.mark.parametrize(
    ("text", "valid"),
    [("", True), (TEXT, True), ("\ufeff\u2028\uffff", True), ("a\0", False), ("\ud83d", False)],
)
def test_valid_text_has_no_nul_and_no_lone_surrogate(text: str, valid: bool) -> None:
    assert valid_text(text) is valid
