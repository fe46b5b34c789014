"""sync.yjs.replica: the positions it predicts are the positions that pycrdt finds.

Invariants, after every single update:

- the ops of the fast path are those that comparing the texts gives (up to which of two equal
  characters was meant), and exactly those of a replica that has no fast path;
- ops applied to the text before are the text after, which is the text of the CRDT.

Sessions are honest editors (runs of typing, backspaces, clicks elsewhere, typing at each other's
carets, replacements in one transaction, offline edits merged into one update, emoji; more writers
than tails are kept), the server's own edits between them, and hand-made items whose origins and
right origins are any units at all.

Mutants seen caught here: `_moved` never dropping a tail; dropping it only beside a delete;
believing the place of an insert beside a delete (the first version did); foreign keystrokes or
backspaces not followed; the server's edits not followed; `run` not cut by an insert inside it;
`run` not cleared by a foreign delete; a backspace longer than the run; a writer's tail kept where
it was when that writer clicks elsewhere; `run` counting surrogate pairs; the origin not compared.
"""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.text.delta import Delta, apply
from sync.yjs.gate import KnownState, Ready, TypingDelete, TypingInsert, inspect
from sync.yjs.replica import Applied, Replica, merged
from tests.patience import SOAK
from tests.property.hostile_update import varint
from tests.unit.sync.room.driven_room import Editor

SESSIONS = 2_000 if SOAK else 15
STEPS = 400 if SOAK else 120
PIECES = ("a", "a", "b", "b", "ab", "é", "中", "😀", "a😀", "\n")
SERVER = 2**32 - 7


class Compared:
    """Three replicas of one document that must agree on every step."""

    def __init__(self) -> None:
        self.fast = Replica(SERVER)
        self.slow = Replica(SERVER, tails=0)
        self.known = KnownState()
        self.predicted = 0
        self.log: list[bytes] = []

    def receive(self, update: bytes) -> bool:
        """Merge an update if the gate lets it through."""
        verdict = inspect(update, self.known)
        if not isinstance(verdict, Ready):
            return False
        before = self.fast.text
        applied = self.fast.apply(update, verdict)
        self.predicted += self.fast._watch is None and applied.ops != ()
        searched = self.slow.apply(update, verdict)
        self._compare(before, applied, searched)
        self.known.advance(verdict)
        self.log.append(update)
        return True

    def edit(self, ops: Delta) -> None:
        """The server's own edit."""
        before = self.fast.text
        update = self.fast.edit(ops)
        verdict = inspect(update, self.known)
        assert isinstance(verdict, Ready), "what the server writes passes the gate"
        searched = self.slow.apply(update, verdict)
        self._compare(before, Applied(ops, True), searched, exactly=False)
        self.known.advance(verdict)
        self.log.append(update)

    def _compare(
        self, before: str, applied: Applied, searched: Applied, *, exactly: bool = True
    ) -> None:
        self.fast.verify()
        self.slow.verify()
        assert self.fast.text == self.slow.text
        assert apply(before, applied.ops) == self.fast.text, "ops and update differ"
        if exactly:
            assert applied == searched, "predicted and found differ"


class Writer:
    """An editor with a caret, that sends what it writes now or later."""

    def __init__(self, client: int) -> None:
        self.editor = Editor(client)
        self.caret = 0
        self.unsent: list[bytes] = []
        self.seen = 0

    def pull(self, log: list[bytes]) -> None:
        for update in log[self.seen :]:
            self.editor.apply(update)
        self.seen = len(log)
        self.caret = min(self.caret, len(str(self.editor)))

    def change(self, *ops: int | str) -> None:
        self.unsent.append(self.editor.edit([op for op in ops if op]))

    def act(self, rng: Random, carets: list[int]) -> None:
        length = len(str(self.editor))
        self.caret = min(self.caret, length)
        at = self.caret
        what = rng.randrange(20)
        if what < 9:
            piece = rng.choice(PIECES)
            self.change(at, piece)
            self.caret = at + len(piece)
        elif what < 13 and at:
            gone = min(at, rng.choice((1, 1, 1, 2, 3)))
            self.change(at - gone, -gone)
            self.caret = at - gone
        elif what < 15:
            self.caret = rng.randrange(length + 1)
        elif what < 17 and carets:
            self.caret = min(length, rng.choice(carets))
        elif what == 17 and at < length:
            self.change(at, -min(length - at, rng.choice((1, 2, 5))))
        elif what == 18 and at:
            # A replacement in one transaction, the new text before or behind the old.
            piece = rng.choice(PIECES)
            if rng.randrange(2):
                self.change(at - 1, piece, -1)
            else:
                self.behind(at, piece)
        elif what == 19 and at < length:
            self.change(at, rng.choice(PIECES), 1, rng.choice(PIECES))

    def behind(self, at: int, piece: str) -> None:
        """Insert at `at` and delete the character before it, in one transaction."""
        editor = self.editor
        made: list[bytes] = []
        subscription = editor.doc.observe(lambda event: made.append(event.update))
        shown = str(editor)
        start, end = len(shown[: at - 1].encode()), len(shown[:at].encode())
        with editor.doc.transaction():
            editor.text.insert(end, piece)
            del editor.text[start:end]
        editor.doc.unobserve(subscription)
        self.unsent += made


def play(rng: Random, steps: int) -> Compared:
    """A session of honest writers."""
    compared = Compared()
    count = rng.choice((1, 2, 2, 3, 5, 12))
    clients = rng.sample(range(1, 2 ** rng.choice((6, 32, 53))), count)
    writers = [Writer(client) for client in clients]
    eager = rng.random()
    for _ in range(steps):
        writer = rng.choice(writers[: rng.choice((1, count))])
        for _ in range(rng.choice((1, 1, 4))):
            writer.act(rng, [other.caret for other in writers])
        if rng.random() < eager:
            if len(writer.unsent) > 1 and rng.randrange(4) == 0:
                # Sent as one, as after an absence.
                assert compared.receive(merged(writer.unsent))
            else:
                for update in writer.unsent:
                    assert compared.receive(update)
            writer.unsent.clear()
        if rng.random() < 0.5:
            writer.pull(compared.log)
        if rng.randrange(15) == 0:
            length = len(compared.fast.text)
            at = rng.randrange(length + 1)
            if rng.randrange(2) or at == length:
                compared.edit((at, rng.choice(PIECES)) if at else (rng.choice(PIECES),))
            else:
                compared.edit((at, "q", -1) if at else ("q", -1))
    for writer in writers:
        for update in writer.unsent:
            assert compared.receive(update)
        writer.unsent.clear()
    for writer in writers:
        writer.pull(compared.log)
        assert str(writer.editor) == compared.fast.text
    return compared


@pytest.mark.timeout(0)
@settings(max_examples=SESSIONS, deadline=None)
@given(st.integers(0, 2**64))
def test_predicted_positions_are_found_ones_in_honest_sessions(seed: int) -> None:
    play(Random(seed), STEPS)


def test_fast_path_is_taken_most_of_the_time_when_typing() -> None:
    compared = Compared()
    writer = Writer(5)
    for number in range(200):
        writer.change(number, "x")
    for update in writer.unsent:
        compared.receive(update)
    assert compared.predicted > 190


# --- items that no editor writes ----------------------------------------------------------------


def item(
    client: int,
    clock: int,
    origin: tuple[int, int] | None,
    right: tuple[int, int] | None,
    text: str,
) -> bytes:
    """An update with one string."""
    raw = text.encode()
    ids = b"".join(varint(number) for at in (origin, right) if at for number in at)
    info = 4 | (0x80 if origin else 0) | (0x40 if right else 0)
    parent = b"" if origin or right else b"\x01\x07content"
    head = b"\x01\x01" + varint(client) + varint(clock) + bytes([info])
    return head + ids + parent + varint(len(raw)) + raw + b"\0"


def deletion(client: int, clock: int, length: int) -> bytes:
    return b"\0\x01" + varint(client) + b"\x01" + varint(clock) + varint(length)


def hostile(rng: Random, compared: Compared) -> bytes:
    clocks = compared.known.clocks
    clients = [*clocks, rng.randrange(1, 9)]
    client = rng.choice(clients)

    def unit() -> tuple[int, int] | None:
        on = rng.choice(clients)
        have = clocks.get(on, 0)
        if not have or rng.randrange(12) == 0:
            return None
        return (on, have - 1 - min(rng.randrange(have), rng.choice((0, 1, 1, 2, 50))))

    have = clocks.get(client, 0)
    tail = compared.fast._tails.find(client)
    if have and rng.randrange(4) == 0:
        length = min(have, rng.choice((1, 1, 2, 3)))
        if tail is not None and tail.clock >= length and rng.randrange(4):
            return deletion(client, tail.clock + 1 - length, length)
        return deletion(client, have - length - rng.randrange(have - length + 1) // 3, length)
    origin = unit()
    right = unit()
    if tail is not None and rng.randrange(3):
        # Go on where the fast path looks, with a right origin that it believes, or another.
        origin = (client, tail.clock)
        right = rng.choice((tail.right, tail.right, (client, tail.clock + 1), unit()))
    return item(client, have, origin, right, rng.choice(("a", "b", "ab", "aba", "é")))


@pytest.mark.timeout(0)
@settings(max_examples=SESSIONS * 3, deadline=None)
@given(st.integers(0, 2**64))
def test_predicted_positions_are_found_ones_for_any_origins(seed: int) -> None:
    rng = Random(seed)
    compared = Compared()
    for _ in range(STEPS // 2):
        update = hostile(rng, compared)
        compared.receive(update)
        if rng.randrange(25) == 0:
            length = len(compared.fast.text)
            at = rng.randrange(length + 1)
            compared.edit((at, "s") if at else ("s",))


@pytest.mark.parametrize("kind", [TypingInsert, TypingDelete])
def test_hostile_sessions_reach_the_fast_path(kind: type) -> None:
    rng = Random(1)
    compared = Compared()
    reached = 0
    for _ in range(2_000):
        update = hostile(rng, compared)
        verdict = inspect(update, compared.known)
        before = compared.predicted
        compared.receive(update)
        reached += (
            compared.predicted > before
            and isinstance(verdict, Ready)
            and isinstance(verdict.hint, kind)
        )
    assert reached > 50
