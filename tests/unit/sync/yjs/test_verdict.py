"""sync.yjs.verdict: what a verdict of Ready says of deletions."""

from sync.yjs.gate import KnownState, inspect
from tests.unit.sync.yjs.test_gate import ABC, ready
from tests.unit.sync.yjs.update_bytes import A, block, delete, string, update


def test_ready_says_whether_it_deletes_also_where_all_is_deleted_already() -> None:
    gone = update(deletes=delete(A, (0, 1)))
    state = ABC.copy()
    for _ in range(2):
        verdict = ready(inspect(gone, state))
        assert verdict.has_deletes
        state.advance(verdict)
    assert not ready(inspect(update(block(A, 0, string("a"))), KnownState())).has_deletes
