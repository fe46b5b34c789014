"""sync.yjs.origins: which new structs stand between two units that never were neighbours.

Mutants seen caught here: each of the three orders not asked for; an origin at an end of the text
let pass; one of the equalities not known; the units of a run with the origin of their struct; a
mark under a high client id; the order looked up without the update itself; a keystroke not looked
at; a unit at a time for thousands.
"""

from itertools import permutations
from typing import Any

import pytest
from pycrdt import Doc, Text

from sync.yjs import origins
from sync.yjs.gate import KnownState, Malformed, Ready, inspect, inspect_logged
from sync.yjs.origins import CrossedError, check_origins
from sync.yjs.place import CONTENT
from sync.yjs.replica import Replica
from sync.yjs.varint import LOWEST_CLIENT, MAX_LOWEST_CLOCK
from tests.unit.sync.yjs.update_bytes import A, B, block, delete, item, string, update

C, D = 30, 40
Unit = tuple[int, int]


class Written:
    """A replica and what is known of it; nothing is verified before it is taken."""

    def __init__(self, *updates: bytes) -> None:
        self.known, self.replica = KnownState(), Replica(1)
        for each in updates:
            verdict = inspect(each, self.known)
            assert isinstance(verdict, Ready), verdict
            self.replica.apply(each, verdict, is_logged=True)
            self.known.advance(verdict)

    def takes(self, new: bytes) -> bool:
        """Whether an update passes; nothing is changed by that."""
        verdict = inspect(new, self.known)
        assert isinstance(verdict, Ready), verdict
        state = self.replica.state()
        try:
            check_origins(self.replica, self.known, new, verdict, CONTENT, "content")
        except CrossedError:
            return False
        finally:
            assert self.replica.state() == state
        return True

    def takes_between(self, left: Unit | None, right: Unit | None) -> bool:
        """Whether a unit passes there: as a keystroke, and as one of several structs."""
        one = string("x", left, right)
        alone = self.takes(update(block(D, 0, one)))
        together = self.takes(update(block(D, 0, one, string("y", (D, 0), right))))
        assert alone == together
        return alone

    def taken(self, units: list[Unit]) -> set[tuple[Unit | None, Unit | None]]:
        """All pairs of units, and of ends, between which a unit passes."""
        pairs = permutations([None, *units], 2)
        return {pair for pair in pairs if self.takes_between(*pair)}


def gaps(units: list[Unit]) -> set[tuple[Unit | None, Unit | None]]:
    """The gaps of a text, in which units stand side by side."""
    return set(zip([None, *units], [*units, None], strict=True))


def typed(words: str = "abcd") -> bytes:
    return update(block(A, 0, string(words)))


@pytest.mark.parametrize(
    "deletes", [b"\0", delete(A, (1, 2)), delete(A, (0, 4))], ids=["shown", "inner", "all"]
)
def test_run_has_gaps_between_its_units_and_behind_each_deleted_or_not(deletes: bytes) -> None:
    """Who wrote at the end may not have had the rest of the run."""
    written = Written(typed(), update(deletes=deletes))
    units: list[Unit] = [(A, clock) for clock in range(4)]
    ends: set[tuple[Unit | None, Unit | None]] = {(unit, None) for unit in units}
    assert written.taken(units) == gaps(units) | ends
    assert written.takes(update(block(D, 0, item(4, b"\1x")))), "the text may have been empty"


def test_two_clocks_in_a_row_need_not_be_one_run() -> None:
    b_between = update(block(B, 0, string("b", (A, 0))))
    a_behind = update(block(A, 1, string("c", (B, 0))))
    written = Written(typed("a"), b_between, a_behind, update(deletes=delete(B, (0, 1))))
    assert written.replica.text == "ac"
    assert not written.takes_between((A, 0), (A, 1)), "around one that both knew"
    assert written.takes_between((A, 0), (B, 0))
    assert written.takes_between((B, 0), (A, 1))


@pytest.mark.parametrize("deletes", [b"\0", delete(B, (0, 2)), delete(A, (0, 2))])
def test_what_two_wrote_at_once_is_ordered_by_the_text(deletes: bytes) -> None:
    """Between `a` and `d` one wrote `bb` and another `cc`."""
    written = Written(
        typed("ad"),
        update(block(B, 0, string("bb", (A, 0), (A, 1)))),
        update(block(C, 0, string("cc", (A, 0), (A, 1)))),
        update(deletes=deletes),
    )
    order: list[Unit] = [(A, 0), (B, 0), (B, 1), (C, 0), (C, 1), (A, 1)]
    stale: set[tuple[Unit | None, Unit | None]] = {
        ((A, 0), (A, 1)),
        ((A, 0), (C, 0)),
        ((B, 0), (A, 1)),
        ((B, 1), (A, 1)),
        ((B, 0), (C, 0)),
        ((C, 0), (A, 1)),
    }
    ends: set[tuple[Unit | None, Unit | None]] = {((A, 0), None)}
    assert written.taken(order) == gaps(order) | stale | ends, "neighbours for somebody"


def test_what_was_written_behind_one_of_two_is_no_hindrance_for_the_other() -> None:
    """Nobody who wrote between `bb` and `cc` need have had `x`."""
    written = Written(
        typed("ad"),
        update(block(B, 0, string("bb", (A, 0), (A, 1)))),
        update(block(C, 0, string("cc", (A, 0), (A, 1)))),
        update(block(7, 0, string("x", (B, 1), (C, 0)))),
    )
    assert written.replica.text == "abbxccd"
    assert written.takes_between((B, 1), (C, 0))
    assert written.takes_between((7, 0), (C, 0))
    assert written.takes_between((B, 0), (C, 0))
    assert not written.takes_between((B, 1), (C, 1)), "around the begin of a run"
    assert not written.takes_between((B, 0), (7, 0)), "around what that one was written behind"
    assert not written.takes_between((C, 0), (B, 1))


def test_right_origin_of_the_left_one_is_not_passed() -> None:
    """`e` was written behind `a` by somebody who had no `d`; who had `bb` had it."""
    written = Written(
        typed("ad"),
        update(block(B, 0, string("bb", (A, 0), (A, 1)))),
        update(block(C, 0, string("e", (A, 0)))),
    )
    assert written.replica.text == "abbde"
    assert not written.takes_between((B, 1), (C, 0))
    assert written.takes_between((A, 1), (C, 0))


def test_what_stands_elsewhere_is_not_looked_at() -> None:
    meta = update(block(A, 1, item(4, b"\3abc", parent=b"\1\4meta")))
    written = Written(typed("a"), meta)
    assert written.takes_between((A, 1), (A, 3))


def test_structs_of_one_update_are_looked_at_in_its_own_order() -> None:
    written = Written(typed("ab"))

    def takes(*structs: bytes) -> bool:
        return written.takes(update(block(D, 0, *structs)))

    first = string("xy", (A, 0), (A, 1))
    assert takes(first, string("z", (D, 0), (D, 1)))
    assert takes(first, string("z", (D, 1), (A, 1)))
    assert takes(first, string("z", (A, 0), (D, 0)))
    assert not takes(first, string("z", (A, 0), (D, 1)))
    assert takes(first, string("z", (D, 0), (A, 1)))
    assert not takes(first, string("z", (D, 1), (D, 0)))
    assert not takes(first, string("z", (D, 1)))


def test_pair_is_one_place_whatever_unit_is_named() -> None:
    written = Written(typed("a😀b"))
    assert written.takes_between((A, 2), (A, 3))
    assert written.takes_between((A, 0), (A, 1))
    assert written.takes_between((A, 2), None)
    assert not written.takes_between((A, 0), (A, 3))
    assert not written.takes_between(None, (A, 3))


def test_pair_that_is_deleted_before_may_be_cut() -> None:
    written = Written(typed("a😀b"), update(deletes=delete(A, (1, 2))))
    cutting = update(block(D, 0, string("x", (A, 1), (A, 2))))
    verdict = inspect_logged(cutting, written.known)
    assert isinstance(verdict, Ready)
    assert verdict.cuts
    check_origins(written.replica, written.known, cutting, verdict, CONTENT, "content")


@pytest.mark.parametrize("crossing", [False, True])
def test_many_units_are_looked_up_in_the_whole_state(
    monkeypatch: pytest.MonkeyPatch, crossing: bool
) -> None:
    end = 4 * origins._MAX_SLICES
    written = Written(typed("x" * end), update(block(B, 0, string("y", (A, 7), (A, 8)))))
    pieces = [string("z", (A, at), (A, at + 1)) for at in range(10, end - 10, 2)]
    if crossing:
        pieces[-1] = string("z", (A, end - 12), (A, end - 10))
    many = update(block(D, 0, *pieces))
    asked: list[bytes | None] = []
    state = written.replica.state

    def count(since: bytes | None = None) -> bytes:
        asked.append(since)
        return state(since)

    monkeypatch.setattr(written.replica, "state", count)
    verdict = inspect(many, written.known)
    assert isinstance(verdict, Ready)
    try:
        check_origins(written.replica, written.known, many, verdict, CONTENT, "content")
        passed = True
    except CrossedError:
        passed = False
    assert passed != crossing
    assert len(asked) == origins._MAX_SLICES + 1 + crossing
    assert asked[origins._MAX_SLICES] is None


def test_mark_stands_right_behind_its_unit_whoever_wrote_there() -> None:
    written = Written(
        typed("ad"),
        update(block(LOWEST_CLIENT, 0, string("0", (A, 0), (A, 1)))),
        update(block(1, 0, string("1", (A, 0), (A, 1)))),
    )
    assert written.takes_between((LOWEST_CLIENT, 0), (1, 0))
    assert not written.takes_between((1, 0), (LOWEST_CLIENT, 0))


def test_clocks_of_the_marks_cannot_be_used_up() -> None:
    long = update(block(LOWEST_CLIENT, 0, item(1, b"\x81\x80\x80\x80\x04")))
    assert isinstance(inspect(long, KnownState()), Malformed)
    known = KnownState({LOWEST_CLIENT: MAX_LOWEST_CLOCK - 1})
    at_most = update(block(LOWEST_CLIENT, MAX_LOWEST_CLOCK - 1, string("a", (LOWEST_CLIENT, 0))))
    assert isinstance(inspect(at_most, known), Ready)


def test_replica_refuses_what_passes_around_a_deleted_unit_and_is_as_before() -> None:
    written = Written(typed("abc"), update(deletes=delete(A, (1, 1))))
    replica = written.replica
    replica.known = written.known
    around = update(block(B, 0, string("x", (A, 0), (A, 2))))
    verdict = inspect(around, written.known)
    assert isinstance(verdict, Ready)
    state = replica.state()
    applied = replica.apply(around, verdict)
    assert (applied.changed, applied.ops) == (False, ())
    assert applied.refused == "an item between two that never were neighbours"
    assert (replica.text, replica.state()) == ("ac", state)


def test_place_of_what_never_was_between_neighbours_depends_on_the_order_of_updates() -> None:
    """Replicas that are given it show two texts for ever."""
    base = [update(block(3, 0, string("a"))), update(block(2, 0, string("b", (3, 0))))]
    honest = update(block(3, 1, string("c", (3, 0))))
    crossed = [
        update(block(4, 0, string("x", None, (2, 0)))),
        update(block(4, 1, string("y", (2, 0)))),
    ]
    shown = []
    for order in ([*base, honest, *crossed], [*base, *crossed, honest]):
        doc: Doc[Any] = Doc()
        for each in order:
            doc.apply_update(each)
        shown.append(str(doc.get("content", type=Text)))
    assert shown[0] != shown[1]
    assert not Written(*base).takes(crossed[0])
    assert not Written(*base, honest).takes(crossed[0])
