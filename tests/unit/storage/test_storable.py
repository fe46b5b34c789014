"""Texts that a database can keep, and what becomes of the others."""

import pytest

from storage.storable import escape_unstorable, is_storable, require_storable
from sync.port import StoreError


@pytest.mark.parametrize("text", ["", "Ada", "é😀", "\U0010ffff", "\x01\x7f\ufeff", "\\x00"])
def test_text_is_storable(text: str) -> None:
    assert is_storable(text)
    assert escape_unstorable(text) == text
    require_storable(text, None)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("a\0", r"a\x00"), ("\ud83d", r"\ud83d"), ("\ude00\ud83d\0", r"\ude00\ud83d\x00")],
)
def test_text_is_not_storable_and_not_repeated(text: str, escaped: str) -> None:
    assert not is_storable(text)
    assert escape_unstorable(text) == escaped
    with pytest.raises(StoreError) as caught:
        require_storable("fine", None, f"secret{text}")
    assert "secret" not in str(caught.value)
