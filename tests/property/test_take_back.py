"""Taking back: each code point is what it would be without the events that are taken back.

Planted and caught, each alone: turns of others ignored; text that others brought back taken for new
text; a restore whose delta keeps other characters than those that stood; a merged restore not
recognised; typed keys of two people, or of two sides of the range, in one piece; a deleted piece
counted as standing; the size of a block not brought up to date; the first piece of a block passed
over. Of a part of the text: what was deleted at either end left out; a piece not cut at an end, or
only at the first; typed keys of both sides of its version in one piece; a session that does not say
the part; the part passed over when it is known again; what stands outside left out of the edit.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import pytest

from app.service.strand_reader import Chapter
from sync.event_origin import (
    Passage,
    TakeBack,
    actor_mark,
    restore_session,
    take_back_session,
)
from sync.text.authored import AuthoredDeltas, TextWriter
from sync.text.delta import Delta, apply, canonical
from sync.text.rebase import rebase
from sync.text.take_back import visible_text
from sync.text.textdiff import diff
from tests.property.test_blame import random_delta

ACTORS = "abc"


@dataclass
class History:
    """Events of several people, with restores and take-backs among them."""

    chance: Random
    texts: list[str] = field(default_factory=lambda: [""])
    events: list[Delta] = field(default_factory=list)
    writers: list[TextWriter] = field(default_factory=list)

    @property
    def head(self) -> int:
        return len(self.events)

    def write(self, ops: Delta, actor: str, session: str = "s1") -> None:
        self.texts.append(apply(self.texts[-1], ops))
        self.events.append(ops)
        self.writers.append(TextWriter(actor, actor, session))

    def type_some(self) -> None:
        """One or two people at work, perhaps at one place."""
        at = self.chance.randrange(len(self.texts[-1]) + 1)
        for _ in range(self.chance.randrange(1, 6)):
            actor = self.chance.choice("ab")
            length = len(self.texts[-1])
            at = min(at, length)
            if at and self.chance.random() < 0.3:
                self.write(canonical((at - 1, -1)), actor)
                at -= 1
            else:
                self.write(canonical((at, self.chance.choice("xyz\n🎉"))), actor)
                at += 1

    def edit(self) -> None:
        self.write(random_delta(self.chance, len(self.texts[-1])), self.chance.choice(ACTORS))

    def restore(self) -> None:
        version = self.chance.randrange(self.head + 1)
        ops = diff(self.texts[-1], self.texts[version])
        if ops:
            self.write(ops, self.chance.choice(ACTORS), restore_session(version, "00"))

    def take_back(self, taken: TakeBack) -> None:
        ops = self.plan(taken)
        # Somebody writes while it is on its way.
        if self.chance.random() < 0.2:
            other = random_delta(self.chance, len(self.texts[-1]))
            self.write(other, "c")
            ops = rebase(ops, [other])
        if ops:
            self.write(ops, self.chance.choice(ACTORS), take_back_session(taken, "00"))

    def some_range(self) -> TakeBack:
        after = self.chance.randrange(self.head + 1)
        upto = self.chance.choice([self.head, self.chance.randrange(after, self.head + 1)])
        who = self.chance.choice(["all", *map(actor_mark, ACTORS)])
        return TakeBack(after, upto, who)

    def chapter(self, after: int, upto: int | None = None) -> Chapter:
        """The events, in pages of random sizes."""
        end = self.head if upto is None else upto
        pages: list[AuthoredDeltas] = []
        at = after
        while at < end:
            size = self.chance.randrange(1, 30)
            events = self.events[at : min(end, at + size)]
            writers = self.writers[at : at + len(events)]
            used = list(dict.fromkeys(writers))
            index = [used.index(each) for each in writers]
            pages.append(AuthoredDeltas(at, used, index, [0] * len(events), events))
            at += len(events)
        return Chapter(self.texts[after], pages)

    def plan(self, taken: TakeBack, begin: int | None = None) -> Delta:
        """What takes back, from a strand that begins where it must, or earlier."""
        after = taken.after if begin is None else begin
        if after == self.head:
            return ()
        return self.chapter(after).without(taken).ops

    def some_place(self, taken: TakeBack) -> TakeBack:
        """The same, in a part of the text of some version."""
        version = self.chance.choice([self.head, self.chance.randrange(taken.after, self.head + 1)])
        length = len(self.texts[version])
        start = self.chance.randrange(length + 1)
        end = self.chance.randrange(start, length + 1)
        return taken._replace(place=Passage(version, start, end))


def history(seed: int, *, returns: bool = True, places: bool = True, count: int = 60) -> History:
    made = History(Random(seed))
    while made.head < count:
        kind = made.chance.random()
        if returns and kind < 0.1 and made.head:
            made.restore()
        elif returns and kind < 0.25 and made.head:
            taken = made.some_range()
            made.take_back(
                made.some_place(taken) if places and made.chance.random() < 0.5 else taken
            )
        elif kind < 0.6:
            made.type_some()
        else:
            made.edit()
    return made


@pytest.mark.parametrize("seed", range(40))
def test_strand_shows_the_text_of_every_version(seed: int) -> None:
    made = history(seed)
    for upto in range(1, made.head + 1):
        after = made.chance.randrange(upto)
        pieces = made.chapter(after, upto).strand(made.some_range()).pieces()
        assert visible_text(pieces) == made.texts[upto]


@pytest.mark.parametrize("seed", range(40))
def test_all_events_since_a_version_taken_back_are_its_text(seed: int) -> None:
    made = history(seed)
    for after in range(made.head):
        ops = made.plan(TakeBack(after, made.head, "all"))
        assert apply(made.texts[-1], ops) == made.texts[after]


@pytest.mark.parametrize("seed", range(40))
def test_second_time_changes_nothing(seed: int) -> None:
    made = history(seed)
    for turn in range(6):
        taken = made.some_range()
        taken = made.some_place(taken) if turn % 2 else taken
        ops = made.plan(taken)
        if ops:
            made.write(ops, made.chance.choice(ACTORS), take_back_session(taken, "00"))
        assert made.plan(taken) == ()


@pytest.mark.parametrize("seed", range(40))
def test_second_time_changes_nothing_after_others_wrote(seed: int) -> None:
    made = history(seed)
    for turn in range(6):
        taken = made.some_range()
        taken = made.some_place(taken) if turn % 2 else taken
        ops = made.plan(taken)
        if ops:
            made.write(ops, "c", take_back_session(taken, "00"))
        for _ in range(3):
            made.edit()
        assert made.plan(taken) == ()


@dataclass
class CodePoint:
    char: str
    born: int
    gone: int = 0
    at: int = 0
    """Its place in the text of some version; the place where it would stand, if it does not."""
    stood: bool = False

    def note_place(self, version: int, at: int) -> int:
        """Note whether it stood in the text of a version, at a place; returns the next place."""
        self.at = at
        self.stood = self.born <= version and not 0 < self.gone <= version
        return at + self.stood

    def is_in(self, place: Passage) -> bool:
        if self.stood:
            return place.start <= self.at < place.end
        return place.start <= self.at <= place.end


def alone(made: History, taken: TakeBack) -> str:
    """The text without some events, a code point at a time; for histories without returns."""
    row = [CodePoint(char, 0) for char in made.texts[taken.after]]
    for version, ops in enumerate(made.events[taken.after :], taken.after + 1):
        at = 0
        for op in ops:
            if isinstance(op, str):
                place = _behind(row, at)
                row[place:place] = [CodePoint(char, version) for char in op]
                at += len(op)
            elif op > 0:
                at += op
            else:
                standing = [each for each in row if not each.gone]
                for each in standing[at : at - op]:
                    each.gone = version

    def is_taken(version: int) -> bool:
        return taken.has(version, made.writers[version - 1].actor_id)

    def stands(each: CodePoint) -> bool:
        if taken.place is not None and not each.is_in(taken.place):
            return not each.gone
        return not (each.born and is_taken(each.born)) and not (
            each.gone and not is_taken(each.gone)
        )

    at = 0
    for each in row:
        if taken.place is not None:
            at = each.note_place(taken.place.version, at)
    return "".join(each.char for each in row if stands(each))


def _behind(row: list[CodePoint], pos: int) -> int:
    """The index right behind the standing code point before a place."""
    for index, each in enumerate(row):
        if not pos:
            return index
        pos -= not each.gone
    return len(row)


@pytest.mark.parametrize("seed", range(60))
def test_rest_is_as_if_the_events_had_not_been(seed: int) -> None:
    made = history(seed, returns=False, count=200 if seed % 10 == 0 else 60)
    for _ in range(12):
        taken = made.some_range()
        assert apply(made.texts[-1], made.plan(taken)) == alone(made, taken)
        part = made.some_place(taken)
        assert apply(made.texts[-1], made.plan(part)) == alone(made, part)


@pytest.mark.parametrize("seed", range(30))
def test_whole_text_of_any_version_is_as_no_place(seed: int) -> None:
    made = history(seed)
    for _ in range(10):
        taken = made.some_range()
        version = made.chance.randrange(taken.after, made.head + 1)
        whole = taken._replace(place=Passage(version, 0, len(made.texts[version])))
        assert made.plan(whole) == made.plan(taken)


@pytest.mark.parametrize("seed", range(30))
def test_parts_taken_back_one_after_the_other_are_the_whole(seed: int) -> None:
    made = history(seed)
    for _ in range(4):
        taken = made.some_range()
        version = made.chance.randrange(taken.after, made.head + 1)
        expected = apply(made.texts[-1], made.plan(taken))
        length = len(made.texts[version])
        cuts = sorted({0, length, *(made.chance.randrange(length + 1) for _ in range(3))})
        parts = [Passage(version, start, end) for start, end in pairwise(cuts)]
        parts = parts or [Passage(version, 0, 0)]
        made.chance.shuffle(parts)
        for place in parts:
            part = taken._replace(place=place)
            if ops := made.plan(part):
                made.write(ops, "c", take_back_session(part, "00"))
            assert made.plan(part) == ()
        assert made.texts[-1] == expected


def test_part_of_a_text_is_taken_back_with_what_was_deleted_at_its_ends() -> None:
    made = History(Random(0))
    made.write(("Good words. Good end.",), "a")
    made.write(diff(made.texts[-1], "BAD words. BAD end."), "b")
    head = Passage(2, 11, 14)
    ops = made.plan(TakeBack(1, 2, "all", head))
    assert apply(made.texts[-1], ops) == "BAD words. Good end."
    # A place without text is one at which something was deleted.
    made.write((10, -9), "b")
    ops = made.plan(TakeBack(1, 3, "all", Passage(3, 10, 10)))
    assert apply(made.texts[-1], ops) == "BAD words. Good end."
    with pytest.raises(ValueError, match="10 characters"):
        made.plan(TakeBack(1, 3, "all", Passage(3, 10, 11)))


def test_text_of_others_stays_and_theirs_alone_goes() -> None:
    made = History(Random(0))
    made.write(("The cat sat.",), "a")
    made.write((4, "black ", 8), "b")
    made.write((10, -3), "b")
    made.write((10, "dog"), "b")
    made.write((6, "UE", -3), "c")
    made.write((8, "!"), "a")
    assert made.texts[-1] == "The blUE! dog sat."
    taken = TakeBack(1, 4, actor_mark("b"))
    made.write(made.plan(taken), "a", take_back_session(taken, "00"))
    assert made.texts[-1] == "The UE!cat sat."
    assert made.plan(taken) == ()
    # What was taken back is an event like any other, and goes the same way.
    again = TakeBack(6, 7, "all")
    assert apply(made.texts[-1], made.plan(again)) == made.texts[6]


def test_text_that_a_restore_brought_back_does_not_come_twice() -> None:
    made = History(Random(0))
    made.write(("one two three",), "a")
    made.write((4, -4), "b")
    made.write((3, "!"), "c")
    made.write(diff(made.texts[-1], made.texts[1]), "c", restore_session(1, "00"))
    assert made.plan(TakeBack(1, 2, actor_mark("b"))) == ()
    assert made.plan(TakeBack(0, 2, actor_mark("b")), begin=0) == ()


def test_restore_that_was_merged_with_others_brings_text_back_once() -> None:
    made = History(Random(0))
    made.write(("one|two|three",), "a")
    made.write((4, -3), "b")
    restore = diff(made.texts[-1], made.texts[1])
    made.write(("> ",), "c")
    made.write(rebase(restore, [("> ",)]), "c", restore_session(1, "00"))
    assert made.texts[-1] == "> one|two|three"
    assert made.plan(TakeBack(1, 2, actor_mark("b"))) == ()


def test_many_pieces_are_in_many_blocks() -> None:
    made = History(Random(3))
    made.write(("." * 4_000,), "a")
    for n in range(1_200):
        length = len(made.texts[-1])
        at = made.chance.randrange(length - 40)
        ops = (at + 1, "ab") if n % 3 else (at + 1, -made.chance.choice([1, 2, 30]))
        made.write(canonical(ops), made.chance.choice(ACTORS))
    for who in ("a", "b"):
        taken = TakeBack(1, made.head, actor_mark(who))
        assert apply(made.texts[-1], made.plan(taken)) == alone(made, taken)
