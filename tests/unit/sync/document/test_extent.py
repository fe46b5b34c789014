"""`sync.document.extent`: whether an event changed only characters of the text."""

from collections.abc import Callable
from typing import Any

import pytest
from pycrdt import Array, Doc, Text

from sync.document.extent import changes_characters_only
from sync.port import EventRecord
from sync.text.delta import Delta


def record(ops: Delta, update: bytes) -> EventRecord:
    return EventRecord(1, "e", ops, update, "u", "U", "s", 0, b"")


def updated(change: Callable[[Doc[Any]], None]) -> bytes:
    """Return the update of a change to a document whose text is "ab😀"."""
    doc: Doc[Any] = Doc({"content": Text("ab😀"), "list": Array(["x"])})
    before = doc.get_state()
    change(doc)
    return doc.get_update(before)


def insert(doc: Doc[Any]) -> None:
    doc.get("content", type=Text).insert(1, "xy")


def delete(doc: Doc[Any]) -> None:
    del doc.get("content", type=Text)[0:2]


def embed(doc: Doc[Any]) -> None:
    doc.get("content", type=Text).insert_embed(1, {"image": "x"})


def append(doc: Doc[Any]) -> None:
    doc.get("list", type=Array).append("y")


@pytest.mark.parametrize(
    ("change", "ops", "only_characters"),
    [
        (insert, (1, "xy"), True),
        (delete, (-2,), True),
        # The event's delta tells of less than the update did.
        (insert, (1, "x"), False),
        (delete, (-1,), False),
        (embed, (), False),
        (append, (), False),
    ],
)
def test_event_is_told_by_what_its_update_brings_and_takes(
    change: Callable[[Doc[Any]], None], ops: Delta, *, only_characters: bool
) -> None:
    assert changes_characters_only(record(ops, updated(change))) is only_characters


def test_update_that_cannot_be_read_is_not_only_characters() -> None:
    assert not changes_characters_only(record((), b"\xff"))
