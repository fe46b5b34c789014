"""Ids: exact, and free where they only count."""

import pytest

from storage.segments.id_columns import decode_ids, encode_ids

NONCE = "0123456789ab"


def read_back(ids: list[str], writing: list[int] | None = None) -> list[str]:
    by = writing or [0] * len(ids)
    columns = encode_ids(ids, by, max(by) + 1)
    return decode_ids(by, columns["ids"], columns["nonces"])


@pytest.mark.parametrize(
    "ids",
    [
        [f"tag.{number}" for number in (1, 2, 3, 7, 5, 0, 999_999_999_999_999)],
        [f"session-{number}-{NONCE}" for number in (1, 2, 4)],
        ["7", "8", "9"],
        ["tag.1", "tag.01", "tag.2", "tag.1000000000000000", "tag.3"],
        ["tag.1", "other.2", "tag.2", "", "tag", "tag.2", "\n1", "tag.٣"],
        [f"s-1-{NONCE}", "s-2", f"s-3-{NONCE.upper()}", f"s-3-{NONCE[:-1]}", f"s-3-{NONCE}"],
        ["s-1", f"s-2-{NONCE}", "s-3", f"s-4-{NONCE} ", f"s-4-{NONCE}\n"],
        ["0123456789abcdef-12-3456789012ab", "0123456789abcdef-13-345678901234"],
    ],
)
def test_ids_come_back(ids: list[str]) -> None:
    assert read_back(ids) == ids


def test_each_writer_counts_alone() -> None:
    ids = ["a.1", "b.7", "a.2", "b.8"]
    columns = encode_ids(ids, [0, 1, 0, 1], 2)
    assert decode_ids([0, 1, 0, 1], columns["ids"], columns["nonces"]) == ids


def test_ids_that_count_take_no_room() -> None:
    few, many = ([f"tag.{number}" for number in range(count)] for count in (10, 1010))
    grown = len(encode_ids(many, [0] * 1010, 1)["ids"]) - len(encode_ids(few, [0] * 10, 1)["ids"])
    assert grown <= 1010, "a zero each"


def test_nonces_are_stored_as_bytes() -> None:
    ids = [f"session-{number}-{NONCE}" for number in range(100)]
    assert len(encode_ids(ids, [0] * 100, 1)["nonces"]) == 600
