"""Updates that are made from a few numbers: the bytes that Yjs clients send."""

from typing import Any

import pytest
from pycrdt import Doc, Text

from storage.segments.update_shape import (
    DeletedStart,
    deleted_updates,
    recognise_deleted,
    recognise_typed,
    typed_updates,
    units_of,
    varint,
)
from sync.yjs.varint import write_varint

CLIENT = 2**53 - 1


def recorded(*changes: tuple[int, str | int]) -> list[bytes]:
    """The updates of a client that inserts texts or deletes, at places in UTF-8 bytes."""
    doc: Doc[Any] = Doc(client_id=CLIENT)
    text: Text = doc.get("content", type=Text)
    text.insert(0, "0123456789")
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    for at, change in changes:
        if isinstance(change, str):
            text.insert(at, change)
        else:
            del text[at : at + change]
    doc.unobserve(subscription)
    return updates


@pytest.mark.parametrize("at", [0, 5, 10])
def test_typing_comes_out_as_it_was_sent(at: int) -> None:
    texts = ["a", "é", "😀", "\n", "word ", "x" * 200, "\0"]
    places = [at + len("".join(texts[:n]).encode()) for n in range(len(texts))]
    updates = recorded(*zip(places, texts, strict=True))
    start = recognise_typed(updates[0])
    assert start is not None
    assert start.client == CLIENT
    assert typed_updates(start, texts, units_of(texts)) == updates


def test_backspacing_comes_out_as_it_was_sent() -> None:
    updates = recorded((8, 1), (7, 1), (5, 2))
    assert recognise_deleted(updates[0]) == DeletedStart(CLIENT, 8, 1)
    assert deleted_updates(DeletedStart(CLIENT, 8, 1), [-1, -1, -2]) == updates


def test_deleting_forward_comes_out_as_it_was_sent() -> None:
    updates = recorded((2, 1), (2, 2), (2, 1))
    assert deleted_updates(DeletedStart(CLIENT, 2, 1), [1, 2, 1]) == updates


@pytest.mark.parametrize("update", [b"", b"\0\0", b"\1", b"\1\1\1\1\4\1\1c\1a\0", b"\x80" * 30])
def test_another_update_is_not_recognised(update: bytes) -> None:
    assert recognise_typed(update) is None
    assert recognise_deleted(update) is None


@pytest.mark.parametrize("value", [0, 127, 128, 16_383, 16_384, 2**21 - 1, 2**21, 2**53 - 1])
def test_number_is_as_yjs_writes_it(value: int) -> None:
    out = bytearray()
    write_varint(out, value)
    assert varint(value) == out


def test_units_are_those_of_utf_16() -> None:
    assert units_of(["a", "é", "😀😀", "a😀"]) == [1, 1, 4, 3]


def test_number_out_of_range_is_not_recognised() -> None:
    large = varint(2**53 - 1)
    beyond = large[:-1] + b"\x7f"
    assert recognise_typed(b"\1\1" + large + b"\1\x84" + large + b"\1\1a\0") is not None
    assert recognise_typed(b"\1\1" + beyond + b"\1\x84" + large + b"\1\1a\0") is None
    assert recognise_typed(b"\1\1" + large + b"\1\x84" + beyond + b"\1\1a\0") is None
    assert recognise_typed(b"\1\1" + large + large + b"\x84" + large + b"\1\1a\0") is None
    assert recognise_deleted(b"\0\1" + beyond + b"\1\1\1") is None


def test_backspaces_end_at_the_first_unit() -> None:
    assert len(deleted_updates(DeletedStart(7, 1, 1), [-1, -1, -1])) == 2
