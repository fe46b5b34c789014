"""Ids: exact, and free where they only count."""

import pytest

from storage.segments.id_columns import decode_ids, encode_ids
from sync.yjs.nonce import SessionNonces

NONCE = "0123456789ab"
SECRET = bytes(range(32))


def read_back(ids: list[str], writing: list[int] | None = None) -> list[str]:
    by = writing or [0] * len(ids)
    columns = encode_ids(ids, by, ["s"] * (max(by) + 1))
    return decode_ids(by, *columns.values())


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
    columns = encode_ids(ids, [0, 1, 0, 1], ["a", "b"])
    assert decode_ids([0, 1, 0, 1], *columns.values()) == ids


def test_ids_that_count_take_no_room() -> None:
    few, many = ([f"tag.{number}" for number in range(count)] for count in (10, 1010))
    grown = len(encode_ids(many, [0] * 1010, ["s"])["ids"]) - len(
        encode_ids(few, [0] * 10, ["s"])["ids"]
    )
    assert grown <= 1010, "a zero each"


def test_nonces_are_stored_as_bytes() -> None:
    ids = [f"session-{number}-{NONCE}" for number in range(100)]
    assert len(encode_ids(ids, [0] * 100, ["s"])["nonces"]) == 600


def test_ids_drawn_at_random_take_little_more_than_their_characters() -> None:
    ids = [f"{number * 7919:08x}" * 2 + "z" for number in range(200)]
    assert sum(map(len, encode_ids(ids, [0] * 200, ["s"]).values())) < 200 * (17 + 2.2)


def test_nonces_that_a_secret_makes_take_no_room() -> None:
    made = SessionNonces(SECRET, "s")
    ids = [f"s-{number}-{made.of(number).hex()}" for number in range(1, 2500)]
    columns = encode_ids(ids, [0] * len(ids), ["s"], SECRET)
    assert columns["nonces"] == b""
    assert decode_ids([0] * len(ids), *columns.values()) == ids


@pytest.mark.parametrize("odd", [0, 7, 1500])
def test_one_nonce_that_the_secret_does_not_make_costs_its_thousand(odd: int) -> None:
    made = SessionNonces(SECRET, "s")
    ids = [f"s-{number}-{made.of(number).hex()}" for number in range(2500)]
    ids[odd] = f"s-{odd}-{NONCE}"
    columns = encode_ids(ids, [0] * len(ids), ["s"], SECRET)
    assert len(columns["nonces"]) == 6000
    assert decode_ids([0] * len(ids), *columns.values()) == ids


def test_nonces_of_another_session_are_stored() -> None:
    made = SessionNonces(SECRET, "s")
    ids = [f"s-{number}-{made.of(number).hex()}" for number in range(50)]
    columns = encode_ids(ids, [0] * 50, ["t"], SECRET)
    assert len(columns["nonces"]) == 300
    assert decode_ids([0] * 50, *columns.values()) == ids
