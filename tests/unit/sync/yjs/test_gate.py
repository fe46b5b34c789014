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
from tests.property.hostile_update import load_vectors, varint

A, B = 10, 20
ROOT = b"\x01" + b"\x07content"


def name(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return varint(len(raw)) + raw


def item(kind: int, content: bytes, *, parent: bytes = ROOT, key: str | None = None) -> bytes:
    """A struct without origins."""
    if key is not None:
        return bytes([kind | 0x20]) + parent + name(key) + content
    return bytes([kind]) + parent + content


def string(
    text: str, origin: tuple[int, int] | None = None, right: tuple[int, int] | None = None
) -> bytes:
    if origin is None and right is None:
        return item(4, name(text))
    info = 4 | (0x80 if origin else 0) | (0x40 if right else 0)
    ids = b"".join(varint(number) for at in (origin, right) if at for number in at)
    return bytes([info]) + ids + name(text)


def block(client: int, clock: int, *structs: bytes) -> bytes:
    return varint(len(structs)) + varint(client) + varint(clock) + b"".join(structs)


def update(*blocks: bytes, deletes: bytes = b"\0") -> bytes:
    return varint(len(blocks)) + b"".join(blocks) + deletes


def delete(client: int, *ranges: tuple[int, int]) -> bytes:
    """A delete set of one client, of (clock, length)."""
    numbers = b"".join(varint(clock) + varint(length) for clock, length in ranges)
    return b"\x01" + varint(client) + varint(len(ranges)) + numbers


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


# --- crashers and other hostile bytes (each named for what it did) ------------------------------

LONG = 1_000_000


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(
            bytes.fromhex("010164ffffffff0fc465036504017800"), "clock", id="clock-overflow-abort"
        ),
        pytest.param(
            update(block(A, 0, item(8, b"\x01" + b"\x75\x01" * 26_650 + b"\x7e"))),
            "nested",
            id="nested-any-segfault",
        ),
        pytest.param(
            update(block(A, 0, item(8, b"\x01" + b"\x76\x01\x01k" * 13_400 + b"\x7e"))),
            "nested",
            id="nested-any-object",
        ),
        pytest.param(
            update(block(A, 0, item(5, name("[" * 30_000 + "]" * 30_000)))), "nested", id="json"
        ),
        pytest.param(update(block(A, 0, b"\x00" + varint(2**32 - 1))), "clock", id="gc-4-gib"),
        pytest.param(update(block(A, 0, item(1, varint(2**32 - 1)))), "clock", id="deleted-4-gib"),
        pytest.param(update(block(A, 2**32, string("x"))), "clock", id="clock-truncated"),
        pytest.param(update(block(A, 2**31 - 1, string("x"))), "clock", id="clock-plus-length"),
        pytest.param(update(block(2**53, 0, string("x"))), "client id", id="client-2-53"),
        pytest.param(update(block(2**64 - 1, 0, string("x"))), "8 bytes", id="client-2-64"),
        pytest.param(update(block(A, 0, string("x", (B, 2**31)))), "clock", id="origin-clock"),
        pytest.param(update(block(A, 0, string("x", (2**53, 1)))), "client", id="origin-client"),
        pytest.param(
            update(block(A, 0, item(4, name("x"), parent=b"\x01" + name("r" * LONG)))),
            "name of more",
            id="root-name-1-mb",
        ),
        pytest.param(
            update(block(A, 0, item(4, name("x"), key="k" * LONG))), "name of more", id="key-1-mb"
        ),
        pytest.param(varint(2**40), "clients", id="client-count"),
        pytest.param(b"\x01" + varint(2**40), "structs", id="struct-count"),
        pytest.param(
            update(block(A, 0, item(8, varint(2**40) + b"\x7e"))), "too early", id="any-count"
        ),
        pytest.param(
            update(block(A, 0, item(4, varint(2**40) + b"x"))), "too early", id="string-length"
        ),
        pytest.param(b"\x00" + varint(2**40), "clients", id="delete-clients"),
        pytest.param(b"\x00\x01\x0a" + varint(2**40), "ranges", id="delete-ranges"),
        pytest.param(update(deletes=delete(A, (0, 2**31))), "clock", id="delete-2-31"),
        pytest.param(update(deletes=delete(A, (0, 0))), "without length", id="delete-empty"),
        pytest.param(update(deletes=delete(A, (3, 2), (0, 1))), "order", id="delete-unordered"),
        pytest.param(update(deletes=delete(A, (0, 3), (2, 2))), "overlap", id="delete-overlap"),
        pytest.param(b"\x00\x02" + delete(A, (0, 1))[1:] * 2, "twice", id="delete-client-twice"),
        pytest.param(b"\xff" * LONG, "8 bytes", id="endless-varint"),
        pytest.param(b"", "too early", id="nothing"),
        pytest.param(b"\x00", "too early", id="no-delete-set"),
        pytest.param(update(block(A, 0, string("x"))) + b"\0", "follow", id="trailing"),
        pytest.param(b"\x02" + block(A, 0, string("x")) * 2 + b"\0", "twice", id="client-twice"),
        pytest.param(update(block(A, 0)), "without structs", id="no-structs"),
        pytest.param(update(block(A, 0, string(""))), "without length", id="string-empty"),
        pytest.param(update(block(A, 0, b"\x00\x00")), "without length", id="gc-empty"),
        pytest.param(update(block(A, 0, b"\x80\x01")), "kind of struct", id="gc-with-flags"),
        pytest.param(update(block(A, 0, b"\x0a\x01")), "gap", id="skip"),
        pytest.param(update(block(A, 0, item(9, name("g") + b"\x7e"))), "sub-doc", id="document"),
        pytest.param(update(block(A, 0, item(2, b"\x01\x04null"))), "JSON", id="json-list-misread"),
        pytest.param(update(block(A, 0, item(7, b"\x05\x01h"))), "hook", id="xml-hook-misread"),
        pytest.param(update(block(A, 0, item(7, b"\x07"))), "shared type", id="type-weak-link"),
        pytest.param(update(block(A, 0, item(11, b"\x01"))), "kind of struct", id="kind-11"),
        pytest.param(update(block(A, 0, item(31, b"\x01"))), "kind of struct", id="kind-31"),
        pytest.param(
            update(block(A, 0, item(4, name("x"), parent=b"\x02"))), "parent", id="parent-2"
        ),
        pytest.param(update(block(A, 0, string("a\0b"))), "NUL", id="nul"),
        pytest.param(
            update(block(A, 0, item(4, name(b"a\xed\xa0\x80")))), "UTF-8", id="half-pair-cesu"
        ),
        pytest.param(update(block(A, 0, item(4, name(b"\xff")))), "UTF-8", id="not-utf-8"),
        pytest.param(update(block(A, 0, item(5, name("{")))), "not valid JSON", id="embed-cut-off"),
        pytest.param(update(block(A, 0, item(5, name("NaN")))), "not JSON", id="embed-nan"),
        pytest.param(
            update(block(A, 0, item(6, name("b") + name('"\\udc00"')))), "surrogate", id="format"
        ),
        pytest.param(update(block(A, 0, item(8, b"\x01\x73"))), "kind of value", id="any-115"),
        pytest.param(
            update(block(A, 0, item(8, b"\x01\x7d" + b"\xff" * 7 + b"\x7f"))),
            "integer",
            id="any-int",
        ),
        pytest.param(update(block(A, 0, item(8, b"\x01\x7b\0"))), "too early", id="any-float"),
        pytest.param(
            update(block(B, 0, string("x", (A, 1), (A, 1)))), "left and right", id="origin-twice"
        ),
    ],
)
def test_hostile_update_is_refused(data: bytes, why: str) -> None:
    for state in (KnownState(), ABC.copy()):
        assert why in reason(inspect(data, state))


def test_update_cut_off_anywhere_is_refused() -> None:
    whole = update(
        block(A, 0, string("a😀"), item(8, b"\x02\x77\x01a\x7d\x01"), item(7, b"\x03\x01p")),
        block(B, 0, string("x", (A, 0))),
        deletes=delete(A, (0, 1)),
    )
    ready(inspect(whole, KnownState()))
    for end in range(len(whole)):
        assert isinstance(inspect(whole[:end], KnownState()), Malformed), end


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
