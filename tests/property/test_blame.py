"""Blame: what spans say is what a model says that keeps the version of every code point.

Planted and caught, each alone: a span of typed keys that is cut without its version; a run of keys
that goes on over an event without text; backspaces beyond what was typed; deleted forwards taken
for backwards; a block whose size is not brought up to date; the text of a restore given to whoever
restored; a restore that is not moved by what was written meanwhile; authors of restored text that
nobody looks up.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import pytest

from storage.versions.blame_codec import decode_blame, encode_blame
from sync.text.authored import AuthoredDeltas, TextWriter
from sync.text.blame import Blame, BlameWalk, returned_by
from sync.text.delta import Delta, apply, canonical
from sync.text.rebase import rebase
from sync.text.span import by_version, sliced
from sync.text.textdiff import diff

LETTERS = "ab \n🎉éX"
WRITERS = [TextWriter(each, each.upper(), f"s{n}") for n, each in enumerate("abca")]


@dataclass
class Model:
    """The version of every code point, one by one."""

    texts: list[str] = field(default_factory=lambda: [""])
    versions: list[list[int]] = field(default_factory=lambda: [[]])
    events: list[Delta] = field(default_factory=list)
    restores: dict[int, int] = field(default_factory=dict)

    def write(self, delta: Delta, restored: int | None = None) -> None:
        version = len(self.events) + 1
        result = apply(self.texts[-1], delta)
        old = None if restored is None else self._old(restored, result)
        row: list[int] = []
        at = 0
        for op in delta:
            if isinstance(op, str):
                for _ in op:
                    known = None if old is None else old[len(row)]
                    row.append(version if known is None else known)
            elif op > 0:
                row += self.versions[-1][at : at + op]
                at += op
            else:
                at -= op
        row += self.versions[-1][at:]
        assert len(row) == len(result)
        self.texts.append(result)
        self.versions.append(row)
        self.events.append(delta)
        if restored is not None:
            self.restores[version] = restored

    def _old(self, restored: int, result: str) -> list[int | None]:
        """Of each code point after a restore the version in the restored text, where it agrees."""
        row: list[int | None] = []
        at = 0
        for op in diff(self.texts[restored], result):
            if isinstance(op, str):
                row += [None] * len(op)
            elif op > 0:
                row += self.versions[restored][at : at + op]
                at += op
            else:
                at -= op
        return row + list(self.versions[restored][at:])


def random_delta(chance: Random, length: int) -> Delta:
    ops: list[int | str] = []
    left = length
    for _ in range(chance.randrange(1, 5)):
        kind = chance.random()
        if kind < 0.4:
            ops.append("".join(chance.choice(LETTERS) for _ in range(chance.choice([1, 1, 2, 9]))))
        elif left:
            taken = chance.randrange(1, left + 1)
            left -= taken
            ops.append(taken if kind < 0.8 else -min(taken, 4))
    return canonical(ops)


def write_some(chance: Random, model: Model) -> None:
    text = model.texts[-1]
    match chance.randrange(7):
        case 0 | 1:
            at = chance.randrange(len(text) + 1)
            for _ in range(chance.randrange(1, 9)):
                # Typing, with a slip now and then, as keys come.
                if at and chance.random() < 0.25:
                    back = min(at, chance.choice([1, 1, 2]))
                    model.write(canonical((at - back, -back)))
                    at -= back
                elif chance.random() < 0.1:
                    model.write(())
                else:
                    model.write(canonical((at, chance.choice(LETTERS))))
                    at += 1
        case 2:
            at = chance.randrange(len(text) + 1)
            for _ in range(min(chance.randrange(1, 5), len(text) - at)):
                model.write(canonical((at, -1)))
        case 3:
            model.write(())
        case 4:
            wanted = chance.randrange(len(model.texts))
            ops = diff(text, model.texts[wanted])
            if chance.random() < 0.4:
                other = random_delta(chance, len(text))
                model.write(other)
                ops = rebase(ops, [other])
            if ops:
                model.write(ops, wanted)
        case _:
            model.write(random_delta(chance, len(text)))


def columns(model: Model, after: int, upto: int) -> AuthoredDeltas:
    versions = range(after + 1, upto + 1)
    return AuthoredDeltas(
        after,
        WRITERS,
        [version * 7 % len(WRITERS) for version in versions],
        [version * 1_000 for version in versions],
        model.events[after:upto],
    )


def walk_on(model: Model, blame: Blame, upto: int, blames: dict[int, Blame]) -> Blame:
    """Walk as the service does: up to each restore, and over it with what is known."""
    walk = BlameWalk(blame)
    found = columns(model, blame.version, upto)
    for version, restored in sorted(model.restores.items()):
        if not blame.version < version <= upto:
            continue
        walk.take(found, version - 1)
        source = walk.blame() if restored == version - 1 else blames[restored]
        changed = diff(model.texts[restored], model.texts[version])
        ops = model.events[version - 1]
        walk.take_returned(found, returned_by(source.spans, changed, ops), source)
    walk.take(found, upto)
    return walk.blame()


def expanded(blame: Blame) -> list[int]:
    parts = list(by_version(blame.spans))
    assert all(one[1] != other[1] for one, other in pairwise(parts)), "neighbours are merged"
    return [version for length, version in parts for _ in range(length)]


@pytest.mark.parametrize("seed", range(60))
def test_every_version_is_blamed_as_the_model_says(seed: int) -> None:
    chance = Random(seed)
    model = Model()
    while len(model.events) < 90:
        write_some(chance, model)
    head = len(model.events)
    blames = {0: Blame()}
    for version in range(1, head + 1):
        # From the version before, and now and then from its bytes.
        before = blames[version - 1]
        if chance.random() < 0.2:
            kept = decode_blame(encode_blame(before))
            assert kept == before.pruned()
            before = kept
        blames[version] = walk_on(model, before, version, blames)
        assert expanded(blames[version]) == model.versions[version]
    for _ in range(12):
        begin = chance.randrange(head)
        end = chance.randrange(begin, head + 1)
        at_once = walk_on(model, blames[begin], end, blames)
        assert expanded(at_once) == model.versions[end], (begin, end)
        assert_people(model, at_once, end)


def assert_people(model: Model, blame: Blame, version: int) -> None:
    """Authors, times and contributions are those of the events."""
    of = [WRITERS[each * 7 % len(WRITERS)] for each in range(version + 1)]
    for _, each in by_version(blame.spans):
        who, at_ms = blame.written[each]
        assert (blame.people[who].id, at_ms) == (of[each].actor_id, each * 1_000)
    standing = dict(zip((each.id for each in blame.people), blame.standing(), strict=True))
    for number, person in enumerate(blame.people):
        mine = [each for each in range(1, version + 1) if of[each].actor_id == person.id]
        found = blame.contributions[number]
        assert found.events == len(mine)
        assert (found.first_ms, found.last_ms) == (mine[0] * 1_000, mine[-1] * 1_000)
        ops = [op for each in mine for op in model.events[each - 1]]
        assert found.inserted == sum(len(op) for op in ops if isinstance(op, str))
        assert found.deleted == -sum(op for op in ops if isinstance(op, int) and op < 0)
        row = model.versions[version]
        assert standing[person.id] == sum(of[each].actor_id == person.id for each in row)


def test_long_rows_are_edited_anywhere() -> None:
    chance = Random(5)
    model = Model()
    model.write(("x" * 30_000,))
    for _ in range(2_500):
        length = len(model.texts[-1])
        at = chance.randrange(length)
        if chance.random() < 0.9:
            model.write((at + 1, "y") if chance.random() < 0.6 else (at + 1, "zz"))
        else:
            model.write(canonical((at, -min(length - at, chance.choice([1, 3, 90])))))
    blame = walk_on(model, Blame(), len(model.events), {})
    assert expanded(blame) == model.versions[-1]
    assert len(blame.spans) > 500, "several blocks"


def test_parts_of_a_row_are_those_of_its_text() -> None:
    chance = Random(1)
    model = Model()
    while len(model.events) < 60:
        write_some(chance, model)
    spans = walk_all(model).spans
    for _ in range(50):
        start = chance.randrange(len(model.texts[-1]) + 1)
        length = chance.randrange(len(model.texts[-1]) + 1 - start)
        found = [v for n, v in by_version(sliced(spans, start, length)) for _ in range(n)]
        assert found == model.versions[-1][start : start + length]


def walk_all(model: Model) -> Blame:
    blames = {0: Blame()}
    for version in range(1, len(model.events) + 1):
        blames[version] = walk_on(model, blames[version - 1], version, blames)
    return blames[len(model.events)]


def test_events_that_do_not_follow_are_refused() -> None:
    model = Model()
    model.write(("abc",))
    model.write((1, "d"))
    walk = BlameWalk(Blame())
    with pytest.raises(ValueError, match="no events"):
        walk.take(columns(model, 1, 2), 2)
    with pytest.raises(ValueError, match="ends"):
        walk.take(AuthoredDeltas(0, WRITERS, [0, 0], [1, 2], [("a",), (5, "b")]), 2)


def test_bytes_of_another_kind_are_no_blame() -> None:
    assert decode_blame(b"") is None
    assert decode_blame(encode_blame(Blame())[:-3]) is None
