"""sync.yjs.gate, update and keystroke: verdict by verdict, and every crasher by name."""

from typing import Any

import pytest
from pycrdt import Doc, Text

from sync.yjs.gate import (
    GateLimits,
    KnownState,
    Malformed,
    Range,
    Ready,
    Verdict,
    Waiting,
    decode_pairs,
    inspect,
)
from sync.yjs.statevector import decode_state_vector
from sync.yjs.update import UpdateLimits
from tests.property.hostile_update import load_vectors
from tests.unit.sync.yjs.test_content import HOSTILE_CONTENTS
from tests.unit.sync.yjs.test_update import HOSTILE_UPDATES
from tests.unit.sync.yjs.update_bytes import A, B, block, delete, item, name, string, update


def known(*updates: bytes) -> KnownState:
    state = KnownState()
    for each in updates:
        state.advance(ready(inspect(each, state)))
    return state


def ready(verdict: Verdict) -> Ready:
    assert isinstance(verdict, Ready), verdict
    return verdict


def reason(verdict: Verdict) -> str:
    assert isinstance(verdict, Malformed), verdict
    return verdict.reason


ABC = known(update(block(A, 0, string("abc"))))
EMOJI = known(update(block(A, 0, string("a😀b"))))


# --- what real editors send -------------------------------------------------------------------


@pytest.mark.parametrize("vector", load_vectors(), ids=lambda vector: vector["name"])
def test_gate_judges_real_yjs_updates(vector: dict[str, Any]) -> None:
    state = KnownState()
    doc: Doc[Any] = Doc()
    text = doc.get("content", type=Text)
    for each in map(bytes.fromhex, vector["updates"]):
        verdict = inspect(each, state)
        if isinstance(verdict, Malformed):
            assert vector["refused"] is not None, verdict
            assert vector["refused"] in verdict.reason
            return
        state.advance(ready(verdict))
        doc.apply_update(each)
        assert decode_state_vector(doc.get_state()) == state.clocks
    assert vector["refused"] is None
    assert state.clocks == decode_state_vector(bytes.fromhex(vector["stateVector"]))
    whole = bytes.fromhex(vector["state"])
    assert not ready(inspect(whole, state)).authored
    fresh = known(whole)
    assert fresh.clocks == state.clocks
    if vector["text"] is not None:
        assert str(text) == vector["text"]


# --- ready ------------------------------------------------------------------------------------


def test_update_without_content_is_ready_and_has_no_effect() -> None:
    verdict = ready(inspect(b"\0\0", ABC))
    assert not verdict.authored
    assert not verdict.has_deletes


def test_resent_and_overlapping_updates_author_only_what_is_new() -> None:
    resent = ready(inspect(update(block(A, 0, string("abc"))), ABC))
    assert (resent.authored, resent.inserted_units, resent.roots) == ((), 0, ())
    longer = ready(inspect(update(block(A, 0, string("abcde"))), ABC))
    assert (longer.authored, longer.inserted_units) == ((Range(A, 3, 5),), 2)
    assert longer.hint is None


def test_ready_names_roots_and_says_what_is_not_plain() -> None:
    def of(*structs: bytes) -> Ready:
        return ready(inspect(update(block(A, 0, *structs)), KnownState()))

    text = of(string("a"))
    assert (text.plain, text.roots, text.text_roots) == (True, ("content",), ("content",))
    assert of(b"\x00\x03", item(1, b"\x02")).plain
    keyed = of(item(4, name("v"), key="k"))
    assert (keyed.plain, keyed.roots, keyed.text_roots) == (False, ("content",), ())
    for kind, content in (
        (3, name(b"\0")),
        (5, name("{}")),
        (6, name("b") + name("true")),
        (7, b"\x01"),
        (8, b"\x01\x7e"),
    ):
        other = of(item(kind, content))
        assert (other.plain, other.inserted_units, other.text_roots) == (False, 0, ())


def test_an_update_may_delete_what_it_writes_and_build_on_other_clients_in_it() -> None:
    both = update(
        block(B, 0, string("x", (A, 1), (A, 2))),
        block(A, 0, string("abc"), string("y", (B, 0))),
        deletes=delete(B, (0, 1)),
    )
    verdict = ready(inspect(both, KnownState()))
    assert verdict.authored == (Range(B, 0, 1), Range(A, 0, 4))


def test_every_pair_of_a_string_is_found_at_its_clock() -> None:
    verdict = ready(inspect(update(block(A, 3, string("😀é😀😀", (A, 2)))), ABC))
    assert verdict.pairs == ((A, 3), (A, 6), (A, 8))
    assert verdict.inserted_units == 7


# --- waiting ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("early", "missing"),
    [
        (update(block(A, 4, string("e", (A, 3)))), ((A, 4),)),
        (update(block(A, 3, string("d", (B, 6)))), ((B, 7),)),
        (update(block(A, 3, string("d", None, (B, 6)))), ((B, 7),)),
        (update(block(A, 3, item(4, name("d"), parent=b"\0" + bytes([B, 0])))), ((B, 1),)),
        (update(deletes=delete(A, (1, 3))), ((A, 4),)),
        (update(deletes=delete(B, (0, 2))), ((B, 2),)),
        (update(block(B, 2, string("x", (30, 4)))), ((B, 2), (30, 5))),
    ],
)
def test_gate_waits_for_what_the_log_does_not_have(
    early: bytes, missing: tuple[tuple[int, int], ...]
) -> None:
    assert inspect(early, ABC) == Waiting(missing)


# --- order within an update --------------------------------------------------------------------


def test_structs_that_wait_for_each_other_are_refused() -> None:
    circle = update(block(A, 0, string("a", (B, 0))), block(B, 0, string("b", (A, 0))))
    assert "wait for each other" in reason(inspect(circle, KnownState()))
    ladder = update(
        block(A, 0, string("a"), string("c", (B, 0)), string("e", (B, 1))),
        block(B, 0, string("b", (A, 0)), string("d", (A, 1))),
    )
    assert ready(inspect(ladder, KnownState())).inserted_units == 5
    itself = update(block(A, 0, string("a", (A, 0))))
    assert "depends on itself" in reason(inspect(itself, KnownState()))


def test_a_long_ladder_between_clients_is_judged_in_linear_time() -> None:
    steps = 5_000
    one = [string("a")] + [string("a", (B, step)) for step in range(steps)]
    two = [string("b", (A, step)) for step in range(steps)]
    ready(inspect(update(block(A, 0, *one), block(B, 0, *two)), KnownState()))


# --- surrogate pairs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cut",
    [
        update(block(B, 0, string("x", (A, 1)))),
        update(block(B, 0, string("x", None, (A, 2)))),
        update(block(B, 0, string("x", (A, 1), (A, 2)))),
        update(deletes=delete(A, (1, 1))),
        update(deletes=delete(A, (2, 1))),
        update(deletes=delete(A, (0, 2))),
        update(block(B, 0, string("😀"), string("x", (B, 0)))),
        update(block(B, 0, string("😀")), deletes=delete(B, (1, 1))),
    ],
)
def test_what_cuts_a_surrogate_pair_is_refused(cut: bytes) -> None:
    assert "surrogate pair" in reason(inspect(cut, EMOJI))


@pytest.mark.parametrize(
    "beside",
    [
        update(block(B, 0, string("x", (A, 0), (A, 1)))),
        update(block(B, 0, string("x", (A, 2), (A, 3)))),
        update(deletes=delete(A, (1, 2))),
        update(deletes=delete(A, (0, 4))),
    ],
)
def test_what_goes_beside_a_surrogate_pair_is_ready(beside: bytes) -> None:
    ready(inspect(beside, EMOJI))


def test_resent_content_that_differs_so_that_its_new_part_begins_in_a_pair_is_refused() -> None:
    forged = update(block(A, 0, string("ab😀")))
    assert "begins inside" in reason(inspect(forged, ABC))


def test_pairs_of_resent_strings_are_not_believed() -> None:
    forged = update(block(A, 0, string("😀c")), block(B, 0, string("x", (A, 0))))
    assert ready(inspect(forged, ABC)).pairs == ()


# --- parents ------------------------------------------------------------------------------------


def test_only_shared_types_and_what_was_deleted_can_be_parents() -> None:
    state = known(update(block(A, 0, string("a"), item(7, b"\x01"), b"\x00\x02", item(1, b"\x01"))))

    def inside(clock: int) -> bytes:
        return update(block(B, 0, item(4, name("x"), parent=b"\0" + bytes([A, clock]), key="k")))

    assert "no shared type" in reason(inspect(inside(0), state))
    for clock in (1, 2, 3, 4):
        ready(inspect(inside(clock), state))
    restored = KnownState(state.clocks, decode_pairs(state.encode_pairs()))
    assert restored == state
    nested = update(block(B, 0, item(7, b"\x00"), item(4, name("x"), parent=b"\0" + bytes([B, 0]))))
    ready(inspect(nested, KnownState()))
    wrong = update(block(B, 0, string("a"), item(4, name("x"), parent=b"\0" + bytes([B, 0]))))
    assert "no shared type" in reason(inspect(wrong, KnownState()))


# --- hostile bytes ------------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "why"), [*HOSTILE_UPDATES, *HOSTILE_CONTENTS])
def test_hostile_update_is_refused(data: bytes, why: str) -> None:
    for state in (KnownState(), ABC.copy()):
        assert why in reason(inspect(data, state))


def test_limits_are_enforced_by_name() -> None:
    limits = GateLimits(
        UpdateLimits(max_update_bytes=200, max_clients=2, max_structs=3, max_delete_ranges=2),
        max_clients=3,
    )

    def of(data: bytes) -> str:
        return reason(inspect(data, ABC, limits))

    assert "more than 200 bytes" in of(update(block(A, 3, string("x" * 200, (A, 2)))))
    assert "more than 2 clients" in of(b"\x03")
    four = update(block(A, 3, *(string("x", (A, 2)) for _ in range(4))))
    assert "more than 3 structs" in of(four)
    assert "more than 2 ranges" in of(update(deletes=delete(A, *((i, 1) for i in (0, 2, 4)))))
    crowded = KnownState({1: 1, 2: 1, 3: 1})
    refused = inspect(update(block(A, 0, string("x", (1, 0)))), crowded, limits)
    assert "more than 3 clients" in reason(refused)
    ready(inspect(update(block(1, 1, string("x", (1, 0)))), crowded, limits))
