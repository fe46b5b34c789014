"""Updates as columns: exact, and free while a writer goes on."""

from typing import Any

from pycrdt import Doc, Text

from storage.segments.run import edits_of
from storage.segments.update_columns import decode_updates, encode_updates
from sync.text.delta import Delta

ODD = b"\1\1\x80\x80\x80\x80\x80\x80\x80\x7f\1\x84\1\1\1a\0"
"""A keystroke whose client id is out of range."""


def read_back(deltas: list[Delta], updates: list[bytes]) -> list[bytes]:
    edits = edits_of(deltas, [0] * len(deltas))
    columns = encode_updates(edits, updates, 1)
    return decode_updates(edits, 1, columns["spans"], columns["clients"], columns["raw"])


def typed_word(count: int) -> tuple[list[Delta], list[bytes]]:
    doc: Doc[Any] = Doc(client_id=77)
    text: Text = doc.get("content", type=Text)
    text += "0123456789"
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    for number in range(count):
        text.insert(5 + number, "x")
    doc.unobserve(subscription)
    return [(5 + number, "x") for number in range(count)], updates


def test_typing_takes_no_room() -> None:
    few, many = (
        sum(map(len, encode_updates(edits_of(deltas, [0] * len(deltas)), updates, 1).values()))
        for deltas, updates in (typed_word(2), typed_word(500))
    )
    assert few == many


def test_update_in_the_middle_that_does_not_follow_is_kept() -> None:
    deltas, updates = typed_word(30)
    for odd in (b"", b"\0\0", ODD, updates[3], updates[7][:-1] + b"\1", updates[7] + b"\0"):
        changed = [*updates[:7], odd, *updates[8:]]
        assert read_back(deltas, changed) == changed


def test_deltas_and_updates_that_disagree_come_back() -> None:
    deltas, updates = typed_word(4)
    assert read_back([(9, -1), (8, -2), (), (1, "a", -1)], updates) == updates
    assert read_back(deltas, [b"\0\1\7\1\5\1", *updates[:3]]) == [b"\0\1\7\1\5\1", *updates[:3]]


def test_backspaces_and_typing_in_turn_come_back_and_take_little() -> None:
    doc: Doc[Any] = Doc(client_id=2**53 - 1)
    text: Text = doc.get("content", type=Text)
    text += "0123456789"
    updates: list[bytes] = []
    deltas: list[Delta] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    for _ in range(100):
        for change in ("a", "b", "c", -1, -1):
            if isinstance(change, str):
                at = len(text)
                text += change
                deltas.append((at, change))
            else:
                del text[len(text) - 1 : len(text)]
                deltas.append((len(text), -1))
    doc.unobserve(subscription)
    edits = edits_of(deltas, [0] * len(deltas))
    columns = encode_updates(edits, updates, 1)
    assert decode_updates(edits, 1, columns["spans"], columns["clients"], columns["raw"]) == updates
    assert columns["raw"] == b""
