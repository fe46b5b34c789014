"""sync.yjs.layout: the structs of an update one by one, and an update from structs."""

import pytest

from sync.yjs.content import UpdateLimits
from sync.yjs.layout import (
    Section,
    deletion,
    encode_deletes,
    encode_update,
    read_layout,
    string_piece,
)
from sync.yjs.varint import MalformedError
from sync.yjs.verdict import Range
from tests.unit.sync.yjs.update_bytes import A, B, block, delete, item, string, update

LIMITS = UpdateLimits()


def test_update_that_is_read_and_written_is_the_same_bytes() -> None:
    whole = update(
        block(B, 2, string("x", (A, 1)), item(7, b"\x03\x01p")),
        block(A, 0, string("a😀"), item(8, b"\x01\x7e")),
        deletes=delete(A, (0, 1)),
    )
    layout = read_layout(whole, LIMITS)
    assert [(s.client, s.start) for s in layout.sections] == [(B, 2), (A, 0)]
    assert encode_update(layout.sections, layout.delete_set) == whole


def test_piece_with_other_text_stays_where_it_was() -> None:
    (section,) = read_layout(update(block(A, 5, string("a\0b", (B, 1)))), LIMITS).sections
    (piece,) = section.pieces
    changed = Section(A, [piece.with_text("a b")])
    assert encode_update([changed], encode_deletes([])) == update(
        block(A, 5, string("a b", (B, 1)))
    )


def test_deletions_are_written_and_what_the_server_inserts_is_a_string_between_two_units() -> None:
    assert deletion([Range(A, 1, 3)]) == update(deletes=delete(A, (1, 2)))
    piece = string_piece(4, "é", (A, 1), (A, 2))
    made = encode_update([Section(B, [piece])], encode_deletes([]))
    assert made == update(block(B, 4, string("é", (A, 1), (A, 2))))


def test_what_is_cut_off_raises() -> None:
    with pytest.raises(MalformedError):
        read_layout(update(block(A, 0, string("abc")))[:-2], LIMITS)
