"""Unit tests of `sync.text.delta`: each rule of the algebra on a text one can follow by eye."""

import pytest

from sync.text import delta
from sync.text.delta import Delta, DeltaError, DeltaOutOfRange, Ops

EMOJI = "a😀b"


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        ((), ()),
        ((3,), ()),
        (("a", "b"), ("ab",)),
        ((-1, "a"), ("a", -1)),
        ((-1, "a", -2, "b"), ("ab", -3)),
        ((1, 2, "a", 4), (3, "a")),
        ((1, "", 0, 2, -1), (3, -1)),
        (("a", 1, -1, 1, "b", 2), ("a", 1, -1, 1, "b")),
    ],
)
def test_canonical_has_one_form_per_edit(ops: Ops, expected: Delta) -> None:
    assert delta.canonical(ops) == expected


def test_apply_counts_code_points() -> None:
    assert delta.apply(EMOJI, (2, "x")) == "a😀xb"
    assert delta.apply(EMOJI, (1, -1)) == "ab"


@pytest.mark.parametrize("ops", [(4,), (-4,), (3, -1), (2, "x", 2)])
def test_apply_refuses_to_reach_past_the_end(ops: Ops) -> None:
    with pytest.raises(DeltaOutOfRange):
        delta.apply(EMOJI, ops)
    with pytest.raises(DeltaOutOfRange):
        delta.invert(ops, EMOJI)
    with pytest.raises(DeltaOutOfRange):
        delta.check(ops, len(EMOJI))


def test_lengths_of_a_delta() -> None:
    ops = (2, "abc", -1, 4)
    assert delta.base_length(ops) == 7
    assert delta.growth(ops) == 2
    delta.check(ops, 7)


@pytest.mark.parametrize(
    ("ops", "noop"), [((), True), ((5,), True), (("a",), False), ((-1,), False)]
)
def test_noop_neither_inserts_nor_deletes(ops: Ops, noop: bool) -> None:
    assert delta.is_noop(ops) is noop


def test_invert_brings_back_what_was_deleted() -> None:
    assert delta.invert((1, -1, 1, "xy"), EMOJI) == (1, "😀", 1, -2)


@pytest.mark.parametrize(
    ("pos", "logged", "before", "expected"),
    [
        (2, (2, "LL"), True, 2),
        (2, (2, "LL"), False, 4),
        (2, (1, "LL"), True, 4),
        (2, (3, "LL"), False, 2),
        (0, ("L",), True, 0),
        (0, ("L",), False, 1),
        (3, (1, -4), False, 1),
        (3, (1, "LL", -4), True, 3),
        (5, (1, -2), True, 3),
        (1, (1, -2, "L"), False, 1),
    ],
)
def test_caret_moves_with_the_text(pos: int, logged: Ops, before: bool, expected: int) -> None:
    assert delta.transform_position(pos, logged, before=before) == expected


@pytest.mark.parametrize(
    ("ops", "shape"),
    [
        ((), ("update",)),
        (("a",), ("text_insert", 0, "a")),
        ((3, "a"), ("text_insert", 3, "a")),
        ((-2,), ("text_delete", 0, 2)),
        ((3, -2), ("text_delete", 3, 2)),
        (("a", -2), ("text_edit", ("a", -2))),
        ((3, "a", -2), ("text_edit", (3, "a", -2))),
        ((-1, 1, "b"), ("text_edit", (-1, 1, "b"))),
    ],
)
def test_event_has_the_type_of_its_canonical_form(ops: Delta, shape: delta.EventShape) -> None:
    assert delta.event_shape(ops) == shape
    assert delta.event_type(ops) == shape[0]


def test_insertion_and_deletion_are_canonical() -> None:
    assert delta.insertion(0, "a") == ("a",)
    assert delta.insertion(4, "a") == (4, "a")
    assert delta.insertion(4, "") == ()
    assert delta.deletion(0, 2) == (-2,)
    assert delta.deletion(4, 2) == (4, -2)
    assert delta.deletion(4, 0) == ()


def test_wire_form_reads_back() -> None:
    wire = [{"retain": 2}, {"insert": "😀"}, {"delete": 1}]
    assert delta.from_wire(wire) == (2, "😀", -1)
    assert delta.to_wire((2, "😀", -1)) == wire


def test_from_wire_keeps_order_and_split() -> None:
    wire = [{"delete": 1}, {"delete": 1}, {"insert": "a"}, {"insert": "b"}]
    assert delta.from_wire(wire) == (-1, -1, "a", "b")


def test_from_wire_ignores_unknown_keys() -> None:
    assert delta.from_wire([{"retain": 2**53 - 1, "attributes": {"bold": True}}]) == (2**53 - 1,)


@pytest.mark.parametrize(
    "wire",
    [
        None,
        {"retain": 1},
        "retain",
        [1],
        [[]],
        [{}],
        [{"keep": 1}],
        [{"retain": 1, "delete": 1}],
        [{"retain": 0}],
        [{"retain": -1}],
        [{"retain": True}],
        [{"retain": 1.0}],
        [{"retain": "1"}],
        [{"retain": None}],
        [{"delete": 2**53}],
        [{"insert": ""}],
        [{"insert": 1}],
        [{"insert": b"a"}],
        [{"insert": "a\0b"}],
        [{"insert": "\ud83d"}],
        [{"retain": 1}, {"insert": "\ude00"}],
    ],
)
def test_from_wire_refuses_what_is_not_a_delta(wire: object) -> None:
    with pytest.raises(DeltaError, match="ops"):
        delta.from_wire(wire)


def test_from_wire_names_the_place_of_the_fault() -> None:
    with pytest.raises(DeltaError, match=r"ops\[1\]\.delete"):
        delta.from_wire([{"retain": 1}, {"delete": 0}])
