"""`sync.names`: which texts are names and ids."""

import msgspec
import pytest

from sync.names import (
    MAX_TEXT_ROOT_CHARS,
    SERVER_ID_PREFIX,
    is_document_name,
    is_event_id,
    is_text_root,
)
from sync.wire.message import Id


@pytest.mark.parametrize("name", ["a", "A9", "notes:2026.11_draft-1", "x" * 128])
def test_document_name_is_letters_digits_and_four_marks(name: str) -> None:
    assert is_document_name(name)


@pytest.mark.parametrize("name", ["", "-a", ".a", "a/b", "a b", "é", "a\n", "x" * 129, "a\0"])
def test_other_text_is_no_document_name(name: str) -> None:
    assert not is_document_name(name)


def test_event_id_may_begin_with_a_mark_and_has_at_most_64_characters() -> None:
    assert is_event_id("-1:a._")
    assert is_event_id("x" * 64)
    assert not any(map(is_event_id, ("", "x" * 65, "a b", "a\n", "é")))


def test_ids_of_the_servers_own_events_are_no_clients_choice() -> None:
    assert is_event_id("servers:1")
    assert not is_event_id(SERVER_ID_PREFIX + "0" * 32)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(SERVER_ID_PREFIX + "0" * 32, Id)


def test_text_root_is_any_printable_text_of_bounded_length() -> None:
    assert is_text_root("content")
    assert is_text_root("größe 1")
    assert is_text_root("x" * MAX_TEXT_ROOT_CHARS)
    assert not any(map(is_text_root, ("", "x" * (MAX_TEXT_ROOT_CHARS + 1), "a\n", "a\0")))
