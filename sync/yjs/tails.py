"""The tails of the last writers in a text: positions at which a keystroke needs no search.

A tail is the position just after the last visible character that a writer has typed. The writer's
next item, whose origin is that character, goes there, provided that nothing visible was inserted
between; so an insertion at that position drops the tail. See
`docs/decisions/0006-a-tail-spares-the-search-for-a-keystroke.md`.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import accumulate

from sync.text.delta import Delta
from sync.yjs.keystroke import TypingDelete, TypingInsert
from sync.yjs.verdict import Ready


@dataclass(slots=True)
class Tail:
    """One writer's last item; its position is kept in `Tails`."""

    clock: int
    """Clock of the writer's last visible UTF-16 unit."""
    right: tuple[int, int] | None
    """The right origin of the item."""
    run: int
    """The number of units just before the tail that this writer typed with consecutive clocks.

    All of them are in the BMP. There are never more than lie between this tail and the one before.
    """
    erased: int = field(default=-1, compare=False)
    """Its clock when the end of its run was deleted last: while it has that, the writer's next unit
    stands right behind it, deleted."""


class Tails:
    """The tails of one text. Positions are in code points.

    Args:
        most: the number of writers that are remembered; 0 for none.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._tails: dict[int, Tail] = {}
        """By CRDT client, in the order in which they were added."""
        self._order: list[int] = []
        """The clients in the order of their tails in the text."""
        self._gaps: list[int] = []
        """The distance of each tail from the one before it; of the first, from the text's start.

        An insertion moves all tails after it, and changes only one of these gaps.
        """

    def clear(self) -> None:
        """Forget all tails."""
        self._tails.clear()
        self._order.clear()
        self._gaps.clear()

    def find(self, client: int) -> Tail | None:
        """Return the tail of a CRDT client; None if there is none."""
        return self._tails.get(client)

    def predict(self, ready: Ready) -> Delta | None:
        """Return the delta of a keystroke that continues a tail, and move the tails over it.

        Do not call `follow` for that delta. None: the delta has to come from the CRDT library.
        """
        hint = ready.hint
        if isinstance(hint, TypingInsert):
            return self._predict_insert(hint, ready.inserted_units)
        if isinstance(hint, TypingDelete):
            return self._predict_delete(hint)
        return None

    def remember(self, hint: TypingInsert, units: int, ops: Delta) -> None:
        """Add the tail of a writer after an insert whose delta came from the CRDT library.

        Args:
            hint: the insert; `follow` was called for it.
            units: UTF-16 units of the insert.
            ops: its delta.
        """
        client = hint.client
        if client in self._tails:
            self._drop(self._order.index(client))
        if not ops or ops[-1] != hint.text or len(ops) > 2 or not self._most:
            return
        if len(self._tails) >= self._most:
            self._drop(self._order.index(next(iter(self._tails))))
        length = len(hint.text)
        run = units if units == length else 0
        self._tails[client] = Tail(hint.clock + units - 1, hint.right_origin, run)
        self._place(client, (ops[0] if isinstance(ops[0], int) else 0) + length)

    def follow(self, ops: Delta) -> None:
        """Move the tails over a change; drop those whose position is then uncertain.

        Args:
            ops: a canonical delta.
        """
        if len(ops) == 2:
            at, new = ops
            if isinstance(at, int) and at > 0 and isinstance(new, str):
                self._follow_insert(at, len(new))
                return
        last = 0
        gaps: list[int] = []
        order: list[int] = []
        for client, position in zip(self._order, accumulate(self._gaps), strict=True):
            tail = self._tails[client]
            moved = _moved(position, tail.run, ops)
            if moved is None:
                del self._tails[client]
                continue
            position, tail.run = moved
            order.append(client)
            gaps.append(position - last)
            last = position
        self._order, self._gaps = order, gaps

    def _predict_insert(self, hint: TypingInsert, units: int) -> Delta | None:
        client, clock, origin, right, text = hint
        tail = self._tails.get(client)
        if tail is None or origin != (client, tail.clock):
            return None
        following = tail.clock + 1
        if right != tail.right and (right != (client, following) or tail.erased != tail.clock):
            return None
        gaps = self._gaps
        index = self._order.index(client)
        if (index and not gaps[index]) or (index + 1 < len(gaps) and not gaps[index + 1]):
            index = self._alone(client)
        position = sum(gaps[: index + 1])
        length = len(text)
        gaps[index] += length
        if units != length:
            tail.run = 0
        else:
            tail.run = tail.run + units if following == clock else units
        tail.clock = clock + units - 1
        tail.right = right
        return (position, text) if position else (text,)

    def _predict_delete(self, hint: TypingDelete) -> Delta | None:
        client, length = hint.client, hint.length
        tail = self._tails.get(client)
        if tail is None or hint.clock + length != tail.clock + 1 or length >= tail.run:
            return None
        index = self._alone(client)
        self._gaps[index] -= length
        tail.run -= length
        tail.clock -= length
        tail.erased = tail.clock
        start = sum(self._gaps[: index + 1])
        return (start, -length) if start else (-length,)

    def _follow_insert(self, at: int, length: int) -> None:
        """Move all tails over an insert, with the result that `_moved` gives for each."""
        positions = list(accumulate(self._gaps))
        index = bisect_left(positions, at)
        while index < len(positions) and positions[index] == at:
            self._drop(index)
            del positions[index]
        if index < len(positions):
            tail = self._tails[self._order[index]]
            tail.run = min(tail.run, positions[index] - at)
            self._gaps[index] += length

    def _alone(self, client: int) -> int:
        """Return the index of a client after dropping the other tails at the same position."""
        index = self._order.index(client)
        gaps = self._gaps
        while index + 1 < len(gaps) and not gaps[index + 1]:
            self._drop(index + 1)
        while index and not gaps[index]:
            index -= 1
            self._drop(index)
        return index

    def _place(self, client: int, position: int) -> None:
        positions = list(accumulate(self._gaps))
        index = bisect_left(positions, position)
        gap = position - (positions[index - 1] if index else 0)
        if index < len(self._gaps):
            self._gaps[index] -= gap
        self._order.insert(index, client)
        self._gaps.insert(index, gap)

    def _drop(self, index: int) -> None:
        gap = self._gaps.pop(index)
        if index < len(self._gaps):
            self._gaps[index] += gap
        del self._tails[self._order.pop(index)]


def _moved(position: int, run: int, ops: Delta) -> tuple[int, int] | None:
    """Return a tail's position and run after a change; None if the position is uncertain then.

    At one position the canonical delta has the insert before the delete. The inserted text may
    really be anywhere in the deleted range, or after it.
    """
    at = 0
    for op, following in zip(ops, (*ops[1:], 0), strict=False):
        if isinstance(op, str):
            if at > position:
                break
            gone = -following if isinstance(following, int) and following < 0 else 0
            if position <= at + gone:
                return None
            if at > position - run:
                run = position - at
            position += len(op)
            at += len(op)
        elif op > 0:
            at += op
            if at > position:
                break
        else:
            end = at - op
            if at < position:
                gone = min(end, position) - at
                run = 0 if end > position - run else run
                position -= gone
            elif at == position:
                break
    return position, run
