"""`sync.text.composition`: two edits as one."""

from sync.text.composition import chain, chain_all, compose
from sync.text.delta import Ops
from sync.text.rebase import transform


def test_compose_deletes_part_of_what_was_inserted() -> None:
    assert compose((1, "abc"), (2, -1, "X")) == (1, "aXc")


def test_compose_inserts_where_the_first_deleted() -> None:
    assert compose((1, -2), (1, "x")) == (1, "x", -2)


def test_chain_keeps_the_places_of_inserts_that_compose_gives_up() -> None:
    first, second = (-2, "L"), (1, "x")
    mine = (1, "m")
    assert compose(first, second) == ("Lx", -2)
    assert transform(mine, chain(first, second)) == transform(transform(mine, first), second)


def test_chain_of_many_edits_equals_them_one_by_one() -> None:
    edits: list[Ops] = [(1, "a"), (2, -1), ("b",), (4, "c", -1), (-2,)]
    whole = chain_all(edits)
    mine: Ops = (3, "m")
    moved = mine
    for edit in edits:
        moved = transform(moved, edit)
    assert transform(mine, whole) == moved
    assert chain_all([]) == ()
