"""Runs: which events are one edit, and that they have its effect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.segments.run import Edit, Kind, edits_of
from sync.text.delta import Delta, apply, canonical


def runs(*deltas: Delta, writers: list[int] | None = None) -> list[Edit]:
    return edits_of(deltas, writers or [0] * len(deltas))


def test_typing_is_one_run() -> None:
    (run,) = runs((5, "a"), (6, "bc"), (8, "d"))
    assert run == Edit(Kind.TYPING, 0, 5, "abcd", (1, 2, 1))
    assert (run.composed(), run.lengths(), run.end) == ((5, "abcd"), (1, 2, 1), 9)


def test_typing_from_the_start_is_one_run() -> None:
    assert [run.composed() for run in runs(("a",), (1, "b"))] == [("ab",)]


def test_backspacing_and_deleting_forward_are_one_run() -> None:
    (run,) = runs((5, -1), (4, -1), (4, -2))
    assert run == Edit(Kind.DELETING, 0, 6, "", (-1, -1, 2))
    assert (run.composed(), run.lengths(), run.end) == ((4, -4), (-1, -1, -2), 4)


def test_backspacing_to_the_start_is_one_run() -> None:
    assert [run.composed() for run in runs((1, -1), (-1,))] == [(-2,)]


def test_deletion_after_typing_begins_at_the_caret() -> None:
    assert [run.steps for run in runs((5, "ab"), (6, -1))] == [(2,), (-1,)]
    assert [run.steps for run in runs((5, "ab"), (7, -1))] == [(2,), (1,)]


def test_another_writer_begins_a_run() -> None:
    found = runs((5, "a"), (6, "b"), writers=[0, 1])
    assert [(run.writer, run.text) for run in found] == [(0, "a"), (1, "b")]


def test_another_place_begins_a_run() -> None:
    assert len(runs((5, "a"), (7, "b"))) == 2
    assert len(runs((5, "a"), (5, "b"))) == 2
    assert len(runs((5, -1), (6, -1))) == 2
    assert len(runs((5, -1), (2, -2))) == 2


def test_deletion_on_both_sides_of_the_caret_begins_a_run() -> None:
    assert len(runs((5, -1), (4, -2))) == 2


def test_edit_of_several_spans_is_a_run_alone() -> None:
    replaced: Delta = (5, "ab", -1)
    found = runs((5, "a"), replaced, (7, "c"), ())
    assert [run.composed() for run in found] == [(5, "a"), replaced, (7, "c"), ()]
    assert found[1].lengths() == (1,)
    assert found[1].end == 7


@pytest.mark.parametrize("odd", [(0, "a"), (5, ""), ("",), (5,), (0,), (-1, "a"), ("a", "b")])
def test_delta_that_is_not_canonical_stays_as_it_is(odd: Delta) -> None:
    (run,) = runs(odd)
    assert run.deltas() == [odd]


def test_part_of_a_run_is_a_run() -> None:
    (typed,) = runs((5, "a"), (6, "bc"), (8, "d"))
    assert typed.part(1, 3) == Edit(Kind.TYPING, 0, 6, "bcd", (2, 1))
    (deleted,) = runs((5, -1), (4, -1), (4, -2))
    assert deleted.part(1, 2) == Edit(Kind.DELETING, 0, 5, "", (-1,))
    assert deleted.part(2, 3).deltas() == [(4, -2)]


@given(st.data())
def test_runs_have_the_effect_of_their_events(data: st.DataObject) -> None:
    text, deltas, writers, texts = "0123456789", [], [], []
    caret = 5
    for _ in range(data.draw(st.integers(1, 25))):
        caret = min(max(caret + data.draw(st.sampled_from([0, 0, 0, -1, 1])), 0), len(text))
        change = data.draw(
            st.sampled_from(["x", "yz", "é😀", "back", "forward", "replace", "none"])
        )
        ops: list[int | str] = [caret]
        if change == "back" and caret:
            ops = [caret - 1, -1]
        elif change == "forward" and caret < len(text):
            ops = [caret, -1]
        elif change == "replace" and caret < len(text):
            ops = [caret, "r", -1]
        elif change in ("x", "yz", "é😀"):
            ops = [caret, change]
        delta = canonical(ops)
        text = apply(text, delta)
        caret = delta[0] if delta and isinstance(delta[0], int) and delta[0] > 0 else 0
        caret += sum(len(op) for op in delta if isinstance(op, str))
        deltas.append(delta)
        writers.append(data.draw(st.sampled_from([0, 0, 0, 1])))
        texts.append(text)
    text, version = "0123456789", 0
    for run in edits_of(deltas, writers):
        stop = version + run.size
        assert run.deltas() == deltas[version:stop]
        assert writers[version:stop] == [run.writer] * run.size
        grown = apply(text, run.composed())
        assert len(grown) - len(text) == sum(run.lengths())
        text, version = grown, stop
        assert text == texts[version - 1]
    assert version == len(deltas)
