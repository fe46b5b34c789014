"""Laws of the delta algebra, of positions and of text differences, over texts of many scripts.

Invariants, in words:

1. A delta and its canonical form give the same text; the canonical form is one of its kind.
2. Composing two deltas is applying both; inverting one brings the text before it back.
3. Two edits of one text converge, whichever is logged first: the text by (logged, then mine
   transformed over it) equals the text by (mine, then logged transformed with its text first).
4. Rebasing over a whole log gives what a list of tombstones gives that never forgets a place.
5. Rebasing over a log does not depend on how it is done: step by step with `transform`, by
   `rebase`, or over the log composed without losing places (`chain`).
   This does *not* hold over `compose`, which is canonical: an insert that it moves to the front of
   a deleted range has another place. `test_compose_is_not_for_rebasing` pins the smallest case.
6. A caret pushed by inserts stands where an own insert lands; one that is not, at most as far.
7. UTF-16 conversion is exact for each delta, and `apply(old, diff(old, new)) == new`.

Planted bugs (mutants), each seen to fail a test here:
- rebase: canonical form taken of mine at the start, or between two steps; a logged insert at the
  end of mine skipped as clear of it; a logged delete that reaches into mine taken as in front of
  it; a logged edit that ends one code point inside mine taken as in front of it
- transform: my text first at a tie; logged text inside my delete deleted; what is deleted already
  deleted again; a logged retain counted short; my insert moved in front of my delete
- composing: an insert put behind a deleted range; the wrong part of an insert kept; its rest lost
- invert: a place counted one too far; canonical: delete in front of insert
- caret: ties swapped, or ended too early; moved by more than was deleted in front of it
- UTF-16: a cut inside a pair below U+50000 not seen; all but the first count converted
- diff: diagonals swapped on the way back

Not caught here, but by the unit tests: the common end of two words overlapping their common start;
an empty range of a unified hunk named by the wrong line.
"""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.text import delta
from sync.text.composition import chain_all, compose
from sync.text.delta import Delta, DeltaOutOfRange, Ops
from sync.text.position import delta_from_utf16, delta_to_utf16, to_codepoints, to_utf16
from sync.text.rebase import rebase, transform
from sync.text.textdiff import diff, unified_diff

LAWS = settings(max_examples=60, deadline=None)
HARD_LAWS = settings(max_examples=100, deadline=None)

# Latin, a combining acute, CJK, characters outside the BMP, joiners, and line ends.
TEXTS = st.text(alphabet="ab \n\u0301é日本😀👩\u200d🎉", max_size=12)
INSERTS = st.text(alphabet="xy\n\u0301語🎈", min_size=1, max_size=3)
WORDS = st.sampled_from(
    ["the ", "cat ", "日本", "😀 ", "\n", "e\u0301 ", ", ", "a\n", "sat ", "aa ", "aaaa ", ""]
)


@st.composite
def versions(draw: st.DrawFn) -> tuple[str, str]:
    """Draw two texts that share most of their words, as two versions of a document do."""
    words = draw(st.lists(st.tuples(WORDS, st.none() | st.none() | WORDS), max_size=25))
    old = "".join(word for word, _ in words)
    return old, "".join(word if other is None else other for word, other in words)


@st.composite
def ops_for(draw: st.DrawFn, length: int) -> Delta:
    """Draw raw ops that fit a text of `length`: any order and any split, as a peer may send it."""
    ops: list[int | str] = []
    left = length
    for _ in range(draw(st.integers(0, 7))):
        kinds = ["insert", "retain", "delete"] if left else ["insert"]
        kind = draw(st.sampled_from(kinds))
        if kind == "insert":
            ops.append(draw(INSERTS))
        else:
            count = draw(st.integers(1, min(left, 4)))
            left -= count
            ops.append(count if kind == "retain" else -count)
    return tuple(ops)


@st.composite
def keystrokes(draw: st.DrawFn, length: int) -> Delta:
    """Draw one insert or one delete, as most logged deltas are; `rebase` has a fast path for it."""
    pos = draw(st.integers(0, length))
    if pos == length or draw(st.booleans()):
        return delta.insertion(pos, draw(INSERTS))
    return delta.deletion(pos, draw(st.integers(1, min(length - pos, 4))))


@st.composite
def edited_texts(draw: st.DrawFn) -> tuple[str, Delta, Delta]:
    """Draw a text and two edits of it, by two people at once."""
    text = draw(TEXTS)
    return text, draw(ops_for(len(text))), draw(ops_for(len(text)))


@st.composite
def logs(draw: st.DrawFn) -> tuple[str, Delta, list[Delta]]:
    """Draw a text, one edit of it, and a log of edits that follow one another from the same text.

    Logged deltas are mostly canonical, as the server's are; the laws hold for raw ones too.
    """
    text = draw(TEXTS)
    mine = draw(ops_for(len(text)))
    log: list[Delta] = []
    length = len(text)
    for _ in range(draw(st.integers(0, 6))):
        step = draw(st.one_of(keystrokes(length), ops_for(length)))
        log.append(step if draw(st.booleans()) else delta.canonical(step))
        length += delta.growth(step)
    return text, mine, log


def apply_all(text: str, log: list[Delta]) -> str:
    for step in log:
        text = delta.apply(text, step)
    return text


class Tombstones:
    """A text as cells that are never removed: the oracle that transform is held to.

    A cell is a code point or an insert of mine that waits at its place. Logged edits walk over the
    code points that they have not deleted; their text goes right behind the last one they passed,
    and so in front of whatever of mine, and of deleted ranges, follows there.
    """

    def __init__(self, text: str, mine: Ops) -> None:
        self._cells: list[dict[str, object]] = []
        at = 0
        for op in mine:
            if isinstance(op, str):
                self._cells.append({"mine": op})
                continue
            for char in text[at : at + abs(op)]:
                self._cells.append({"char": char, "unwanted": op < 0})
            at += abs(op)
        self._cells += ({"char": char, "unwanted": False} for char in text[at:])

    def log(self, ops: Ops) -> None:
        cursor = 0  # right behind the last code point passed
        for op in ops:
            if isinstance(op, str):
                self._cells[cursor:cursor] = [{"char": char, "unwanted": False} for char in op]
                cursor += len(op)
                continue
            for _ in range(abs(op)):
                while "char" not in self._cells[cursor] or "gone" in self._cells[cursor]:
                    cursor += 1
                if op < 0:
                    self._cells[cursor]["gone"] = True
                cursor += 1

    def rebased(self) -> Delta:
        ops: list[int | str] = []
        for cell in self._cells:
            if "mine" in cell:
                ops.append(str(cell["mine"]))
            elif "gone" not in cell:
                ops.append(-1 if cell["unwanted"] else 1)
        return delta.canonical(ops)


def transform_first(logged: Ops, mine: Ops) -> Delta:
    """The other side of `transform`: `logged` over `mine`, its text still in front of mine.

    Written by gaps, on purpose unlike `transform`: gap g is in front of code point g.
    """
    inserts_logged, deleted_logged = by_gap(logged)
    inserts_mine, deleted_mine = by_gap(mine)
    ops: list[int | str] = []
    reach = max(delta.base_length(logged), delta.base_length(mine))
    for gap in range(reach + 1):
        ops += inserts_logged.get(gap, [])
        ops += (len(text) for text in inserts_mine.get(gap, []))
        if gap not in deleted_mine:
            ops.append(-1 if gap in deleted_logged else 1)
    while ops and isinstance(ops[-1], int) and ops[-1] > 0:
        ops.pop()
    return tuple(ops)


def by_gap(ops: Ops) -> tuple[dict[int, list[str]], set[int]]:
    inserts: dict[int, list[str]] = {}
    deleted: set[int] = set()
    at = 0
    for op in ops:
        if isinstance(op, str):
            inserts.setdefault(at, []).append(op)
            continue
        if op < 0:
            deleted.update(range(at, at - op))
        at += abs(op)
    return inserts, deleted


@LAWS
@given(edited_texts())
def test_canonical_form_gives_the_same_text(drawn: tuple[str, Delta, Delta]) -> None:
    text, ops, _ = drawn
    form = delta.canonical(ops)
    assert delta.apply(text, form) == delta.apply(text, ops)
    assert delta.canonical(form) == form
    assert delta.growth(form) == delta.growth(ops) == len(delta.apply(text, ops)) - len(text)
    assert delta.base_length(form) <= delta.base_length(ops)
    assert delta.is_noop(ops) is (form == ())
    kinds = ["insert" if isinstance(op, str) else "retain" if op > 0 else "delete" for op in form]
    assert kinds[-1:] != ["retain"]
    allowed = {("retain", "insert"), ("retain", "delete"), ("insert", "delete")}
    allowed |= {("insert", "retain"), ("delete", "retain")}
    assert set(pairwise(kinds)) <= allowed


@LAWS
@given(edited_texts())
def test_invert_brings_the_text_back(drawn: tuple[str, Delta, Delta]) -> None:
    text, ops, _ = drawn
    assert delta.apply(delta.apply(text, ops), delta.invert(ops, text)) == text


@LAWS
@given(st.data())
def test_compose_is_applying_both(data: st.DataObject) -> None:
    text = data.draw(TEXTS)
    first = data.draw(ops_for(len(text)))
    middle = delta.apply(text, first)
    second = data.draw(ops_for(len(middle)))
    end = delta.apply(middle, second)
    third = data.draw(ops_for(len(end)))
    both = compose(first, second)
    assert delta.apply(text, both) == end
    assert compose(both, third) == compose(first, compose(second, third))
    assert delta.apply(text, compose(first, delta.invert(first, text))) == text


@HARD_LAWS
@given(edited_texts())
def test_two_edits_converge_whichever_is_logged_first(drawn: tuple[str, Delta, Delta]) -> None:
    text, mine, logged = drawn
    by_log = delta.apply(delta.apply(text, logged), transform(mine, logged))
    by_me = delta.apply(delta.apply(text, mine), transform_first(logged, mine))
    assert by_log == by_me


@HARD_LAWS
@given(logs())
def test_rebase_gives_what_tombstones_give(drawn: tuple[str, Delta, list[Delta]]) -> None:
    text, mine, log = drawn
    oracle = Tombstones(text, mine)
    for step in log:
        oracle.log(step)
    assert rebase(mine, log) == oracle.rebased()
    delta.check(rebase(mine, log), len(apply_all(text, log)))


@HARD_LAWS
@given(logs())
def test_rebase_does_not_depend_on_how_it_is_done(drawn: tuple[str, Delta, list[Delta]]) -> None:
    _, mine, log = drawn
    stepwise: Ops = mine
    for step in log:
        stepwise = transform(stepwise, step)
    assert rebase(mine, log) == delta.canonical(stepwise)
    assert delta.canonical(transform(mine, chain_all(log))) == delta.canonical(stepwise)


def test_compose_is_not_for_rebasing() -> None:
    logged: list[Delta] = [(1, "L"), (-1,)]
    assert rebase(("m",), logged) == ("m",)
    assert rebase(("m",), [compose(*logged)]) == (1, "m")


@LAWS
@given(logs())
def test_raw_edits_on_one_base_stay_apart_from_their_canonical_form(
    drawn: tuple[str, Delta, list[Delta]],
) -> None:
    # The rest of the promise: without anybody's insert to order against, order means nothing.
    _, mine, log = drawn
    deletes = [tuple(op for op in step if not isinstance(op, str)) for step in log[:1]]
    assert rebase(mine, deletes) == rebase(delta.canonical(mine), deletes)


@LAWS
@given(edited_texts(), st.integers(0, 12))
def test_caret_stands_where_an_own_insert_lands(
    drawn: tuple[str, Delta, Delta], place: int
) -> None:
    text, logged, _ = drawn
    place = min(place, len(text))
    pushed = delta.transform_position(place, logged, before=False)
    stays = delta.transform_position(place, logged, before=True)
    assert rebase(delta.insertion(place, "m"), [logged]) == delta.insertion(pushed, "m")
    assert stays == pushed - sum(map(len, by_gap(logged)[0].get(place, [])))


@LAWS
@given(edited_texts())
def test_wire_form_reads_back(drawn: tuple[str, Delta, Delta]) -> None:
    _, ops, _ = drawn
    assert delta.from_wire(delta.to_wire(ops)) == ops


@LAWS
@given(edited_texts())
def test_utf16_conversion_is_exact(drawn: tuple[str, Delta, Delta]) -> None:
    text, ops, _ = drawn
    utf16 = delta_to_utf16(ops, text)
    assert delta_from_utf16(utf16, text) == ops
    assert _apply_utf16(text, utf16) == delta.apply(text, ops)
    borders = {to_utf16(text, at): at for at in range(len(text) + 1)}
    for offset in range(len(text.encode("utf-16-le")) // 2 + 2):
        if offset in borders:
            assert to_codepoints(text, offset) == borders[offset]
        else:
            with pytest.raises(DeltaOutOfRange):
                to_codepoints(text, offset)


def _apply_utf16(text: str, ops: Ops) -> str:
    units, at, out = text.encode("utf-16-le"), 0, b""
    for op in ops:
        if isinstance(op, str):
            out += op.encode("utf-16-le")
            continue
        if op > 0:
            out += units[2 * at : 2 * (at + op)]
        at += abs(op)
    return (out + units[2 * at :]).decode("utf-16-le")


@LAWS
@given(versions())
def test_diff_makes_the_new_text_out_of_the_old(drawn: tuple[str, str]) -> None:
    old, new = drawn
    ops = diff(old, new)
    assert delta.apply(old, ops) == new
    assert delta.canonical(ops) == ops
    assert (ops == ()) is (old == new)


@LAWS
@given(versions())
def test_unified_diff_applies(drawn: tuple[str, str]) -> None:
    old, new = drawn
    assert _patch(old, unified_diff(old, new, "old", "new")) == new


def _patch(old: str, unified: str) -> str:
    """Apply a unified diff as `patch` does, holding each line against the text."""
    lines = unified.split("\n")[2:-1] if unified else []
    source = [f"{line}\n" for line in old.split("\n")]
    source[-1] = source[-1][:-1]
    out, at = "", 0
    for index, line in enumerate(lines):
        if line.startswith("@@"):
            start, _, count = line.split()[1][1:].partition(",")
            begin = int(start) - (count != "0")
            out += "".join(source[at:begin])
            at = begin
            continue
        if line.startswith("\\"):
            continue
        ended = not lines[index + 1].startswith("\\") if index + 1 < len(lines) else True
        content = line[1:] + ("\n" if ended else "")
        if line[0] != "+":
            assert source[at] == content
            at += 1
        if line[0] != "-":
            out += content
    return out + "".join(source[at:])
