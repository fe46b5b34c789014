"""The columns of a playback say what the events did, and nothing else."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.service.playback_reader import encode_playback
from sync.event_origin import origin_of
from sync.text.authored import AuthoredDeltas, TextWriter
from sync.text.delta import Delta, canonical

WRITERS = [
    TextWriter("a", "Ada", "9f1c"),
    TextWriter("a", "Ada", "77b1"),
    TextWriter("b", "Ben", "http-1"),
    TextWriter("a", "Ada", "restore-3-aa"),
    TextWriter("a", "Ada L.", "9f1d"),
]
COLORS = {"a": "#111111", "b": "#222222"}

spans = st.one_of(st.integers(1, 9), st.integers(-9, -1), st.text(min_size=1, max_size=3))
deltas = st.lists(spans, max_size=6).map(canonical)
events = st.lists(st.tuples(deltas, st.integers(0, 4), st.integers(0, 99)), max_size=12)


def decoded(page: dict[str, Any]) -> Iterator[Delta]:
    """Read the spans as a page does."""
    at = 0
    for one in page["ops"]:
        ops: list[int | str] = []
        for retain, deleted, inserted in [one] if one and isinstance(one[0], int) else one:
            ops += [retain, page["text"][at : at + inserted], -deleted]
            at += inserted
        yield canonical(ops)
    assert at == len(page["text"])


@given(events)
def test_page_is_what_the_events_were(written: list[tuple[Delta, int, int]]) -> None:
    found = AuthoredDeltas(
        4,
        WRITERS,
        [writer for _, writer, _ in written],
        [at_ms for _, _, at_ms in written],
        [delta for delta, _, _ in written],
    )
    page = encode_playback(found, COLORS)
    assert (page["from"], page["to"]) == (4, 4 + len(written))
    assert list(decoded(page)) == list(found.ops)
    assert list(accumulate(page["at"])) == list(found.at_ms)
    indexes = [index for index, count in page["writer"] for _ in range(count)]
    assert [page["writers"][index] for index in indexes] == [
        {
            "actor": {"id": WRITERS[writer].actor_id, "name": WRITERS[writer].actor_name},
            "color": COLORS[WRITERS[writer].actor_id],
            "origin": origin_of(WRITERS[writer].session),
        }
        for writer in found.writer
    ]


def test_columns_are_short() -> None:
    found = AuthoredDeltas(
        0, WRITERS, [0, 1, 2, 3], [50, 60, 55, 55], [("Hi",), (2, "!"), (), (1, -1, 1, "?")]
    )
    page = encode_playback(found, COLORS)
    assert page["ops"] == [[0, 0, 2], [2, 0, 1], [], [[1, 1, 0], [1, 0, 1]]]
    assert page["text"] == "Hi!?"
    assert page["at"] == [50, 10, -5, 0]
    # Two sessions of one person are one writer; another door or name is another.
    assert page["writer"] == [[0, 2], [1, 1], [2, 1]]
    assert len(page["writers"]) == 4
