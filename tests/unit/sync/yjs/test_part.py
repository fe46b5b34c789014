"""sync.yjs.part: what of an update can be taken while some clients' new structs cannot."""

import pytest

from sync.yjs.gate import KnownState, inspect
from sync.yjs.part import close_gaps, present, reachable, take_new, take_part
from sync.yjs.update import parse_update
from sync.yjs.verdict import Range
from tests.unit.sync.room.driven_room import Editor
from tests.unit.sync.yjs.test_gate import ready
from tests.unit.sync.yjs.update_bytes import A, B, block, delete, item, string, update

BOTH = update(
    block(B, 0, string("own"), string("on", (A, 1))),
    block(A, 0, string("ab")),
    deletes=delete(A, (0, 1)),
)
"""B's first string stands alone; its second builds on A's."""


def test_reach_ends_before_the_first_struct_that_builds_on_what_is_left_out() -> None:
    parsed = parse_update(BOTH)
    assert reachable(parsed, {}, frozenset({A})) == {B: 3, A: 0}
    assert reachable(parsed, {}, frozenset()) == {B: 5, A: 2}
    assert reachable(parsed, {A: 2}, frozenset({A})) == {B: 5, A: 2}


def test_part_has_the_structs_in_reach_and_the_deletions_of_what_is_there_then() -> None:
    parsed = parse_update(BOTH)
    deletes = [Range(A, 0, 1)]
    alone = take_part(BOTH, deletes, reachable(parsed, {}, frozenset({A})), {})
    assert alone == update(block(B, 0, string("own")))
    verdict = ready(inspect(alone, KnownState()))
    assert (verdict.authored, verdict.deletes) == ((Range(B, 0, 3),), ())
    whole = take_part(BOTH, deletes, reachable(parsed, {}, frozenset()), {})
    assert ready(inspect(whole, KnownState())).deletes == (Range(A, 0, 1),)


def skip(units: int) -> bytes:
    return bytes((10, units))


GAP = update(
    block(B, 0, string("own")),
    block(A, 0, string("ab"), skip(1), string("d", (A, 2)), skip(2), string("g", (A, 5))),
    deletes=delete(A, (1, 1)),
)


@pytest.mark.parametrize(
    ("have", "start", "missing"),
    [(0, 0, {A: 3}), (2, 0, {A: 3}), (3, 3, {A: 6}), (5, 3, {A: 6}), (6, 6, {}), (7, 6, {})],
)
def test_part_without_gaps_goes_on_from_the_log(
    have: int, start: int, missing: dict[int, int]
) -> None:
    closed = close_gaps(GAP, {A: have})
    assert closed is not None
    part, rest = closed
    parsed = parse_update(part)
    assert [span[:2] for span in parsed.spans] == [(B, 0), (A, start)]
    assert (rest, parsed.deletes) == (missing, [(A, 1, 2)])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(BOTH, id="whole"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\1\1\5\0\x0b", id="damaged"),
        pytest.param(b"\1\1\5\0\x0a\5\0", id="a gap that nothing follows"),
    ],
)
def test_update_without_gaps_has_no_such_part(data: bytes) -> None:
    assert close_gaps(data, {}) is None


def test_deletions_end_at_the_clocks() -> None:
    deletes = [Range(A, 0, 3), Range(A, 5, 6), Range(B, 0, 1)]
    assert present(deletes, {A: 2}) == [Range(A, 0, 2)]


HEAD = update(block(A, 0, string("ab")), block(B, 0, string("x", (A, 0), (A, 1))))
"""What the log has before something is sent with it again."""
VALUES = b"\x88" + bytes((A, 1)) + b"\x03\x7e\x7d\x05\x77\x01v"
"""Three values (null, 5, "v") after A's second unit."""


@pytest.mark.p5
@pytest.mark.parametrize(
    ("sent", "new"),
    [
        (block(A, 0, string("ab"), string("c", (A, 1))), block(A, 2, string("c", (A, 1)))),
        (block(A, 0, string("abc")), block(A, 2, string("c", (A, 1)))),
        (block(A, 1, string("z😀", (B, 0))), block(A, 2, string("😀", (A, 1)))),
        (
            block(B, 0, string("xyz", (A, 0), (A, 1))),
            block(B, 1, string("yz", (B, 0), (A, 1))),
        ),
        (block(B, 0, string("xyz", None, (A, 1))), block(B, 1, string("yz", (B, 0), (A, 1)))),
        (block(A, 0, b"\0\x05"), block(A, 2, b"\0\x03")),
        (block(A, 0, item(1, b"\x05")), block(A, 2, b"\x81" + bytes((A, 1)) + b"\x03")),
        (block(A, 1, VALUES), block(A, 2, b"\x88" + bytes((A, 1)) + b"\x02\x7d\x05\x77\x01v")),
        (block(A, 0, string("xy")), b""),
    ],
)
def test_what_the_log_has_already_is_left_out(sent: bytes, new: bytes) -> None:
    whole = update(sent, deletes=delete(A, (0, 1)))
    rest = take_new(whole, {A: 2, B: 1})
    assert rest == update(*([new] if new else []), deletes=delete(A, (0, 1)))
    states = []
    for each in (whole, rest):
        editor = Editor(1)
        editor.apply(HEAD)
        editor.apply(each)
        states.append(editor.doc.get_update())
    assert states[0] == states[1]


def test_what_is_new_alone_stays_as_it_is() -> None:
    assert take_new(BOTH, {}) == BOTH
