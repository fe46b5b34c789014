"""Runs: which events are one edit, and that they have its effect."""

from hypothesis import given
from hypothesis import strategies as st

from storage.segments.run import Run, SegmentWriter, merged_runs
from sync.text.delta import Delta, apply, canonical

ANN, BEN = SegmentWriter("a", "Ann", "s1"), SegmentWriter("b", "Ben", "s2")


def runs(*deltas: Delta, writers: list[SegmentWriter] | None = None) -> list[Run]:
    by = writers or [ANN] * len(deltas)
    return list(merged_runs(1, deltas, by, range(100, 100 + len(deltas))))


def test_typing_is_one_run() -> None:
    assert runs((5, "a"), (6, "bc"), (8, "d")) == [
        Run(1, 3, ANN, (5, "abcd"), (1, 2, 1), (100, 101, 102))
    ]


def test_typing_from_the_start_is_one_run() -> None:
    assert [run.ops for run in runs(("a",), (1, "b"))] == [("ab",)]


def test_backspacing_and_deleting_forward_are_one_run() -> None:
    assert [(run.ops, run.lengths) for run in runs((5, -1), (4, -1), (4, -2))] == [
        ((4, -4), (-1, -1, -2))
    ]


def test_backspacing_to_the_start_is_one_run() -> None:
    assert [run.ops for run in runs((1, -1), (-1,))] == [(-2,)]


def test_another_writer_begins_a_run() -> None:
    found = runs((5, "a"), (6, "b"), writers=[ANN, BEN])
    assert [(run.first_version, run.last_version, run.writer) for run in found] == [
        (1, 1, ANN),
        (2, 2, BEN),
    ]


def test_another_place_begins_a_run() -> None:
    assert len(runs((5, "a"), (7, "b"))) == 2
    assert len(runs((5, "a"), (5, "b"))) == 2
    assert len(runs((5, -1), (6, -1))) == 2
    assert len(runs((5, -1), (2, -2))) == 2


def test_edit_of_several_spans_is_a_run_alone() -> None:
    replaced: Delta = (5, "ab", -1)
    found = runs((5, "a"), replaced, (7, "c"), ())
    assert [run.ops for run in found] == [(5, "a"), replaced, (7, "c"), ()]
    assert found[1].lengths == (1,)


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
        writers.append(data.draw(st.sampled_from([ANN, ANN, ANN, BEN])))
        texts.append(text)
    times = list(range(len(deltas)))
    text, version = "0123456789", 0
    for run in merged_runs(1, deltas, writers, times):
        assert run.first_version == version + 1
        size = run.last_version - version
        assert len(run.lengths) == len(run.times) == size
        assert writers[version : version + size] == [run.writer] * size
        grown = apply(text, run.ops)
        assert len(grown) - len(text) == sum(run.lengths)
        text, version = grown, run.last_version
        assert text == texts[version - 1]
    assert version == len(deltas)
