"""Where the last writers stand in a text, so that the position of what they type needs no search.

A tail is the place just behind the last visible character that a writer has typed. The next item
that has this character as its origin lands there, because nothing visible was put between them:
whatever is inserted at that place drops the tail. See
`docs/decisions/0006-a-tail-spares-the-search-for-a-keystroke.md`.
"""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate

from sync.text.delta import Delta
from sync.yjs.keystroke import TypingDelete, TypingInsert
from sync.yjs.verdict import Ready


@dataclass(slots=True)
class Tail:
    """What is known of one writer's last item, besides where it stands."""

    clock: int
    """Clock of the writer's last visible UTF-16 unit."""
    right: tuple[int, int] | None
    """The right origin that its item had."""
    run: int
    """How many units before the place are this writer's, one clock after another, all BMP.

    Never more than the gap to the tail before it: nobody else's character is in a run.
    """


class Tails:
    """The tails of one text. Positions are in code points.

    Args:
        most: how many are remembered; 0 for none.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._tails: dict[int, Tail] = {}
        """By CRDT client, in the order in which they were learned."""
        self._order: list[int] = []
        """The clients as their tails stand in the text."""
        self._gaps: list[int] = []
        """How far each of them stands behind the one before it, the first behind the beginning.

        What is put into the text moves all that stand behind it by widening one gap.
        """

    def clear(self) -> None:
        """Forget all."""
        self._tails.clear()
        self._order.clear()
        self._gaps.clear()

    def find(self, client: int) -> Tail | None:
        """The tail of a CRDT client, if there is one."""
        return self._tails.get(client)

    def foresee(self, ready: Ready) -> Delta | None:
        """The delta of a keystroke that continues a tail, which moves; None: it must be asked for.

        A delta that is foreseen is not to be followed.
        """
        hint = ready.hint
        if isinstance(hint, TypingInsert):
            return self._foresee_insert(hint, ready.inserted_units)
        if isinstance(hint, TypingDelete):
            return self._foresee_delete(hint)
        return None

    def remember(self, hint: TypingInsert, units: int, ops: Delta) -> None:
        """Learn the tail of a writer whose insert was found by asking, and has been followed.

        Args:
            units: UTF-16 units of the insert.
            ops: what it did.
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
        """Move the tails over a change; drop those that it puts in doubt.

        Args:
            ops: canonical.
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

    def _foresee_insert(self, hint: TypingInsert, units: int) -> Delta | None:
        client, clock, origin, right, text = hint
        tail = self._tails.get(client)
        if tail is None or origin != (client, tail.clock):
            return None
        following = tail.clock + 1
        if right != tail.right and right != (client, following):
            return None
        index = self._alone(client)
        gaps = self._gaps
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

    def _foresee_delete(self, hint: TypingDelete) -> Delta | None:
        client, length = hint.client, hint.length
        tail = self._tails.get(client)
        if tail is None or hint.clock + length != tail.clock + 1 or length >= tail.run:
            return None
        index = self._alone(client)
        self._gaps[index] -= length
        tail.run -= length
        tail.clock -= length
        start = sum(self._gaps[: index + 1])
        return (start, -length) if start else (-length,)

    def _follow_insert(self, at: int, length: int) -> None:
        """Do for all tails what `_moved` does for one, for what most changes are."""
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
        """Where a client is in the order, once others that stand at the same place are dropped."""
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
    """Carry a place and a run over a change; None if it may no longer say where it stands.

    The canonical delta names an insert before a delete at the same place. In truth it may stand
    anywhere in what was deleted, or behind it.
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
