"""`app.identity.display_name`: what others see of a user cannot mislead."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identity.display_name import MAX_NAME_CHARS, PALETTE, clean_name, color_of
from sync.error import ErrorCode, QuireError


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("Ada", "Ada"),
        ("  Ada \t\n Lovelace ", "Ada Lovelace"),
        ("Ada\u0000", "Ada"),
        ("\u202eadA\u202c", "adA"),
        ("\u2066Ada\u2069\u200f", "Ada"),
        ("A\u0301da", "\u00c1da"),
        ("\ud800Ada", "Ada"),
        ("A\u200dda", "A\u200dda"),
        ("\ue000Ada", "Ada"),
        ("x" * MAX_NAME_CHARS, "x" * MAX_NAME_CHARS),
    ],
)
def test_name_is_shown_on_one_line_without_what_misleads(given_name: str, shown: str) -> None:
    assert clean_name(given_name) == shown


@pytest.mark.parametrize(
    "name",
    ["", " ", "\0", "\u202e", "\u200d\u200c", "x" * (MAX_NAME_CHARS + 1), "x" * 10_000_000],
)
def test_name_that_shows_nothing_or_too_much_is_refused(name: str) -> None:
    with pytest.raises(QuireError) as refused:
        clean_name(name)
    assert refused.value.code is ErrorCode.AUTH_FAILED
    assert len(refused.value.message) < 100


@given(st.text(max_size=80))
def test_cleaned_name_is_printable_and_stays_as_it_is(name: str) -> None:
    try:
        cleaned = clean_name(name)
    except QuireError:
        return
    assert clean_name(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert 0 < len(cleaned) <= MAX_NAME_CHARS
    cleaned.encode()
    without_joiners = cleaned.replace("\u200c", "").replace("\u200d", "")
    assert without_joiners.isprintable()


def test_color_belongs_to_the_id_and_all_are_used() -> None:
    ids = [f"guest-{number}" for number in range(500)]
    colors = [color_of(each) for each in ids]
    assert colors == [color_of(each) for each in ids]
    assert set(colors) == set(PALETTE)
