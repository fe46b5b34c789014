"""sync.yjs.tails: which keystrokes are predicted, where, and what makes a tail be forgotten."""

import pytest

from sync.text.delta import Delta
from sync.yjs.keystroke import TypingDelete, TypingInsert
from sync.yjs.tails import Tail, Tails
from sync.yjs.verdict import Range, Ready
from tests.unit.sync.yjs.update_bytes import A, B

C = 30
FAR = (99, 0)
"""A right origin, of a unit that stays to the right of everything here."""


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def ready(hint: TypingInsert | TypingDelete | None, units: int = 0) -> Ready:
    return Ready(
        authored=(Range(hint.client, hint.clock, hint.clock + units),) if hint else (),
        deletes=(),
        inserted_units=units,
        plain=True,
        pairs=(),
        roots=(),
        text_roots=(),
        types=(),
        remains=(),
        hint=hint,
    )


def typed(
    client: int,
    clock: int,
    text: str,
    *,
    behind: int | None = None,
    right: tuple[int, int] | None = FAR,
) -> Ready:
    """An insert of a client behind its own unit, the one before it unless another is named."""
    origin = (client, clock - 1 if behind is None else behind)
    return ready(TypingInsert(client, clock, origin, right, text), utf16_units(text))


def erased(client: int, clock: int, length: int = 1) -> Ready:
    return ready(TypingDelete(client, clock, length))


def learn(tails: Tails, client: int, clock: int, text: str, at: int) -> None:
    """Have a client's insert at a position followed and remembered."""
    ops: Delta = (at, text) if at else (text,)
    tails.follow(ops)
    tails.remember(TypingInsert(client, clock, (1, 1), FAR, text), utf16_units(text), ops)


def typing(client: int = A, *, clock: int = 5, text: str = "abc", at: int = 10) -> Tails:
    """The tails after one insert; by default clocks 5 to 7 of A at 10 to 13."""
    tails = Tails(8)
    learn(tails, client, clock, text, at)
    return tails


# --- what continues a tail ----------------------------------------------------------------------


def test_insert_behind_the_last_character_is_predicted_there_and_moves_the_tail() -> None:
    tails = typing()
    assert tails.predict(typed(A, 8, "d")) == (13, "d")
    assert tails.predict(typed(A, 9, "ef")) == (14, "ef")
    assert tails.find(A) == Tail(10, FAR, 6)
    assert tails.predict(typed(A, 11, "g")) == (16, "g")


def test_insert_that_continues_after_another_item_of_the_client_begins_a_new_run() -> None:
    tails = typing()
    assert tails.predict(typed(A, 20, "d", behind=7)) == (13, "d")
    assert tails.find(A) == Tail(20, FAR, 1)
    assert tails.predict(erased(A, 20)) is None


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(typed(A, 8, "x", behind=6), id="behind an earlier character"),
        pytest.param(typed(A, 8, "x", right=None), id="with no right origin"),
        pytest.param(typed(A, 8, "x", right=(B, 3)), id="before another character"),
        pytest.param(
            typed(A, 20, "x", behind=7, right=(A, 8)), id="before what was not erased behind it"
        ),
        pytest.param(typed(B, 0, "x"), id="of a client without a tail"),
        pytest.param(ready(None, 1), id="no keystroke"),
    ],
)
def test_what_does_not_continue_a_tail_is_to_be_asked_for_and_changes_nothing(other: Ready) -> None:
    tails = typing()
    assert tails.predict(other) is None
    assert tails.find(A) == Tail(7, FAR, 3)
    assert tails.predict(typed(A, 8, "d")) == (13, "d")


def test_insert_before_the_next_unit_of_the_client_is_predicted() -> None:
    tails = typing()
    assert tails.predict(typed(A, 8, "x")) == (13, "x")
    assert tails.predict(erased(A, 8)) == (13, -1)
    assert tails.predict(typed(A, 20, "d", behind=7, right=(A, 8))) == (13, "d")
    assert tails.find(A) == Tail(20, (A, 8), 1)


def test_pair_is_one_place_and_two_units_and_ends_the_run() -> None:
    tails = typing()
    assert tails.predict(typed(A, 8, "😀")) == (13, "😀")
    assert tails.find(A) == Tail(9, FAR, 0)
    assert tails.predict(erased(A, 9)) is None
    assert tails.predict(typed(A, 10, "e")) == (14, "e")


# --- deletes ------------------------------------------------------------------------------------


def test_backspace_of_the_run_is_predicted_and_moves_the_tail_back() -> None:
    tails = typing()
    assert tails.predict(erased(A, 7)) == (12, -1)
    assert tails.find(A) == Tail(6, FAR, 2)
    assert tails.predict(typed(A, 8, "d", behind=6)) == (12, "d")


def test_delete_of_two_units_is_predicted_as_one() -> None:
    assert typing().predict(erased(A, 6, 2)) == (11, -2)


def test_deltas_at_the_beginning_keep_nothing_before_them() -> None:
    tails = Tails(8)
    learn(tails, A, 0, "ab", 0)
    assert tails.predict(erased(A, 1)) == (1, -1)
    assert tails.predict(typed(A, 2, "c", behind=0)) == (1, "c")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(erased(A, 5, 3), id="all of the run: the origin before it is unknown"),
        pytest.param(erased(A, 6), id="not its end"),
        pytest.param(erased(A, 7, 2), id="past its end"),
        pytest.param(erased(B, 7), id="of a client without a tail"),
    ],
)
def test_delete_that_is_not_the_end_of_the_run_is_to_be_asked_for(other: Ready) -> None:
    tails = typing()
    assert tails.predict(other) is None
    assert tails.find(A) == Tail(7, FAR, 3)


# --- what others do -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        pytest.param((4, "xy"), (15, "d"), id="insert before"),
        pytest.param(("xy",), (15, "d"), id="insert at the beginning"),
        pytest.param((14, "xy"), (13, "d"), id="insert behind"),
        pytest.param((11, "xy"), (15, "d"), id="insert inside the run"),
        pytest.param((4, -3), (10, "d"), id="delete before"),
        pytest.param((8, -3), (10, "d"), id="delete into the run"),
        pytest.param((13, -3), (13, "d"), id="delete right behind"),
        pytest.param((12, -3), (12, "d"), id="delete over the place"),
        pytest.param((2, "x", 3, -2, 9, "y"), (12, "d"), id="several"),
    ],
)
def test_tail_is_moved_by_what_others_do_elsewhere(ops: Delta, expected: Delta) -> None:
    tails = typing()
    tails.follow(ops)
    assert tails.predict(typed(A, 8, "d")) == expected


@pytest.mark.parametrize(
    "ops",
    [
        pytest.param((13, "x"), id="insert there"),
        pytest.param((13, "x", 4, -1), id="insert there and more"),
        pytest.param((11, "x", -4), id="insert somewhere in what was deleted around it"),
    ],
)
def test_tail_is_dropped_by_an_insert_at_its_place(ops: Delta) -> None:
    tails = typing()
    tails.follow(ops)
    assert tails.find(A) is None
    assert tails.predict(typed(A, 8, "d")) is None


@pytest.mark.parametrize(
    ("ops", "run"),
    [
        ((11, "x"), 2),
        ((12, "x", 9, -1), 1),
        ((10, "x"), 3),
        ((9, -1), 3),
        ((10, -1), 0),
        ((12, -1), 0),
    ],
)
def test_run_ends_where_another_wrote_or_deleted_into_it(ops: Delta, run: int) -> None:
    tails = typing()
    tails.follow(ops)
    assert tails.find(A) == Tail(7, FAR, run)


# --- several writers ----------------------------------------------------------------------------


def test_tails_of_several_writers_move_each_other() -> None:
    tails = typing(A, clock=0, text="aaa", at=10)
    learn(tails, B, 0, "bb", 2)
    learn(tails, C, 0, "c", 20)
    assert tails.predict(typed(B, 2, "bb")) == (4, "bb")
    assert tails.predict(typed(A, 3, "a")) == (17, "a")
    assert tails.predict(erased(B, 3)) == (5, -1)
    assert tails.predict(typed(C, 1, "c")) == (23 - 2 + 2 - 1 + 1, "c")
    tails.follow((8, "x"))
    assert tails.predict(typed(B, 4, "b", behind=2)) == (5, "b")
    assert tails.predict(typed(A, 4, "a")) == (19, "a")


def test_of_two_writers_at_one_place_the_one_who_types_stays() -> None:
    tails = typing(A, clock=0, text="aaa", at=10)
    learn(tails, B, 0, "bb", 13)
    assert tails.find(A) is None, "B has written at its place"
    learn(tails, A, 9, "a", 4)
    tails.follow((5, -11))
    assert (tails.find(A), tails.find(B)) == (Tail(9, FAR, 1), Tail(1, FAR, 0))
    assert tails.predict(typed(B, 2, "b")) == (5, "b")
    assert tails.find(A) is None, "what A types next may stand on either side"


def test_of_two_writers_at_one_place_the_first_in_order_may_type_as_well() -> None:
    tails = typing(B, clock=0, text="bb", at=13)
    learn(tails, A, 9, "a", 4)
    tails.follow((5, -11))
    assert tails.predict(typed(A, 10, "a")) == (5, "a")
    assert tails.find(B) is None


def test_writer_who_types_elsewhere_has_one_tail_there() -> None:
    tails = typing()
    learn(tails, A, 8, "z", 2)
    assert tails.find(A) == Tail(8, FAR, 1)
    assert tails.predict(typed(A, 9, "z")) == (3, "z")
    assert tails.predict(typed(A, 8, "d", behind=7)) is None


# --- what is remembered -------------------------------------------------------------------------


def test_oldest_tail_makes_room_for_one_more_than_the_most() -> None:
    tails = Tails(2)
    learn(tails, A, 0, "a", 10)
    learn(tails, B, 0, "b", 20)
    assert tails.predict(typed(A, 1, "a")) == (11, "a")
    learn(tails, C, 0, "c", 30)
    assert tails.find(A) is None
    assert tails.predict(typed(B, 1, "b")) == (22, "b")
    assert tails.predict(typed(C, 1, "c")) == (32, "c")


def test_no_tail_is_remembered_where_none_may_be() -> None:
    tails = Tails(0)
    learn(tails, A, 0, "a", 10)
    assert tails.find(A) is None


@pytest.mark.parametrize(
    "ops",
    [
        pytest.param((), id="nothing to be seen"),
        pytest.param((4, "other"), id="another text"),
        pytest.param((4, "abc", -1), id="a deletion too"),
        pytest.param((4, "x", 5, "abc"), id="two inserts"),
    ],
)
def test_insert_with_another_effect_than_its_text_is_not_remembered(ops: Delta) -> None:
    tails = typing()
    tails.follow(ops)
    tails.remember(TypingInsert(A, 8, (A, 2), FAR, "abc"), 3, ops)
    assert tails.find(A) is None


def test_cleared_tails_are_forgotten() -> None:
    tails = typing()
    tails.clear()
    assert tails.find(A) is None
    learn(tails, B, 0, "b", 3)
    assert tails.predict(typed(B, 1, "b")) == (4, "b")
