"""sync.yjs.repair: what becomes of updates that could not be stored as they are."""

from time import process_time

import pytest

from sync.yjs.gate import KnownState, Malformed, Range, Ready, Waiting, inspect, inspect_logged
from sync.yjs.repair import MAX_CUTS, MAX_RUNS, Insertion, Repaired, repair
from sync.yjs.update import parse_update
from tests.unit.sync.yjs.test_gate import known
from tests.unit.sync.yjs.update_bytes import A, B, block, delete, item, name, string, update

ABC = known(update(block(A, 0, string("abc"))))
EMOJI = known(update(block(A, 0, string("a😀b"))))
SERVER = 4_000_000_000


def repaired(data: bytes, state: KnownState) -> Repaired:
    found = repair(data, state)
    assert isinstance(found, Repaired), found
    return found


def ready(found: Repaired) -> Ready:
    assert isinstance(found.verdict, Ready), found.verdict
    return found.verdict


def texts(data: bytes) -> list[str | None]:
    return [struct.text for struct in parse_update(data).structs]


def test_nul_becomes_a_deleted_space() -> None:
    found = repaired(update(block(A, 3, string("x\0😀\0\0y", (A, 2)))), ABC)
    assert texts(found.update) == ["x 😀  y"]
    assert ready(found).deletes == (Range(A, 4, 5), Range(A, 7, 9))
    assert ready(found).authored == (Range(A, 3, 10),)
    assert (found.insertions, found.cuts) == ([], [])
    assert isinstance(inspect(found.update, ABC), Ready)


def test_nul_in_content_that_the_log_has_is_of_no_matter() -> None:
    found = repaired(update(block(A, 0, string("a\0c"))), ABC)
    assert not ready(found).authored
    assert not ready(found).deletes


@pytest.mark.parametrize("is_marked", [True, False], ids=["keyed", "merged"])
def test_values_written_one_over_the_other_are_stored_as_deleted(is_marked: bool) -> None:
    """Recorded from `new Y.UndoManager(map)`, with and without what `Y.mergeUpdates` leaves out."""
    first = update(block(A, 0, item(8, b"\x01\x7d\x01", key="k")))
    info = 0xA8 if is_marked else 0x88
    joined = bytes((info, A, 0)) + b"\x02\x7d\x02\x7d\x03"
    shown = bytes((info, A, 2)) + b"\x01\x7d\x04"
    sent = update(block(A, 1, joined, shown), deletes=delete(A, (0, 3)))
    found = repaired(sent, known(first))
    assert [(each.kind, each.end) for each in parse_update(found.update).structs] == [
        (1, 3),
        (8, 4),
    ]
    assert ready(found).deletes == (Range(A, 0, 3),)
    assert ready(found).authored == (Range(A, 1, 4),)
    assert (found.insertions, found.cuts) == ([], [])
    assert isinstance(inspect(found.update, known(first)), Ready)


def test_values_of_a_map_that_nobody_deleted_are_deleted_by_the_repair() -> None:
    found = repaired(update(block(A, 0, item(8, b"\x02\x7d\x02\x7d\x03", key="k"))), KnownState())
    assert ready(found).deletes == (Range(A, 0, 2),)


@pytest.mark.parametrize(
    ("text", "insertion", "gone"),
    [
        pytest.param("x�", Insertion("�", (A, 3), (A, 4)), (4, 5), id="at the end"),
        pytest.param("�", Insertion("�", (A, 2), (A, 3)), (3, 4), id="alone"),
        pytest.param("��r", Insertion("��r", (A, 2), (A, 3)), (3, 6), id="all of it"),
        pytest.param("�rs", Insertion("�r", (A, 4), (A, 5)), (3, 5), id="and the next"),
        pytest.param("�😀s", Insertion("�😀", (A, 5), (A, 6)), (3, 6), id="and a pair"),
        pytest.param("�\0s", Insertion("�", (A, 3), (A, 4)), (3, 4), id="before NUL"),
    ],
)
def test_replacement_characters_are_replaced_by_the_server_s(
    text: str, insertion: Insertion, gone: tuple[int, int]
) -> None:
    found = repaired(update(block(A, 3, string(text, (A, 2)))), ABC)
    assert found.insertions == [insertion]
    assert Range(A, *gone) in found.deletes
    final = found.finish(SERVER, 0, {})
    verdict = inspect_logged(final, ABC)
    assert isinstance(verdict, Ready)
    assert Range(SERVER, 0, len(insertion.text.encode("utf-16-le")) // 2) in verdict.authored


def test_what_goes_on_after_half_of_a_pair_is_replaced_too() -> None:
    state = known(update(block(A, 0, string("a�"))))
    typed = update(block(A, 2, string("rs", (A, 1))))
    assert isinstance(inspect(typed, state), Malformed)
    found = repaired(typed, state)
    assert found.insertions == [Insertion("r", (A, 2), (A, 3))]
    assert isinstance(inspect(update(block(B, 0, string("rs", (A, 1)))), state), Ready)


@pytest.mark.parametrize(
    ("sent", "gone"),
    [
        (delete(A, (1, 1)), (Range(A, 1, 3),)),
        (delete(A, (2, 1)), (Range(A, 1, 3),)),
        (delete(A, (2, 2)), (Range(A, 1, 4),)),
        (delete(A, (0, 2)), (Range(A, 0, 3),)),
    ],
)
def test_half_of_a_pair_is_deleted_with_the_other(sent: bytes, gone: tuple[Range, ...]) -> None:
    found = repaired(update(deletes=sent), EMOJI)
    assert ready(found).deletes == gone
    assert not found.cuts


def test_insertion_inside_a_pair_has_it_deleted_before_and_inserted_again() -> None:
    found = repaired(update(block(B, 0, string("x", (A, 1), (A, 2)))), EMOJI)
    assert found.cuts == found.revived() == [(A, 1)]
    assert ready(found).cuts == ((A, 1),)
    final = found.finish(SERVER, 7, {(A, 1): "😀"})
    assert parse_update(final).spans == [(B, 0, 1), (SERVER, 7, 9)]
    assert texts(final) == ["x", "😀"]
    verdict = inspect_logged(final, KnownState({**EMOJI.clocks, SERVER: 7}, EMOJI.marks))
    assert isinstance(verdict, Ready)


def test_pair_that_is_cut_and_deleted_is_not_inserted_again() -> None:
    cut = update(block(B, 0, string("x", (A, 1), (A, 2))), deletes=delete(A, (2, 1)))
    assert repaired(cut, EMOJI).revived() == []


def test_pair_is_deleted_for_the_first_that_cuts_it_alone() -> None:
    state = EMOJI.copy()
    first = repaired(update(block(B, 0, string("x", (A, 1), (A, 2)))), state)
    state.advance(ready(first))
    assert state.marks.cuts == {A: {1}}
    again = repaired(update(block(B, 1, string("y", (B, 0), (A, 2)))), state)
    assert again.cuts == []
    assert ready(again).cuts == ((A, 1),)


def test_pair_of_the_update_itself_that_it_cuts_becomes_halves() -> None:
    both = update(block(A, 3, string("😀", (A, 2)), string("x", (A, 3), (A, 4))))
    found = repaired(both, ABC)
    assert texts(found.update) == ["��", "x"]
    assert [each.text for each in found.insertions] == ["��"]


def test_new_part_that_begins_inside_a_pair_begins_with_half_of_it() -> None:
    state = known(update(block(A, 0, string("a�"))))
    found = repaired(update(block(A, 0, string("a😀b"))), state)
    assert texts(found.update) == ["a��b"]
    assert found.insertions == [Insertion("�b", (A, 1), (A, 2))]


@pytest.mark.parametrize(
    ("struct", "units"),
    [
        pytest.param(item(9, name("guid") + b"\x76\x00"), 1, id="sub-document"),
        pytest.param(item(9, name("g") + b"\x76\x00", key="sub"), 1, id="sub-document in a map"),
        pytest.param(item(2, b"\x02" + name("1") + name("null")), 2, id="JSON of Yjs 12"),
        pytest.param(item(7, b"\x05" + name("hook")), 1, id="XML hook"),
        pytest.param(item(7, b"\x03" + name("p\0")), 1, id="XML element with NUL"),
        pytest.param(item(5, name('{"a":"\\ud83d"}')), 1, id="embed with half a pair"),
        pytest.param(item(6, name("a") + name('"\\ud83d"')), 1, id="mark with half a pair"),
        pytest.param(item(6, name("a\0") + name("null")), 1, id="name of a mark with NUL"),
    ],
)
def test_content_that_the_log_does_not_hold_becomes_deleted(struct: bytes, units: int) -> None:
    sent = update(block(B, 0, struct, string("x", (B, units - 1))))
    assert isinstance(inspect(sent, ABC), Malformed)
    found = repaired(sent, ABC)
    assert ready(found).authored == (Range(B, 0, units + 1),)
    assert ready(found).deletes == (Range(B, 0, units),)
    assert texts(found.update) == [None, "x"]


def test_update_that_waits_is_repaired_once_it_is_ready() -> None:
    found = repaired(update(block(A, 4, string("x\0", (A, 3)))), ABC)
    assert isinstance(found.verdict, Waiting)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\x01",
        update(block(A, 3, b"\x0a\x05")),
        update(block(A, 3, item(4, name(b"\xff\0")))),
        update(block(A, 3, string("x\0", (A, 2))))[:-3],
        update(block(2**53, 0, string("x\0"))),
        update(block(A, 2**31, string("x\0"))),
        update(block(A, 3, string("\0")), block(A, 3, string("\0"))),
        update(block(B, 0, string("\0", (B, 0)))),
    ],
)
def test_update_whose_structure_is_unsound_stays_refused(sent: bytes) -> None:
    assert isinstance(repair(sent, ABC), Malformed)


def test_update_may_cut_so_many_pairs_only() -> None:
    count = MAX_CUTS + 1
    state = known(update(block(A, 0, string("😀" * count))))
    structs = [string("x", (A, 2 * n), (A, 2 * n + 1)) for n in range(count)]
    assert isinstance(repair(update(block(B, 0, *structs)), state), Malformed)
    assert len(repaired(update(block(B, 0, *structs[1:])), state).cuts) == MAX_CUTS


@pytest.mark.p7
@pytest.mark.parametrize("have", [0, 3])
def test_string_torn_in_many_places_is_deleted_and_inserted_once(have: int) -> None:
    text = "a\0😀\N{REPLACEMENT CHARACTER}" * (MAX_RUNS // 2 + 1)
    state = KnownState({A: have} if have else {})
    found = repaired(update(block(A, 0, string(text))), state)
    end = len(text.encode("utf-16-le")) // 2
    assert Range(A, have, end) in found.deletes
    (insertion,) = found.insertions
    rest = text.replace("\0", "")
    assert insertion.text == (rest if not have else "\N{REPLACEMENT CHARACTER}" + rest[2:])
    assert isinstance(inspect_logged(found.finish(SERVER, 0, {}), state), Ready)


@pytest.mark.p7
def test_revival_looks_at_each_deletion_once() -> None:
    cuts = [(A, 2 * n) for n in range(MAX_CUTS)]
    deletes = [Range(A, 4, 6), Range(B, 0, 2), *(Range(A, n, n + 1) for n in range(1_000, 400_000))]
    verdict = ready(repaired(update(block(A, 3, string("x\0", (A, 2)))), ABC))
    found = Repaired([], deletes, verdict, [], cuts)
    before = process_time()
    assert found.revived() == [at for at in cuts if at != (A, 4)]
    assert process_time() - before < 1, "it compares every cut with every deletion"
