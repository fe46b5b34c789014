"""Unit tests of `sync.text.textdiff`: small edits, bounded work, diffs that `patch` can read."""

import pytest

from sync.text.delta import Delta, apply
from sync.text.textdiff import DiffTooLarge, diff, unified_diff


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", ()),
        ("same", "same", ()),
        ("", "x", ("x",)),
        ("x", "", (-1,)),
        ("colour", "color", (4, -1)),
        ("a\nb\nc\n", "a\nx\nb\nc\n", (2, "x\n")),
        ("foo(bar, baz)", "foo(baz)", (6, -5)),
        ("p qq aa rr s", "P qq a rr S", ("P", -1, 5, -1, 4, "S", -1)),
        ("私は猫が好き", "私は犬が好き", (2, "犬", -1)),
        ("hi 😀 there", "hi 😃 there", (3, "😃", -1)),
        ("one two three\nfour\n", "one 2 three\nfive\n", (4, "2", -3, 8, "ive", -3)),
    ],
)
def test_diff_is_small_and_at_the_place_of_the_change(old: str, new: str, expected: Delta) -> None:
    assert diff(old, new) == expected
    assert apply(old, expected) == new


def test_diff_of_words_keeps_what_lies_between_them() -> None:
    old = "the cat sat on the mat and slept\n"
    new = "the dog sat on the rug and slept\n"
    assert diff(old, new) == (4, "dog", -3, 12, "rug", -3)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\n" * 30_000, "a\nb\n" * 15_000),
        ("\n\nx\n" * 20_000, "\nx\n\n" * 20_000 + "y"),
        ("ab" * 50_000, "ba" * 50_000 + "c"),
        (" a" * 40_000, " b" * 40_000),
        (".,;" * 30_000, ",.;" * 30_000 + "!"),
        ("\n".join(map(str, range(20_000))), "\n".join(map(str, reversed(range(20_000))))),
    ],
)
def test_diff_of_repetitive_texts_is_right(old: str, new: str) -> None:
    # Without a bound on the steps these do not end within the time limit for a test.
    assert apply(old, diff(old, new)) == new


def test_diff_gives_the_same_edit_every_time() -> None:
    old, new = "b a c a b\n" * 50, "a c b b a\n" * 60
    assert diff(old, new) == diff(old, new)


def test_unified_diff_of_equal_texts_is_empty() -> None:
    assert unified_diff("a\n", "a\n", "x", "y") == ""


def test_unified_diff_shows_three_lines_of_context() -> None:
    old = "".join(f"{n}\n" for n in range(1, 31))
    new = old.replace("\n5\n", "\nfive\n").replace("\n20\n", "\n")
    assert unified_diff(old, new, "notes@1", "notes@2") == (
        "--- notes@1\n+++ notes@2\n"
        "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
        "@@ -17,7 +17,6 @@\n 17\n 18\n 19\n-20\n 21\n 22\n 23\n"
    )


def test_unified_diff_of_a_new_text_starts_at_line_zero() -> None:
    assert unified_diff("", "a\n", "x", "y") == "--- x\n+++ y\n@@ -0,0 +1 @@\n+a\n"


def test_unified_diff_says_when_the_last_line_has_no_end() -> None:
    assert unified_diff("a\nb", "a\nb\n", "x", "y") == (
        "--- x\n+++ y\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"
    )


def test_unified_diff_over_the_limit_is_refused() -> None:
    with pytest.raises(DiffTooLarge):
        unified_diff("a\n" * 100, "b\n" * 100, "x", "y", max_chars=100)
