"""sync.yjs.keystroke: the short way of one insertion or deletion, as strict as the parser."""

from sync.yjs.gate import Malformed, Range, Ready, Waiting, inspect
from sync.yjs.keystroke import TypingDelete, TypingInsert, recognise_keystroke
from tests.unit.sync.yjs.test_gate import ABC, EMOJI, ready, reason
from tests.unit.sync.yjs.update_bytes import A, B, block, delete, string, update


def test_keystroke_is_recognised_and_anything_else_is_left_to_the_parser() -> None:
    typed = update(block(A, 3, string("d", (A, 2))))
    assert recognise_keystroke(typed) == TypingInsert(A, 3, (A, 2), None, "d")
    assert recognise_keystroke(update(deletes=delete(A, (1, 2)))) == TypingDelete(A, 1, 2)
    for other in (
        update(block(A, 0, string("d"))),
        update(block(A, 3, string("d", (A, 2)), string("e", (A, 3)))),
        update(block(A, 3, string("d", (A, 2))), deletes=delete(A, (1, 1))),
        typed + b"\0",
        typed[:-1],
        b"",
    ):
        assert recognise_keystroke(other) is None


def test_keystroke_is_ready_with_a_hint() -> None:
    verdict = ready(inspect(update(block(A, 3, string("d", (A, 2)))), ABC))
    assert verdict == Ready(
        authored=(Range(A, 3, 4),),
        deletes=(),
        inserted_units=1,
        plain=True,
        pairs=(),
        roots=(),
        text_roots=(),
        types=(),
        remains=(),
        hint=TypingInsert(A, 3, (A, 2), None, "d"),
    )
    between = ready(inspect(update(block(B, 0, string("é中", (A, 0), (A, 1)))), ABC))
    assert between.hint == TypingInsert(B, 0, (A, 0), (A, 1), "é中")
    emoji = ready(inspect(update(block(A, 3, string("😀", (A, 2)))), ABC))
    assert emoji.hint == TypingInsert(A, 3, (A, 2), None, "😀")
    assert emoji.pairs == ((A, 3),)
    assert emoji.inserted_units == 2


def test_backspace_is_ready_with_a_hint() -> None:
    verdict = ready(inspect(update(deletes=delete(A, (1, 2))), ABC))
    assert verdict.deletes == (Range(A, 1, 3),)
    assert verdict.has_deletes
    assert verdict.hint == TypingDelete(A, 1, 2)
    assert not verdict.authored
    two = ready(inspect(update(deletes=delete(A, (0, 1), (2, 1))), ABC))
    assert two.hint is None


def test_the_fast_path_for_keystrokes_is_no_less_strict() -> None:
    assert inspect(update(block(A, 5, string("x", (A, 1)))), ABC) == Waiting(((A, 5),))
    for size in (2, 5):
        wrong = update(block(A, 3, bytes([0x84, A, 2, size]) + b"abc"))
        assert isinstance(inspect(wrong, ABC), Malformed)
    right = update(block(A, 3, string("x", (A, 1), (A, 7))))
    assert "depends on itself" in reason(inspect(right, ABC))
    other = update(block(A, 3, string("x", (A, 1), (B, 7))))
    assert inspect(other, ABC) == Waiting(((B, 8),))
    for cut in (string("x", (A, 1)), string("x", (A, 0), (A, 2)), string("x", (A, 2), (A, 2))):
        assert isinstance(inspect(update(block(A, 4, cut)), EMOJI), Malformed)
