"""Taking back: the edit that undoes what some events did, merged with everything else.

A strand has every code point that was there at some version, deleted or not, in one order. Of each
it knows which events made it visible and which invisible. Taking events back makes each code point
what it would be without them: so others' text inside stays, what others deleted stays deleted, and
what is there already does not come twice.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from msgspec import Struct

from sync.text.delta import Delta, apply, canonical
from sync.text.span import Span, by_version, joined, part

_FULL: Final = 64
"""Pieces in a block; with twice as many it is divided."""

Chosen: TypeAlias = Callable[[int], bool]
"""Tells whether the event of a version is to be taken back."""
Within: TypeAlias = set[int]
"""The `id` of each piece of a part of the text."""
Wanted: TypeAlias = Callable[["Piece"], bool]
"""Tells whether an event is to have brought a deleted piece back."""


class Piece(Struct):
    """Code points next to each other that have the same history."""

    text: str
    span: Span
    """The versions that wrote them; of the text at the beginning the version 0."""
    start: int = 0
    """Of the text at the beginning: the place that they had there."""
    turns: tuple[int, ...] = ()
    """The versions that deleted them, brought them back, deleted them …, in order."""

    @property
    def is_visible(self) -> bool:
        """True if they stand in the text."""
        return len(self.turns) % 2 == 0

    def visible_at(self, version: int) -> bool:
        """Return whether they stood in the text of a version, from the beginning of the strand on.

        All of a piece did: what is typed at that moment is no part of another piece then.
        """
        if self.span.version > version:
            return False
        return sum(turn <= version for turn in self.turns) % 2 == 0

    def visible_without(self, chosen: Chosen) -> bool:
        """Return whether they would stand in the text without some events."""
        is_visible = not (self.span.version and chosen(self.span.version))
        for index, turn in enumerate(self.turns):
            if not chosen(turn):
                is_visible = index % 2 == 1
        return is_visible

    def versions(self) -> Iterator[int]:
        """Yield the versions of the events that wrote, deleted and brought them back."""
        if self.span.version:
            yield from (version for _, version in by_version((self.span,)))
        yield from self.turns

    def cut(self, at: int) -> "Piece":
        """Cut it in two: it keeps what is before a place, and the rest is returned."""
        length = len(self.text)
        rest = Piece(self.text[at:], part(self.span, at, length - at), self.start + at, self.turns)
        self.text = self.text[:at]
        self.span = part(self.span, 0, at)
        return rest


class TakenBack(Struct, frozen=True):
    """The edit that takes events back."""

    ops: Delta
    """Canonical."""
    returned: list[Piece]
    """The pieces that it inserts, in order."""
    events: set[int]
    """The versions of the events of which something is undone."""


class Strand:
    """All code points of a text since a version.

    Args:
        text: of that version.
        divides: tells whether an event has to be told from the one before it: only events that are
            taken back together may share a piece.
    """

    def __init__(self, text: str, divides: Chosen) -> None:
        self._blocks: list[list[Piece]] = [[Piece(text, Span(len(text), 0, 0))] if text else []]
        self._sizes = [len(text)]
        self._divides = divides

    def take(self, ops: Delta, version: int, wanted: Wanted | None = None) -> None:
        """Take the next event.

        Args:
            wanted: of an event that brought text back: what it was to bring back.

        Raises `ValueError` where the text has no such place.
        """
        if wanted is not None and self._become(ops, version, wanted):
            return
        at = 0
        index = 0
        while index < len(ops):
            op = ops[index]
            if isinstance(op, str):
                following = ops[index + 1] if index + 1 < len(ops) else 0
                if wanted is not None and not isinstance(following, str) and following < 0:
                    # What is deleted there may stand between what comes back.
                    self._delete(at, -following, version)
                    index += 1
                if wanted is None:
                    self._insert(at, op, version)
                else:
                    self._return(at, op, version, wanted)
                at += len(op)
            elif op > 0:
                at += op
            else:
                self._delete(at, -op, version)
            index += 1

    def within(self, version: int, start: int, end: int) -> Within:
        """Return the pieces of a part of the text of a version, cut at its ends.

        They are what stood there from one place to the other, what was deleted there before, also
        right at the ends, and what was written there since. They are known until the next event.

        Raises:
            ValueError: the text of that version has no such part.
        """
        found: Within = set()
        at = 0
        for block in self._blocks:
            index = 0
            while index < len(block):
                piece = block[index]
                index += 1
                if not piece.visible_at(version):
                    if start <= at <= end:
                        found.add(id(piece))
                    continue
                border = start if at < start else end
                if at < border < at + len(piece.text):
                    block.insert(index, piece.cut(border - at))
                if start <= at < end:
                    found.add(id(piece))
                at += len(piece.text)
        if not 0 <= start <= end <= at:
            raise ValueError(f"the text has {at} characters")
        return found

    def without(self, chosen: Chosen, within: Within | None = None) -> TakenBack:
        """Return the edit that takes events back.

        Args:
            within: the part of the text in which they are; None: all of it.
        """
        ops: list[int | str] = []
        returned: list[Piece] = []
        events: set[int] = set()
        for piece in self.pieces():
            if within is not None and id(piece) not in within:
                if piece.is_visible:
                    ops.append(len(piece.text))
                continue
            is_wanted = piece.visible_without(chosen)
            if is_wanted != piece.is_visible:
                events.update(filter(chosen, piece.versions()))
            if piece.is_visible:
                ops.append(len(piece.text) if is_wanted else -len(piece.text))
            elif is_wanted:
                ops.append(piece.text)
                returned.append(piece)
        return TakenBack(canonical(ops), returned, events)

    def pieces(self) -> Iterator[Piece]:
        """Yield all pieces, deleted ones too, in order."""
        for block in self._blocks:
            yield from block

    def _become(self, ops: Delta, version: int, wanted: Wanted) -> bool:
        """Make exactly the wanted pieces visible, if that is what an event did to the text.

        Which of several equal texts its delta inserts, and which it keeps, is by chance then.
        """
        result = apply(visible_text(self.pieces()), ops)
        if result != "".join(piece.text for piece in self.pieces() if wanted(piece)):
            return False
        for number, block in enumerate(self._blocks):
            # All are asked before any is changed.
            changed = [piece for piece in block if wanted(piece) != piece.is_visible]
            for piece in changed:
                piece.turns += (version,)
            self._sizes[number] = sum(len(piece.text) for piece in block if piece.is_visible)
        return True

    def _place(self, pos: int) -> tuple[int, int]:
        """Return block and index right behind the visible code point before a place.

        Deleted pieces at the place come after it. The piece that the place is in is cut.
        """
        number = 0
        while number < len(self._sizes) - 1 and pos > self._sizes[number]:
            pos -= self._sizes[number]
            number += 1
        block = self._blocks[number]
        for index, piece in enumerate(block):
            if not pos:
                return number, index
            if not piece.is_visible:
                continue
            if pos < len(piece.text):
                block.insert(index + 1, piece.cut(pos))
                return number, index + 1
            pos -= len(piece.text)
        if pos:
            raise ValueError(f"the text ends {pos} before")
        return number, len(block)

    def _insert(self, pos: int, text: str, version: int) -> None:
        number, index = self._place(pos)
        block = self._blocks[number]
        self._sizes[number] += len(text)
        span = Span(len(text), version, 0)
        if index and len(text) == 1 and not self._divides(version):
            before = block[index - 1]
            together = joined(before.span, span)
            if together is not None and before.span.version and not before.turns:
                before.text += text
                before.span = together
                return
        block.insert(index, Piece(text, span))
        self._divide(number)

    def _delete(self, pos: int, count: int, version: int) -> None:
        number, index = self._place(pos)
        while count:
            if index == len(self._blocks[number]):
                number, index = number + 1, 0
                if number == len(self._blocks):
                    raise ValueError(f"the text ends {count} before")
                continue
            block = self._blocks[number]
            piece = block[index]
            if piece.is_visible:
                if count < len(piece.text):
                    block.insert(index + 1, piece.cut(count))
                piece.turns += (version,)
                self._sizes[number] -= len(piece.text)
                count -= len(piece.text)
            index += 1
        self._divide(number)

    def _return(self, pos: int, text: str, version: int, wanted: Wanted) -> None:
        """Make deleted pieces at a place visible again, and insert what is left of a text."""
        number, index = self._place(pos)
        at = 0
        while at < len(text):
            if index == len(self._blocks[number]):
                if number + 1 == len(self._blocks):
                    break
                number, index = number + 1, 0
                continue
            piece = self._blocks[number][index]
            if piece.is_visible:
                break
            if wanted(piece) and (found := text.find(piece.text, at)) >= 0:
                if found > at:
                    new = Piece(text[at:found], Span(found - at, version, 0))
                    self._blocks[number].insert(index, new)
                    self._sizes[number] += found - at
                    index += 1
                piece.turns += (version,)
                self._sizes[number] += len(piece.text)
                at = found + len(piece.text)
            index += 1
        if at < len(text):
            self._blocks[number].insert(index, Piece(text[at:], Span(len(text) - at, version, 0)))
            self._sizes[number] += len(text) - at
        self._divide(number)

    def _divide(self, number: int) -> None:
        block = self._blocks[number]
        if len(block) <= 2 * _FULL:
            return
        parts = [block[at : at + _FULL] for at in range(0, len(block), _FULL)]
        self._blocks[number : number + 1] = parts
        self._sizes[number : number + 1] = [
            sum(len(piece.text) for piece in each if piece.is_visible) for each in parts
        ]


def visible_text(pieces: Iterable[Piece]) -> str:
    """Return the text that pieces show."""
    return "".join(piece.text for piece in pieces if piece.is_visible)
