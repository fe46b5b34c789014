"""`sync.text.rebase`: the place of an edit among logged ones."""

import pytest

from sync.text.delta import Delta, Ops, canonical
from sync.text.rebase import rebase, transform


@pytest.mark.parametrize(
    ("mine", "logged", "expected"),
    [
        # Both insert at one place: the logged text comes first.
        ((2, "m"), (2, "L"), (3, "m")),
        (("m",), ("L",), (1, "m")),
        # A delete before, around and behind.
        ((4, "m"), (1, -2), (2, "m")),
        ((2, "m"), (1, -2), (1, "m")),
        ((1, "m"), (2, -2), (1, "m")),
        # What is gone already is not deleted again.
        ((1, -3), (2, -3), (1, -1)),
        ((2, -1), (1, -3), (1,)),
        # Text inserted inside a range that I delete survives.
        ((-4,), (2, "LL"), (-2, 2, -2)),
        # The place of an insert beside a delete of mine decides on which side of theirs it lands.
        ((-2, "m"), (1, "L"), (-1, 1, -1, "m")),
        ((-2, "m"), (2, "L"), (-2, 1, "m")),
        (("m", -2), (2, "L"), ("m", -2)),
        (("m", -2), (1, "L"), ("m", -1, 1, -1)),
        (("m", -2), ("L",), (1, "m", -2)),
        # Two inserts of mine meet where the text between them went, and keep their order.
        (("a", 1, "b"), (-1,), ("a", "b")),
        (("a", -1, "b"), (-1, "L"), ("a", 1, "b")),
        # One logged delete spans several of my spans.
        ((1, "a", 1, -2, "b", 2, "c"), (-6,), ("a", "b", "c")),
    ],
)
def test_transform_keeps_places(mine: Ops, logged: Ops, expected: Delta) -> None:
    assert transform(mine, logged) == expected


def test_rebase_does_not_reorder_spans_between_steps() -> None:
    # N stands behind the range that is deleted, and so before my text; had the first step put my
    # text in front of what is left to delete, it would come before N.
    assert rebase((-2, "m"), [(1, "L"), (3, "N")]) == (-1, 1, -1, 1, "m")


def test_rebase_over_nothing_is_canonical() -> None:
    assert rebase((-2, "m", 4), []) == ("m", -2)
    assert rebase((3,), [("x",)]) == ()


def test_rebase_of_what_others_deleted_is_empty() -> None:
    assert rebase((1, -1), [(1, -1), (1, "x")]) == ()


def test_rebase_of_many_spans_equals_rebase_of_each_step() -> None:
    mine: Delta = tuple(op for i in range(100) for op in (3, str(i), -1))
    logged: list[Delta] = [(i * 7 % 300, "xy", -1) if i % 3 else (i + 1, -2) for i in range(90)]
    steps: Ops = mine
    for step in logged:
        steps = transform(steps, step)
    assert rebase(mine, logged) == canonical(steps)
