"""Blame: who wrote each code point of a text, when, and at which version.

Computed from the deltas of the log. What a restore brings back keeps its first author: the caller
says where such text comes from.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from sync.text.authored import AuthoredDeltas
from sync.text.delta import Delta
from sync.text.span import Span, SpanRow, append, by_version, sliced, versions_of


class Person(NamedTuple):
    """An author, under the name of then."""

    id: str
    name: str


class Contribution(Struct, frozen=True):
    """All that one person did in a document, under one name."""

    events: int = 0
    inserted: int = 0
    deleted: int = 0
    """Code points."""
    first_ms: int = 0
    last_ms: int = 0

    def plus(self, other: "Contribution") -> "Contribution":
        """Return both together."""
        if not self.events:
            return other
        return Contribution(
            self.events + other.events,
            self.inserted + other.inserted,
            self.deleted + other.deleted,
            min(self.first_ms, other.first_ms),
            max(self.last_ms, other.last_ms),
        )


class Blame(Struct, frozen=True):
    """The authors of a text at one version. It is never changed; `BlameWalk` makes the next one."""

    version: int = 0
    spans: list[Span] = []
    people: list[Person] = []
    written: dict[int, tuple[int, int]] = {}
    """Of each version that the spans name, and perhaps of others: the index of its author, and its
    time."""
    contributions: list[Contribution] = []
    """Of each of `people`."""

    def length(self) -> int:
        """Return the length of the text, in code points."""
        return sum(span.length for span in self.spans)

    def standing(self) -> list[int]:
        """Return, for each of `people`, the code points that stand in the text."""
        counts = [0] * len(self.people)
        for length, version in by_version(self.spans):
            counts[self.written[version][0]] += length
        return counts

    def pruned(self) -> "Blame":
        """Return the same without what no span names."""
        live = versions_of(self.spans)
        return replace(self, written={each: self.written[each] for each in sorted(live)})


class BlameWalk:
    """The way from the blame of one version to that of a later one, event by event."""

    def __init__(self, blame: Blame) -> None:
        self.version = blame.version
        self._row = SpanRow(blame.spans)
        self._written = dict(blame.written)
        self._people = {person: index for index, person in enumerate(blame.people)}
        self._contributions = list(blame.contributions)

    def blame(self) -> Blame:
        """Return the blame of the version that was reached."""
        people = list(self._people)
        return Blame(
            self.version, self._row.spans(), people, dict(self._written), list(self._contributions)
        )

    def spans(self) -> list[Span]:
        """Return the spans of the version that was reached."""
        return self._row.spans()

    def take(self, found: AuthoredDeltas, upto: int) -> None:
        """Take the events after the version that was reached, up to another.

        Raises `ValueError` if one reaches beyond the text, or the events are others.
        """
        first = self.version - found.after
        last = upto - found.after
        if not 0 <= first <= last <= len(found.ops):
            raise ValueError(f"there are no events {self.version + 1} to {upto}")
        self._note(found, first, last)
        Typist(self._row).take(found.ops[first:last], self.version + 1)
        self.version = upto

    def take_returned(
        self, found: AuthoredDeltas, returned: Sequence[Span], source: "Blame"
    ) -> None:
        """Take the next event, of whose inserted text it is known where it comes from.

        Args:
            returned: the spans of what it inserts, in order; those of `version` 0 are new.
            source: a blame that has the versions of the others.
        """
        index = self.version - found.after
        self._note(found, index, index + 1)
        self.version += 1
        for _, version in by_version(returned):
            if version and version not in self._written:
                who, at_ms = source.written[version]
                self._written[version] = (self._index(source.people[who]), at_ms)
        _insert_known(self._row, found.ops[index], returned, self.version)

    def note(self, found: AuthoredDeltas) -> None:
        """Note who wrote events and when, and nothing of what they did."""
        who = [self._index(Person(each.actor_id, each.actor_name)) for each in found.writers]
        versions = range(found.after + 1, found.upto + 1)
        written = zip((who[each] for each in found.writer), found.at_ms, strict=True)
        self._written.update(zip(versions, written, strict=True))

    def _index(self, person: Person) -> int:
        if person not in self._people:
            self._contributions.append(Contribution())
        return self._people.setdefault(person, len(self._people))

    def _note(self, found: AuthoredDeltas, first: int, last: int) -> None:
        """Note who wrote events, when, and how much."""
        index = [self._index(Person(each.actor_id, each.actor_name)) for each in found.writers]
        who = [index[each] for each in found.writer[first:last]]
        times = found.at_ms[first:last]
        versions = range(found.after + first + 1, found.after + last + 1)
        self._written.update(zip(versions, zip(who, times, strict=True), strict=True))
        for person, each in _counted(who, times, found.ops[first:last]).items():
            self._contributions[person] = self._contributions[person].plus(each)


class Typist:
    """Applies deltas to a row of spans; keys that are typed or deleted one by one, at once."""

    def __init__(self, row: SpanRow) -> None:
        self._row = row

    def take(self, deltas: Iterable[Delta], first: int) -> None:
        """Apply the deltas of consecutive versions, the first of which is given."""
        pos = typed = begun = deleted = 0
        for version, delta in enumerate(deltas, first):
            at, change = _single(delta)
            if isinstance(change, str):
                if len(change) == 1:
                    if typed and at == pos + typed and version == begun + typed:
                        typed += 1
                        continue
                    if typed or deleted:
                        self._flush(pos, typed, begun, deleted)
                        deleted = 0
                    pos, typed, begun = at, 1, version
                    continue
            elif change and typed:
                if at - change == pos + typed and at >= pos:
                    typed += change
                    continue
            elif change and not deleted:
                pos, deleted = at, -change
                continue
            elif change and at <= pos <= at - change:
                pos = at
                deleted -= change
                continue
            if typed or deleted:
                self._flush(pos, typed, begun, deleted)
                typed = deleted = 0
            self._apply(delta, version)
        if typed or deleted:
            self._flush(pos, typed, begun, deleted)

    def _apply(self, delta: Delta, version: int) -> None:
        at = 0
        for op in delta:
            if isinstance(op, str):
                self._row.edit(at, 0, (Span(len(op), version, 0),))
                at += len(op)
            elif op > 0:
                at += op
            else:
                self._row.edit(at, -op)

    def _flush(self, pos: int, typed: int, begun: int, deleted: int) -> None:
        spans = (Span(typed, begun, 1 if typed > 1 else 0),) if typed else ()
        self._row.edit(pos, deleted, spans)


def _single(delta: Delta) -> tuple[int, int | str]:
    """Return place and change of a delta that is one insert or one deletion; else the change 0."""
    if len(delta) == 2:
        at, change = delta
        if type(at) is int and at > 0:
            return at, change
    elif len(delta) == 1:
        return 0, delta[0]
    return 0, 0


def _insert_known(row: SpanRow, ops: Delta, returned: Sequence[Span], version: int) -> None:
    at = 0
    taken = 0
    for op in ops:
        if isinstance(op, str):
            known = sliced(returned, taken, len(op))
            spans = [each if each.version else Span(each.length, version, 0) for each in known]
            row.edit(at, 0, spans)
            at += len(op)
            taken += len(op)
        elif op > 0:
            at += op
        else:
            row.edit(at, -op)


def returned_by(source: Sequence[Span], changed: Delta, ops: Delta) -> list[Span]:
    """Return where the text that a restore inserts comes from; spans of `version` 0 are new.

    Args:
        source: the spans of the version that is restored.
        changed: turns the text of that version into the text after the restore; `()`: they are
            one.
        ops: of the restore.
    """
    result = _carried(source, changed)
    found: list[Span] = []
    at = 0
    for op in ops:
        if isinstance(op, str):
            found += sliced(result, at, len(op))
            at += len(op)
        elif op > 0:
            at += op
    return found


def _carried(source: Sequence[Span], changed: Delta) -> list[Span]:
    """Return the spans of a text after a delta; what it inserts has the version 0."""
    row: list[Span] = []
    at = 0
    for op in changed:
        if isinstance(op, str):
            append(row, Span(len(op), 0, 0))
        else:
            if op > 0:
                row += sliced(source, at, op)
            at += abs(op)
    row += sliced(source, at, 1 << 62)
    return row


def _counted(
    who: Sequence[int], times: Sequence[int], deltas: Sequence[Delta]
) -> dict[int, Contribution]:
    sums: dict[int, list[int]] = {}
    for person, at_ms, delta in zip(who, times, deltas, strict=True):
        found = sums.get(person)
        if found is None:
            found = sums[person] = [0, 0, 0, at_ms, at_ms]
        found[0] += 1
        for op in delta:
            if isinstance(op, str):
                found[1] += len(op)
            elif op < 0:
                found[2] -= op
        if at_ms > found[4]:
            found[4] = at_ms
        elif at_ms < found[3]:
            found[3] = at_ms
    return {person: Contribution(*found) for person, found in sums.items()}
