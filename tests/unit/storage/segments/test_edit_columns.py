"""Runs as columns: exact, and small while a caret stays where it is."""

import msgspec

from storage.segments.edit_columns import decode_edits, encode_edits
from storage.segments.numbers import unpack_numbers
from storage.segments.run import Edit, Kind, edits_of
from sync.text.delta import Delta

BIG = 2**53


def read_back(deltas: list[Delta], writing: list[int] | None = None) -> list[Edit]:
    by = writing or [0] * len(deltas)
    columns = encode_edits(edits_of(deltas, by), max(by) + 1)
    return decode_edits(max(by) + 1, columns["edits"], columns["text"], columns["others"])


def test_runs_come_back() -> None:
    deltas: list[Delta] = [
        ("a",),
        (1, "é😀"),
        (2, -1),
        (1, -1),
        (1, -3),
        (4, "x", -2),
        (),
        (BIG, "z"),
    ]
    assert read_back(deltas) == edits_of(deltas, [0] * len(deltas))


def test_runs_of_several_writers_come_back() -> None:
    deltas: list[Delta] = [(9, "a"), (3, "b"), (11, "c"), (4, -1), (3, "x", -2, 1, "y"), (9, "d")]
    by = [0, 1, 0, 1, 2, 0]
    assert read_back(deltas, by) == edits_of(deltas, by)


def test_caret_moves_along_with_what_others_write() -> None:
    """Two people who type in turn cost no more than two who type one after the other."""
    one: list[Delta] = [(1000 + 2 * n, "a") for n in range(50)]
    other: list[Delta] = [(n, "b") for n in range(1, 51)]
    turns = [delta for pair in zip(one, other, strict=True) for delta in pair]
    edits = edits_of(turns, [0, 1] * 50)
    assert len(edits) == 100, "the runs are not merged"
    columns = encode_edits(edits, 2)
    _, _, distances, *_ = map(unpack_numbers, msgspec.msgpack.decode(columns["edits"]))
    assert distances[2:] == [0] * 98


def test_many_moves_are_not_followed() -> None:
    deltas: list[Delta] = [(5000, "a"), *[(n * 7 % 50 + 1, "b") for n in range(200)], (5201, "c")]
    by = [0, *[1] * 200, 0]
    assert read_back(deltas, by) == edits_of(deltas, by)
    assert edits_of(deltas, by)[0].kind is Kind.TYPING
