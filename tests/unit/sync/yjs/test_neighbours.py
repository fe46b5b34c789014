"""sync.yjs.neighbours: which new structs stand between two neighbours of the text.

Mutants seen caught here: reverse order verified; a deleted unit taken for the last one before what
is shown; the start of the text taken for granted; a character of another block, and one that is not
the last of its block, taken for the left neighbour; two structs in one gap; a chain over a
character; units looked up that are not there; units in an unknown place taken for some elsewhere.
"""

import pytest

from sync.yjs.gate import KnownState, Ready, inspect
from sync.yjs.neighbours import ReverseOrderError, are_neighbours, place_of_root, stands_in
from sync.yjs.replica import Replica
from tests.unit.sync.room.driven_room import Editor
from tests.unit.sync.yjs.update_bytes import A, B, block, delete, item, name, string, update

CONTENT = place_of_root("content")


class Written:
    """A replica and what is known of it."""

    def __init__(self, *updates: bytes) -> None:
        self.known, self.replica = KnownState(), Replica(1)
        for each in updates:
            self.take(each)

    def take(self, new: bytes) -> None:
        verdict = inspect(new, self.known)
        assert isinstance(verdict, Ready), verdict
        self.replica.apply(new, verdict)
        self.known.advance(verdict)

    def beside(self, new: bytes) -> bool:
        """Whether each new struct stands between neighbours."""
        verdict = inspect(new, self.known)
        assert isinstance(verdict, Ready), verdict
        return are_neighbours(self.replica, self.known, new, verdict, CONTENT)

    def in_text(self, new: bytes) -> bool:
        verdict = inspect(new, self.known)
        assert isinstance(verdict, Ready), verdict
        return stands_in(verdict, self.known.marks.places, CONTENT)


def text(words: str = "abcd") -> Written:
    return Written(update(block(A, 0, string(words))))


def by_b(*structs: bytes, deletes: bytes = b"\0") -> bytes:
    return update(block(B, 0, *structs), deletes=deletes)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(None, (A, 0), id="at the start"),
        pytest.param((A, 1), (A, 2), id="between two characters"),
        pytest.param((A, 3), None, id="at the end"),
    ],
)
@pytest.mark.parametrize("words", ["abcd", "àbçd", "中文字!", "abcß"])
def test_gap_of_a_text_is_between_neighbours(
    left: tuple[int, int] | None, right: tuple[int, int] | None, words: str
) -> None:
    assert text(words).beside(by_b(string("x", left, right)))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param((A, 0), (A, 2), id="around a character"),
        pytest.param((A, 2), None, id="behind a character, at the end"),
        pytest.param(None, (A, 1), id="before a character, at the start"),
    ],
)
@pytest.mark.parametrize("words", ["abcd", "àbçd", "中文字!", "abcß"])
def test_what_is_no_gap_of_a_text_is_not(
    left: tuple[int, int] | None, right: tuple[int, int] | None, words: str
) -> None:
    assert not text(words).beside(by_b(string("x", left, right)))


@pytest.mark.parametrize("sides", [((A, 2), (A, 1)), ((A, 1), (A, 0)), ((A, 3), (A, 0))])
@pytest.mark.parametrize("words", ["abcd", "àbçd", "中文字!"])
def test_reverse_order_is_refused(
    sides: tuple[tuple[int, int], tuple[int, int]], words: str
) -> None:
    with pytest.raises(ReverseOrderError):
        text(words).beside(by_b(string("x", *sides)))


def test_deleted_characters_are_nothing_between_two() -> None:
    written = text("abcdef")
    written.take(update(deletes=delete(A, (2, 2))))  # ab..ef
    for left in ((A, 1), (A, 3)):
        assert written.beside(by_b(string("x", left, (A, 4)))), left
    assert not written.beside(by_b(string("x", (A, 2), (A, 4)))), "before one of its writer's own"
    assert not written.beside(by_b(string("x", (A, 3), (A, 2)))), "in reverse order"
    for right in ((A, 2), (A, 3), (A, 4)):
        assert written.beside(by_b(string("x", (A, 1), right))), right
    assert written.beside(by_b(string("x", (A, 2), (A, 3))))
    assert not written.beside(by_b(string("x", (A, 0), (A, 3)))), "around what is shown"
    assert not written.beside(by_b(string("x", (A, 2), (A, 5)))), "around what is shown"


@pytest.mark.parametrize("words", ["abc", "äöü", "a中c", "😀b"])
def test_end_of_a_block_is_found_whatever_its_characters(words: str) -> None:
    written = text(words)
    units = len(words.encode("utf-16-le")) // 2
    written.take(by_b(string("éy", (A, units - 1))))
    assert written.beside(update(block(7, 0, string("x", (A, units - 1), (B, 0)))))
    assert not written.beside(update(block(7, 0, string("x", (A, units - 1), (B, 1)))))
    assert not written.beside(update(block(7, 0, string("x", (A, units - 1)))))


def test_deleted_unit_in_front_of_its_writer_s_last_one_is_no_right_neighbour_of_it() -> None:
    written = text("a")
    written.take(update(block(A, 1, string("b", None, (A, 0))), deletes=delete(A, (1, 1))))
    assert not written.beside(by_b(string("x", (A, 0), (A, 1))))


def test_character_in_another_block_of_its_writer_is_not_the_last() -> None:
    written = text("é")
    written.take(update(block(A, 1, string("ü", None, (A, 0)))))  # üé
    assert not written.beside(by_b(string("x", (A, 1))))
    assert written.beside(by_b(string("x", (A, 0))))


def test_pair_is_one_character_of_two_units() -> None:
    written = text("a😀b")
    assert written.beside(by_b(string("x", (A, 2), (A, 3))))
    written.take(by_b(string("é", (A, 2), (A, 3))))
    assert written.beside(update(block(7, 0, string("x", (A, 2), (B, 0)))))
    assert written.beside(update(block(7, 0, string("x", (B, 0), (A, 3)))))


def test_what_an_update_deletes_is_no_matter() -> None:
    assert text().beside(by_b(string("x", (A, 1), (A, 2)), deletes=delete(A, (1, 2))))


def test_structs_that_go_on_after_each_other_stand_in_one_gap() -> None:
    first = string("x", (A, 1), (A, 2))
    assert text().beside(by_b(first, string("y", (B, 0), (A, 2)), string("z", (B, 1), (A, 2))))
    assert text().beside(by_b(first, string("y", (A, 2), (A, 3)))), "two gaps"
    assert not text().beside(by_b(first, string("y", (B, 0), (A, 3)))), "over a character"
    assert not text().beside(by_b(first, string("y", (A, 1), (A, 2)))), "the same gap twice"
    assert not text().beside(by_b(first, string("y", (A, 1), (B, 0)))), "before the first"


def test_other_content_is_to_be_seen() -> None:
    bold = bytes((0x86, A, 3)) + name("bold") + name("true")
    assert not text().beside(by_b(bold))
    assert not text().beside(by_b(item(4, name("x"), key="k")))
    assert not text().beside(by_b(*[string("x", (A, 1), (A, 2))] * 17))


def test_what_stands_in_other_roots_is_not_in_the_text() -> None:
    other = item(4, name("x"), parent=b"\x01\x04meta")
    assert text().in_text(by_b(string("x", (A, 3))))
    assert not text().in_text(by_b(other))
    assert text().in_text(update(block(B, 0, other, string("x", (A, 3)))))
    assert not text().beside(by_b(other))
    assert not Written(by_b(other)).in_text(update(block(B, 1, string("y", (B, 0)))))
    assert Written(by_b(other)).in_text(update(block(A, 0, string("y"))))
    assert Written(update(block(A, 0, b"\0\x02"))).in_text(by_b(string("x", (A, 1)))), "anywhere"


def test_replica_is_as_before_once_an_update_is_found_unsound() -> None:
    editor = Editor(A)
    written = Written(editor.edit(("abcd",)))
    replica, known = written.replica, written.known
    replica.known = known
    crossed = by_b(string("efg", (A, 3)), string("x", (B, 2), (B, 1)))
    verdict = inspect(crossed, known)
    assert isinstance(verdict, Ready)
    state = replica.state()
    applied = replica.apply(crossed, verdict)
    assert (applied.ops, applied.changed) == ((), False)
    assert applied.refused == "an item between two that never were neighbours"
    assert (replica.text, replica.state()) == ("abcd", state)
    written.take(editor.edit((4, "e")))
    assert replica.text == "abcde"
    replica.verify()
