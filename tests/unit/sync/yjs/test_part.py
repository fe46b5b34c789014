"""sync.yjs.part: what of an update can be taken while some clients' new structs cannot."""

from sync.yjs.gate import KnownState, inspect
from sync.yjs.part import present, reachable, take_part
from sync.yjs.update import parse_update
from sync.yjs.verdict import Range
from tests.unit.sync.yjs.test_gate import ready
from tests.unit.sync.yjs.update_bytes import A, B, block, delete, string, update

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


def test_deletions_end_at_the_clocks() -> None:
    deletes = [Range(A, 0, 3), Range(A, 5, 6), Range(B, 0, 1)]
    assert present(deletes, {A: 2}) == [Range(A, 0, 2)]
