"""The references to images that rows of events make."""

from typing import Any

from storage.image_references import mentioned

ONE, OTHER = "a1" * 32, "0f" * 32


def row(ops: str, update: bytes = b"\x01\x02") -> tuple[Any, ...]:
    return (1, 1, 1, 1, None, None, None, None, ops, update)


def test_mention_in_text_or_update_counts_once() -> None:
    in_text = row(f'["![x](/api/documents/n/files/{ONE}.png)"]')
    in_update = row("[]", b"\x00\xffsrc/pad/api/documents/n/files/" + OTHER.encode() + b".png\xfe")
    assert mentioned([in_text, in_update, in_text]) == [OTHER, ONE]


def test_what_only_looks_like_a_mention_does_not_count() -> None:
    rows = [row(f'["{ONE}"]'), row(f'["/files/{ONE[:63]}"]'), row(f'["/files/{ONE.upper()}"]')]
    assert mentioned(rows) == []


def test_hostile_digits_are_many_mentions_only_if_written_out() -> None:
    assert mentioned([row('["/files/' + "a" * 100_000 + '"]')]) == ["a" * 64]
