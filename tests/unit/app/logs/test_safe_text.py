import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.logs.safe_text import safe_text

_ANY = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a\r\nFORGED", r"a\r\nFORGED"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("a\u202egnp.exe", r"a\u202egnp.exe"),
        ("a\u2066b\u2069", r"a\u2066b\u2069"),
        ("half \ud83d of one", r"half \ud83d of one"),
        ("\x00\x07\x7f\x9b", r"\x00\x07\x7f\x9b"),
        ("line\u2028line", r"line\u2028line"),
        ("hidden\U000e0041", r"hidden\U000e0041"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
    ],
)
def test_unsafe_characters_are_escaped(hostile: str, shown: str) -> None:
    assert safe_text(hostile, 100) == shown


@pytest.mark.parametrize("name", ["Zoë", "李小龙", "شاهد", "👨‍👩‍👧", "نام‌ها", "a b"])
def test_names_of_people_stay_as_they_are(name: str) -> None:
    assert safe_text(name, 100) == name


def test_a_long_text_is_cut_and_says_so() -> None:
    assert safe_text("x" * 1_000_000, 10) == "xxxxxxxxxx…[999990 more]"


@given(_ANY, st.integers(0, 50))
def test_any_text_becomes_one_bounded_line_that_can_be_encoded(text: str, most: int) -> None:
    safe = safe_text(text, most)
    safe.encode()
    assert len(safe) <= 10 * most + 30
    assert len(safe.splitlines()) <= 1
    assert not any(unicodedata.category(each) in ("Cc", "Cs") for each in safe)


@given(_ANY)
def test_lines_are_kept_where_they_are_wanted(text: str) -> None:
    safe = safe_text(text, 1000, keep_lines=True)
    assert safe.count("\n") == text.count("\n")
    assert safe.replace("\n", r"\n").replace("\t", r"\t") == safe_text(text, 1000)
