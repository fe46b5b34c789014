"""sync.yjs.known: what the gate keeps of a document, and how a checkpoint has it."""

import pytest

from sync.yjs.gate import inspect
from sync.yjs.known import NO_PAIRS, KnownState, decode_pairs
from sync.yjs.varint import MalformedError
from tests.unit.sync.yjs.test_gate import ABC, EMOJI, ready
from tests.unit.sync.yjs.update_bytes import A, block, string, update


def test_known_state_refuses_a_verdict_on_another_state() -> None:
    verdict = ready(inspect(update(block(A, 3, string("d", (A, 2)))), ABC))
    with pytest.raises(AssertionError, match="another state"):
        KnownState().advance(verdict)


def test_known_state_copies_do_not_share_and_empty_marks_are_short() -> None:
    copy = EMOJI.copy()
    copy.advance(ready(inspect(update(block(A, 4, string("😀", (A, 3)))), copy)))
    assert EMOJI.pairs == {A: {1}}
    assert copy.pairs == {A: {1, 4}}
    assert ABC.encode_pairs() == NO_PAIRS
    with pytest.raises(MalformedError):
        decode_pairs(NO_PAIRS + b"\0")
    with pytest.raises(MalformedError):
        decode_pairs(b"\0\0\x01\x05\x01\x03")
