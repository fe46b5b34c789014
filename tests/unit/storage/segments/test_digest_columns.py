"""Digests: exact, and without bytes where the event tells them."""

from storage.segments.digest_columns import Digests, encode_digests
from sync.submission import named_digest, text_digest, update_digest
from sync.text.delta import Delta

OPS: list[Delta] = [("a",), (1, "b"), (1, -1), (1, "x", -1), (3, "c")]
UPDATES = [b"one", b"two", b"three", b"four", b""]
KINDS = ["text_insert", "text_insert", "text_delete", "text_edit", "text_insert"]


def read_back(digests: list[bytes], first: int = 7) -> list[bytes]:
    columns = encode_digests(first, OPS, UPDATES, digests)
    assert set(columns) == {"digests", "odd_digests"}
    return Digests(first, len(digests), *columns.values()).part(0, OPS, UPDATES)


def test_digests_of_updates_take_no_room() -> None:
    digests = list(map(update_digest, UPDATES))
    assert not any(encode_digests(7, OPS, UPDATES, digests).values())
    assert read_back(digests) == digests


def test_digests_of_text_events_are_made_again() -> None:
    for behind in range(8):
        digests = [
            text_digest(kind, 7 + index - 1 - behind, ops)
            for index, (kind, ops) in enumerate(zip(KINDS, OPS, strict=True))
        ]
        assert encode_digests(7, OPS, UPDATES, digests)["odd_digests"] == b""
        assert read_back(digests) == digests


def test_digests_of_edits_over_http_are_made_again() -> None:
    for base in (None, 6):
        digests = [text_digest("text_edit", base, ops) for ops in OPS]
        assert encode_digests(7, OPS, UPDATES, digests)["odd_digests"] == b""
        assert read_back(digests) == digests


def test_digests_of_no_known_form_are_kept() -> None:
    digests = [
        named_digest("restore", "3"),
        update_digest(UPDATES[1]),
        b"",
        text_digest("text_edit", 1_000, OPS[3]),
        b"any length at all",
    ]
    assert read_back(digests) == digests


def test_part_is_what_the_whole_has_there() -> None:
    digests = [b"odd", *[text_digest("text_edit", 6, ops) for ops in OPS[1:4]], b"odd too"]
    columns = encode_digests(7, OPS, UPDATES, digests)
    found = Digests(7, 5, *columns.values())
    assert found.part(2, OPS[2:5], UPDATES[2:5]) == digests[2:]
