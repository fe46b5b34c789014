"""The stored form of text: what becomes of line ends and byte order marks."""

import pytest

from sync.text.newline import (
    newline_of,
    normalize_delta,
    normalize_newlines,
    normalize_text,
    with_newlines,
)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("", ""),
        ("a\nb", "a\nb"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("a\rb\r", "a\nb\n"),
        ("\r\r\n\n\r", "\n\n\n\n"),
        ("\ufeff# Title\r\n", "# Title\n"),
        ("\ufeff\ufeffx", "x"),
        ("x\ufeffy", "x\ufeffy"),
    ],
)
def test_whole_text_is_stored_with_line_feeds_and_without_a_mark(text: str, stored: str) -> None:
    assert normalize_text(text) == stored


def test_delta_without_anything_to_normalise_stays_the_same_object() -> None:
    delta = (2, "a\nb\ufeff", -1)
    assert normalize_delta(delta, "xyz") is delta
    assert normalize_delta((), "") == ()


@pytest.mark.parametrize(
    ("text", "delta", "stored"),
    [
        ("xy", (1, "a\r\nb\r"), (1, "a\nb\n")),
        ("a\nb", (1, "\r"), ()),
        ("a\nb\nc", (1, "\r", 2, "\r"), ()),
        ("a\nb", (1, "!\r"), (1, "!")),
        ("a?\nb", (1, "\r", -1), (1, -1)),
        ("a\n\nb", (1, "\r", -1), (1, -1)),
        ("a\nb", (1, "\r", -1), (1, "\n", -1)),
        ("a", ("\ufeff\r\n",), ("\ufeff\n",)),
        ("", ("\ufeffHello\r\n",), ("Hello\n",)),
        ("", ("\ufeff",), ()),
    ],
)
def test_inserted_line_ends_are_normalised_where_they_stand(
    text: str, delta: tuple[int | str, ...], stored: tuple[int | str, ...]
) -> None:
    assert normalize_delta(delta, text) == stored


def test_reader_gets_the_line_ends_that_it_asks_for() -> None:
    old = "a\r\nb\nc\r"
    assert with_newlines(old, "crlf") == "a\r\nb\r\nc\r\n"
    assert with_newlines(old, "lf") == "a\nb\nc\n"


def test_file_is_written_back_with_the_line_ends_of_its_first_line() -> None:
    assert newline_of("a\r\nb\n") == "crlf"
    assert newline_of("a\nb\r\n") == "lf"
    assert newline_of("\n") == newline_of("") == newline_of("a\r") == "lf"
    assert newline_of("\r\n") == "crlf"
    assert normalize_newlines(with_newlines("a\n\nb", "crlf")) == "a\n\nb"
