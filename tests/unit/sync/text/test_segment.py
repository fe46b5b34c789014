"""The words of texts in many scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.text.segment import MAX_WORD_CHARS, is_alone, segment


def words(text: str) -> list[str]:
    return [word.folded for word in segment(text)]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Résumé der STRASSE, Straße", ["resume", "der", "strasse", "strasse"]),
        ("foo_bar v1.2 don't", ["foo", "bar", "v1", "2", "don", "t"]),
        ("全文検索の例", list("全文検索の例")),
        ("ｶﾞﾗｽ ＡＢＣ ガラス", ["ガ", "ラ", "ス", "abc", "ガ", "ラ", "ス"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("안녕 하세요", list("안녕하세요")),
        ("🎉 party 👩‍👧", ["🎉", "party", "👩", "👧"]),
        ("ﬁne ①②", ["fine", "12"]),
        ("Привет МИР", ["привет", "мир"]),
        ("שלום عربي", ["שלום", "عربي"]),
        ("--- *** \u200b\ufeff ~", []),
        ("", []),
    ],
)
def test_words_are_folded_and_apart(text: str, folded: list[str]) -> None:
    assert words(text) == folded


def test_places_are_those_of_the_text() -> None:
    text = "Ä b 全文, ｶﾞ"
    assert [text[word.start : word.end] for word in segment(text)] == ["Ä", "b", "全", "文", "ｶﾞ"]


def test_long_word_is_cut() -> None:
    assert words("A" * 500) == ["a" * MAX_WORD_CHARS]


def test_characters_without_spaces_between_words_stand_alone() -> None:
    assert is_alone("全")
    assert is_alone("🎉")
    assert not is_alone("a")


@given(st.text())
def test_words_hold_nothing_that_separates(text: str) -> None:
    for word in segment(text):
        assert 0 < len(word.folded) <= MAX_WORD_CHARS
        assert 0 <= word.start < word.end <= len(text)
        assert not any(each.isspace() or each in "\"'\0" for each in word.folded)


@given(st.text())
def test_words_of_folded_words_are_the_same(text: str) -> None:
    folded = words(text)
    assert words(" ".join(folded)) == folded
