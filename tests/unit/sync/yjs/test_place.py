"""sync.yjs.place: an item stands in one place with what is beside it."""

import pytest

from sync.yjs.gate import (
    NO_PAIRS,
    KnownState,
    Malformed,
    Ready,
    decode_pairs,
    inspect,
    inspect_logged,
)
from sync.yjs.keystroke import recognise_keystroke
from sync.yjs.place import COLLECTED, CONTENT, Placed
from sync.yjs.varint import MalformedError
from tests.property.hostile_update import varint
from tests.unit.sync.yjs.update_bytes import A, B, block, item, name, string, update

C = 30

NESTED = [
    "01050500070107636f6e74656e7402070107636f6e74656e740244050001718405020378797a010005000300",
    "01020509c70502050302810507030105010101",
    "0102050d8405030261620400050b017100",
    "01010510c4050305040261620105010001",
    "0102051247050f02c40512050101710105010701",
    "01010600c4050e050f0261620105010c01",
]
"""Two types in the root and one that was deleted when it came; the last two updates each have a
string between the root and what stands in another type. Merged by yrs and loaded from its state,
they made one document of two texts."""


def after(*updates: str) -> KnownState:
    known = KnownState()
    for raw in updates:
        verdict = inspect(bytes.fromhex(raw), known)
        assert isinstance(verdict, Ready), verdict
        known.advance(verdict)
    return known


def test_item_between_two_parents_is_refused() -> None:
    known = after(*NESTED[:4])
    for raw in NESTED[4:]:
        verdict = inspect(bytes.fromhex(raw), known)
        assert verdict == Malformed("an item between two parents")


def test_item_between_two_parents_in_the_log_is_let_pass() -> None:
    known = after(*NESTED[:4])
    for raw in NESTED[4:]:
        verdict = inspect_logged(bytes.fromhex(raw), known)
        assert isinstance(verdict, Ready)
        known.advance(verdict)
    assert known.clocks == {5: 20, 6: 2}


def test_plain_document_keeps_no_places() -> None:
    known = after("01010500040107636f6e74656e7402616200", "01010502840501016300")
    assert known.marks.places.main == CONTENT
    assert known.marks.places.ranges == {}
    assert known.encode_pairs() == NO_PAIRS


# A nested text at 5,0 that holds "ab", and "cd" behind it in the root.
TEXT_IN_ROOT = "01030500070107636f6e74656e74020400050002616284050002636400"


def test_keystrokes_keep_to_their_parent() -> None:
    known = after(TEXT_IN_ROOT)
    in_nested = Placed(5, 1, 3, bytes.fromhex("000500"))
    assert known.marks.places.ranges == {5: [in_nested]}
    between = bytes.fromhex("01010505c405020503017800")
    assert recognise_keystroke(between)
    assert inspect(between, known) == Malformed("an item between two parents")
    inside = bytes.fromhex("01010505c405010502017800")
    assert recognise_keystroke(inside)
    verdict = inspect(inside, known)
    assert isinstance(verdict, Ready)
    assert verdict.places == (Placed(5, 5, 6, in_nested.place),)
    known.advance(verdict)
    assert known.marks.places.find(5, 5) == in_nested.place
    assert known.marks.places.find(5, 4) == CONTENT


def test_places_are_kept_in_a_checkpoint() -> None:
    known = after(*NESTED[:4])
    data = known.encode_pairs()
    assert decode_pairs(data) == known.marks
    for end in range(4, len(data)):
        with pytest.raises(MalformedError):
            decode_pairs(data[:end] + b"\xff")


def test_places_from_before_they_were_kept_may_be_any() -> None:
    known = after(*NESTED[:4])
    marks = decode_pairs(b"\0\1\5\3\0\1\x09\0")  # types alone, as they were once written
    old = KnownState(dict(known.clocks), marks)
    assert isinstance(inspect(bytes.fromhex(NESTED[4]), old), Ready)


def test_string_sent_again_goes_on_where_it_was() -> None:
    known = after(TEXT_IN_ROOT)
    elsewhere = bytes.fromhex("010105040401046d6574610378797a00")
    assert inspect(elsewhere, known) == Malformed("an item that goes on in another parent")


TEXT_IN_ROOT_OF_A = update(block(A, 0, string("ab"))).hex()
PINCHED = update(block(B, 0, string("x", (A, 1), (A, 1))))


@pytest.mark.p5
@pytest.mark.parametrize("is_main", [True, False], ids=["main", "other"])
def test_item_on_both_sides_of_one_unit_is_refused_in_a_root(is_main: bool) -> None:
    """Its place in yrs depends on the order of updates."""
    known = after(*([] if is_main else ["01011e000401046d61696e016d00"]), TEXT_IN_ROOT_OF_A)
    assert inspect(PINCHED, known) == Malformed("a struct to the left and right of one item")
    assert isinstance(inspect_logged(PINCHED, known), Ready)
    with_root = update(block(A, 0, string("ab")), block(B, 0, string("x", (A, 1), (A, 1))))
    assert isinstance(inspect(with_root, KnownState()), Malformed)


def test_item_on_both_sides_of_one_unit_is_let_into_a_nested_type() -> None:
    """`Y.UndoManager` makes one in a type that was deleted and made again."""
    inner = b"\4" + b"\0" + varint(A) + varint(0) + name("ab")
    known = after(update(block(A, 0, item(7, b"\0"), inner)).hex())
    nested = update(block(B, 0, string("x", (A, 1), (A, 1))))
    verdict = inspect(nested, known)
    assert isinstance(verdict, Ready)
    assert verdict.places == (Placed(B, 0, 1, b"\0" + varint(A) + varint(0)),)
    known.advance(verdict)
    assert inspect(nested, known) == inspect_logged(nested, known)


def test_map_entry_of_several_units_is_refused_but_for_one_in_the_log() -> None:
    """Split, and collected with its map, it leaves yrs with a pointer to freed memory."""
    entry = update(block(A, 0, item(4, name("xy"), key="k")))
    beside = update(block(A, 0, item(4, name("x"), key="k")), block(B, 0, string("xy", (A, 0))))
    for each in (entry, beside):
        known = KnownState()
        assert inspect(each, known) == Malformed("a map entry of more than one value")
        assert isinstance(inspect_logged(each, known), Ready)


def test_map_entry_of_several_units_is_refused_as_a_keystroke_too() -> None:
    """Found by `lab fuzz`: the quick way did not ask what the parser refuses."""
    known = KnownState()
    for each in (
        update(block(A, 0, item(4, name("x"), key="k"))),
        update(block(B, 0, string("y"))),
    ):
        verdict = inspect(each, known)
        assert isinstance(verdict, Ready)
        known.advance(verdict)
    beside = update(block(A, 1, string("xy", (A, 0))))
    assert recognise_keystroke(beside) is not None
    assert inspect(beside, known) == Malformed("a map entry of more than one value")
    assert isinstance(inspect(update(block(A, 1, string("z", (A, 0)))), known), Ready)


def test_main_place_is_no_map_entry() -> None:
    known = KnownState()
    verdict = inspect(update(block(A, 0, item(4, name("x"), key="k"))), known)
    assert isinstance(verdict, Ready)
    assert verdict.main == CONTENT


def test_what_is_collected_stands_nowhere_although_the_log_has_its_beginning() -> None:
    known = KnownState()
    for each in (update(block(A, 0, string("a"))), update(block(A, 0, b"\0\x03"))):
        verdict = inspect(each, known)
        assert isinstance(verdict, Ready)
        known.advance(verdict)
    found = [known.marks.places.find(A, clock) for clock in range(3)]
    assert found == [CONTENT, COLLECTED, COLLECTED]


COLLECTED_AND_TYPE = update(
    block(A, 0, item(7, b"\2")),
    block(B, 0, b"\0\1", item(4, name("b"), parent=b"\0" + varint(A) + b"\0")),
)
"""A nested text in the root, which holds "b"; and a unit that came as collected."""


def known_after(*updates: bytes) -> KnownState:
    return after(*(each.hex() for each in updates))


@pytest.mark.p5
@pytest.mark.parametrize("content", [string("x", (B, 0), (A, 0)), string("x", (A, 0), (B, 0))])
def test_item_between_what_is_collected_and_a_root_is_refused(content: bytes) -> None:
    """Yjs collects it at once, yrs shows it: at another place than others do, as it found it."""
    known = known_after(COLLECTED_AND_TYPE)
    beside = update(block(C, 0, content))
    assert inspect(beside, known) == Malformed("an item between what is collected and a root")
    logged = inspect_logged(beside, known)
    assert isinstance(logged, Ready)
    assert logged.places == ()


def test_item_between_what_is_collected_and_a_map_of_a_root_is_refused() -> None:
    known = known_after(COLLECTED_AND_TYPE, update(block(C, 0, item(8, b"\1\x7e", key="k"))))
    beside = update(block(C, 1, string("x", (B, 0), (C, 0))))
    assert inspect(beside, known) == Malformed("an item between what is collected and a root")


def test_item_between_what_is_collected_and_a_nested_type_is_taken() -> None:
    """The type may be deleted: who had its content still may write beside it."""
    known = known_after(COLLECTED_AND_TYPE)
    verdict = inspect(update(block(C, 0, string("x", (B, 0), (B, 1)))), known)
    assert isinstance(verdict, Ready)
    assert verdict.places == (Placed(C, 0, 1, b"\0" + varint(A) + b"\0"),)


def test_what_stands_beside_what_is_collected_alone_is_collected_too() -> None:
    known = known_after(
        COLLECTED_AND_TYPE, update(block(C, 0, string("x", (B, 0)), string("y", (C, 0), (B, 0))))
    )
    assert [known.marks.places.find(C, clock) for clock in range(2)] == [COLLECTED, COLLECTED]
    beside = update(block(C, 2, string("z", (C, 1), (A, 0))))
    assert inspect(beside, known) == Malformed("an item between what is collected and a root")
    assert decode_pairs(known.encode_pairs()) == known.marks


def test_item_that_goes_on_beside_what_is_collected_does_so_in_no_root() -> None:
    known = known_after(COLLECTED_AND_TYPE, update(block(C, 0, string("x", (A, 0)))))
    torn = update(block(C, 0, string("xy", (B, 0))))
    assert inspect(torn, known) == Malformed("an item that goes on in another parent")
    nested = known_after(COLLECTED_AND_TYPE, update(block(C, 0, string("x", (B, 1)))))
    assert isinstance(inspect(torn, nested), Ready)
