"""Many deltas at once have the effect of one after the other."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.text import replay as replaying
from sync.text.delta import Delta, DeltaOutOfRange, apply, canonical
from sync.text.replay import replay


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "_PIECE_CHARS", 3)


@given(st.text(max_size=30), st.data())
def test_replay_is_apply_one_by_one(text: str, data: st.DataObject) -> None:
    length, deltas = len(text), list[Delta]()
    for _ in range(data.draw(st.integers(0, 12))):
        ops: list[int | str] = []
        left = length
        for _ in range(data.draw(st.integers(1, 3))):
            kept = data.draw(st.integers(0, left))
            deleted = data.draw(st.integers(0, min(left - kept, 9)))
            ops += [kept, data.draw(st.text(max_size=12)), -deleted]
            left -= kept + deleted
        delta = canonical(ops)
        deltas.append(delta)
        length += sum(len(op) if isinstance(op, str) else min(op, 0) for op in delta)
    assert replay(text, deltas) == reduce(apply, deltas, text)


@pytest.mark.parametrize("delta", [(5, "x"), (4, -1), (-5,), (2, -1, 2, "x"), (9, -1)])
def test_delta_past_the_end_is_told(delta: Delta) -> None:
    with pytest.raises(DeltaOutOfRange):
        apply("abcd", delta)
    with pytest.raises(DeltaOutOfRange):
        replay("abcd", [delta])


def test_text_that_was_emptied_is_filled_again() -> None:
    assert replay("abcdefgh", [(-8,), ("x",), (1, "yz"), (-3,), ("end",)]) == "end"
