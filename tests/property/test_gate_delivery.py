"""The gate between real editing sessions and pycrdt, whatever order the network makes of them.

Invariants: everything a writer writes is accepted in the end; the text is the one that causal order
gives; after every single application the gate's state vector is pycrdt's.

Mutants seen caught here: no check of a client's own gap; origins of other clients not waited for;
deletions not waited for; a fast path that does not look at the right origin.
"""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Text

from sync.yjs.gate import KnownState, Ready, Waiting, decode_pairs, inspect
from sync.yjs.statevector import decode_state_vector

pytestmark = [pytest.mark.p5, pytest.mark.p6]

_PIECES = ("a", "b", "xyz", "é", "中文", "😀", "a😀", "👩‍👩‍👧", "\n")


class Writer:
    """One editor: a pycrdt document that records the updates it authors."""

    def __init__(self, client: int, log: list[bytes]) -> None:
        self.doc: Doc[Any] = Doc(client_id=client)
        self.text = self.doc.get("content", type=Text)
        self.log = log

    def edit(self, rng: Random) -> None:
        before = self.doc.get_state()
        shown = str(self.text)
        at = rng.randrange(len(shown) + 1)
        start = len(shown[:at].encode())
        if shown and rng.randrange(3) == 0:
            gone = shown[at : at + rng.randrange(1, 4)]
            if gone:
                recorded: list[bytes] = []
                subscription = self.doc.observe(lambda event: recorded.append(event.update))
                del self.text[start : start + len(gone.encode())]
                self.doc.unobserve(subscription)
                self.log += recorded
            return
        recorded = []
        subscription = self.doc.observe(lambda event: recorded.append(event.update))
        self.text.insert(start, rng.choice(_PIECES))
        self.doc.unobserve(subscription)
        assert before != self.doc.get_state()
        self.log += recorded

    def pull(self, other: "Writer") -> None:
        self.doc.apply_update(other.doc.get_update(self.doc.get_state()))


def write(rng: Random, edits: int) -> tuple[list[bytes], list[Writer]]:
    """Return the updates of a session of up to four writers, in an order that is causal."""
    log: list[bytes] = []
    writers = [
        Writer(client, log) for client in rng.sample(range(1, 2**53), rng.choice((1, 2, 3, 4)))
    ]
    for _ in range(edits):
        writer = rng.choice(writers)
        if rng.randrange(3) == 0:
            writer.pull(rng.choice(writers))
        else:
            writer.edit(rng)
    return log, writers


class Server:
    """Gate, a hold queue that only a test can afford, and pycrdt behind it."""

    def __init__(self) -> None:
        self.known = KnownState()
        self.doc: Doc[Any] = Doc()
        self.text = self.doc.get("content", type=Text)
        self.held: list[bytes] = []

    def receive(self, update: bytes) -> None:
        self.held.append(update)
        moved = True
        while moved:
            moved = False
            for held in list(self.held):
                verdict = inspect(held, self.known)
                if isinstance(verdict, Waiting):
                    assert verdict.missing
                    assert all(
                        clock > self.known.clocks.get(client, 0)
                        for client, clock in verdict.missing
                    )
                    continue
                assert isinstance(verdict, Ready), verdict
                self.doc.apply_update(held)
                self.known.advance(verdict)
                self.held.remove(held)
                for client, _, end in verdict.deletes:
                    assert end <= self.known.clocks.get(client, 0), "a deletion came too early"
                assert self.known.clocks == decode_state_vector(self.doc.get_state())
                moved = True


def _in_order(log: list[bytes]) -> str:
    doc: Doc[Any] = Doc()
    text = doc.get("content", type=Text)
    for update in log:
        doc.apply_update(update)
    return str(text)


@given(st.integers(0, 2**32))
@settings(max_examples=120, deadline=None)
def test_gate_gives_the_causal_text_for_any_order_of_delivery(seed: int) -> None:
    rng = Random(seed)
    log, _ = write(rng, 30)
    expected = _in_order(log)
    delivered = [*log, *rng.sample(log, len(log) // 4)]
    rng.shuffle(delivered)
    server = Server()
    for update in delivered:
        server.receive(update)
    assert not server.held
    assert str(server.text) == expected


@given(st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_gate_accepts_diffs_and_states_that_overlap_with_the_log(seed: int) -> None:
    rng = Random(seed)
    log, writers = write(rng, 40)
    server = Server()
    for update in log[: rng.randrange(len(log) + 1)]:
        server.receive(update)
    since = server.doc.get_state()
    for writer in rng.sample(writers, len(writers)):
        whole = rng.randrange(2) == 0
        server.receive(writer.doc.get_update() if whole else writer.doc.get_update(since))
    assert not server.held
    assert str(server.text) == _in_order(log)


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_known_state_is_the_same_after_a_checkpoint_and_from_a_whole_state(seed: int) -> None:
    rng = Random(seed)
    log, _ = write(rng, 30)
    server = Server()
    for update in log:
        server.receive(update)
    known = server.known
    restored = KnownState(
        decode_state_vector(known.encode_state_vector()), decode_pairs(known.encode_pairs())
    )
    assert restored == known
    assert known.copy() == known
    again = inspect(server.doc.get_update(), KnownState())
    assert isinstance(again, Ready)
    fresh = KnownState()
    fresh.advance(again)
    assert fresh.clocks == known.clocks
    whole = inspect(server.doc.get_update(), known)
    assert isinstance(whole, Ready)
    assert not whole.authored


def test_the_minimal_reordering_that_yrs_gets_wrong_ends_right() -> None:
    log = [
        bytes.fromhex(update)
        for update in (
            "0101020004010174016100",
            "01010201840200016300",
            "01010202840201016200",
            "01010203440200016500",
        )
    ]
    server = Server()
    for index in (3, 0, 2, 1):
        server.receive(log[index])
    assert str(server.doc.get("t", type=Text)) == "eacb"
