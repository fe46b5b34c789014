"""sync.yjs.tails beside a text of which every character knows who wrote it.

Held after every step: what is predicted is where the writer stands, and a predicted backspace takes
out the writer's own last characters; a tail beside which somebody has put something is gone;
nobody else's is, unless it stood at the same place as one that moved.

Mutants seen caught here, one at a time: a tail not dropped, or only the first of several at one
place, by an insert, a replacement, a keystroke that was predicted; a run not cut by an insert or a
replacement; a run not ended by a delete in it; a gap not widened, narrowed, split or joined; a tail
learned twice; the number of tails not bounded.
"""

from itertools import accumulate
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.text.delta import Delta, canonical
from sync.yjs.gate import Ready, TypingDelete, TypingInsert
from sync.yjs.tails import Tails
from tests.patience import SOAK

WORLDS = 20_000 if SOAK else 300
STEPS = 80
MOST = 4
CLIENTS = range(1, 7)


class Writer:
    """Where one writer's last visible character ends, by the text itself."""

    def __init__(self, client: int) -> None:
        self.client = client
        self.next_clock = 0
        self.clock = -1
        self.place: int | None = None
        """None: nothing was typed, or something was put there."""


class World:
    """A text, its writers, and the tails that must not be wrong about it."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.tails = Tails(MOST)
        self.cells: list[tuple[int, int]] = []
        self.writers = {client: Writer(client) for client in CLIENTS}
        self.predicted = 0

    def step(self) -> None:
        writer = self.writers[self.rng.choice(CLIENTS)]
        act = self.rng.randrange(10)
        if act < 4 and writer.place is not None:
            self.type(writer, writer.place, writer.clock)
        elif act < 6:
            at = self.rng.randrange(len(self.cells) + 1)
            self.type(writer, at, None)
        elif act < 8 and writer.place is not None:
            self.delete_back(writer)
        else:
            self.change()
        self.check()

    def type(self, writer: Writer, at: int, origin: int | None) -> None:
        """Type there, going on from a clock, or having clicked elsewhere."""
        length = self.rng.choice((1, 1, 2))
        clock = writer.next_clock
        writer.next_clock += length
        left = (0, 0) if origin is None else (writer.client, origin)
        hint = TypingInsert(writer.client, clock, left, None, "x" * length)
        ready = Ready((), (), length, True, (), (), (), (), (), hint)
        ops = canonical((at, hint.text) if at else (hint.text,))
        found = self.tails.predict(ready)
        if found is None:
            self.tails.follow(ops)
            self.tails.remember(hint, length, ops)
        else:
            self.predicted += 1
            assert found == ops
        self.cells[at:at] = [(writer.client, clock + n) for n in range(length)]
        for other in self.writers.values():
            if other.place is not None and other is not writer:
                other.place = _after_insert(other.place, at, length)
        writer.place, writer.clock = at + length, clock + length - 1

    def delete_back(self, writer: Writer) -> None:
        length = self.rng.choice((1, 1, 2, 3))
        first = writer.clock + 1 - length
        hint = TypingDelete(writer.client, first, length)
        place = writer.place
        assert place is not None
        before = self.tails.find(writer.client)
        found = self.tails.predict(Ready((), (), 0, True, (), (), (), (), (), hint))
        if found is None:
            return
        assert before is not None
        self.predicted += 1
        start = place - length
        assert found == canonical((start, -length) if start else (-length,))
        assert self.cells[start:place] == [(writer.client, first + n) for n in range(length)]
        writer.clock = first - 1
        self.delete(start, place)

    def change(self) -> None:
        """Somebody else's change, which nobody predicts: one part of it after the other."""
        parts: list[int | str] = []
        at = 0
        for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
            left = len(self.cells) - at
            kept = self.rng.randrange(left + 1) if left else 0
            gone = min(left - kept, self.rng.choice((0, 0, 1, 3)))
            new = "y" * self.rng.choice((0, 1, 2))
            parts += [part for part in (kept, new, -gone) if part]
            at += kept + gone
        ops = canonical(parts)
        self.tails.follow(ops)
        self.apply(ops)

    def apply(self, ops: Delta) -> None:
        at = 0
        for op, following in zip(ops, (*ops[1:], 0), strict=False):
            if isinstance(op, str):
                gone = -following if isinstance(following, int) and following < 0 else 0
                for writer in self.writers.values():
                    if writer.place is not None and at <= writer.place <= at + gone:
                        writer.place = None
                    elif writer.place is not None and writer.place > at:
                        writer.place += len(op)
                self.cells[at:at] = [(0, 0)] * len(op)
                at += len(op)
            elif op > 0:
                at += op
            else:
                self.delete(at, at - op)

    def delete(self, start: int, end: int) -> None:
        del self.cells[start:end]
        for writer in self.writers.values():
            if writer.place is not None and writer.place > start:
                writer.place -= min(end, writer.place) - start

    def check(self) -> None:
        tails = self.tails
        assert len(tails._order) == len(set(tails._order)) == len(tails._tails) <= MOST
        for client, place, gap in zip(
            tails._order, accumulate(tails._gaps), tails._gaps, strict=True
        ):
            tail = tails._tails[client]
            writer = self.writers[client]
            assert place == writer.place, "not where the writer stands"
            assert tail.clock == writer.clock
            assert 0 <= tail.run <= gap
            run = [(client, tail.clock + 1 - tail.run + n) for n in range(tail.run)]
            assert self.cells[place - tail.run : place] == run, "a run with something else in it"


def _after_insert(place: int, at: int, length: int) -> int | None:
    if place == at:
        return None
    return place + length if place > at else place


@settings(max_examples=WORLDS)
@given(st.integers(0, 2**64))
def test_tails_stand_where_the_text_says(seed: int) -> None:
    world = World(seed)
    for _ in range(STEPS):
        world.step()


def test_much_is_predicted() -> None:
    world = World(1)
    for _ in range(2_000):
        world.step()
    assert world.predicted > 200


def test_no_tails_are_kept_where_none_are_wanted() -> None:
    tails = Tails(0)
    tails.remember(TypingInsert(1, 0, (0, 0), None, "x"), 1, ("x",))
    assert tails.find(1) is None
