"""The updates of a segment as columns: only what the deltas and the updates before do not tell.

A run's updates are cut into spans. Those of a span follow from how its first one begins
(`update_shape`), and that mostly follows from where the writer was: the next clock, left of it what
it wrote last. An update that does not come out exactly as it is, is kept as it is.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from storage.segments.numbers import pack_numbers, unpack_numbers, unzigzag, zigzag
from storage.segments.run import Edit, Kind
from storage.segments.update_shape import (
    DeletedStart,
    TypedStart,
    Unit,
    deleted_updates,
    recognise_deleted,
    recognise_typed,
    typed_updates,
    units_of,
)

_RAW, _EXPECTED, _GIVEN = range(3)
"""The modes of spans. A raw one has one update."""

_encode = msgspec.msgpack.Encoder().encode
_decode_parts = msgspec.msgpack.Decoder(list[bytes]).decode


class _Columns:
    """The numbers of all spans; those from `clients` on only of those that are given."""

    def __init__(self) -> None:
        self.modes: list[int] = []
        self.rests: list[int] = []
        """Of each span, the events of its run that are left after it."""
        self.clients: list[int] = []
        self.clocks: list[int] = []
        self.lefts: list[int] = []
        self.left_clocks: list[int] = []
        self.rights: list[int] = []
        self.right_clocks: list[int] = []
        self.units: list[int] = []
        self.raw_sizes: list[int] = []

    def packed(self) -> bytes:
        return _encode(
            [
                pack_numbers(values if name in _COUNTS else zigzag(values))
                for name, values in vars(self).items()
            ]
        )

    @classmethod
    def unpacked(cls, data: bytes) -> "_Columns":
        columns = cls()
        parts = _decode_parts(data)
        for (name, values), part in zip(vars(columns).items(), parts, strict=True):
            found = unpack_numbers(part)
            values.extend(found if name in _COUNTS else unzigzag(found))
        return columns


_COUNTS: Final = frozenset({"modes", "rests", "clients", "lefts", "rights", "raw_sizes"})


class _Hand:
    """The place of one writer in the CRDT, as both ends know it before its next span."""

    __slots__ = ("ahead", "client", "left_end", "right")

    def __init__(self) -> None:
        self.client = 0
        self.left_end: Unit = (0, 0)
        """The unit left of the caret; its clock plus one."""
        self.right: Unit | None = None
        self.ahead: Unit = (0, 0)
        """The unit that a deletion of what stands after the caret is expected to begin with."""


class _Model:
    """The hands of all writers and the next clock of each client."""

    def __init__(self, writers: int) -> None:
        self._hands = [_Hand() for _ in range(writers)]
        self._next: dict[int, int] = {}

    def next(self, client: int) -> int:
        """The clock that a client is expected to write next."""
        return self._next.get(client, 0)

    def typed(self, writer: int) -> TypedStart:
        """The way in which typing is expected to begin."""
        hand = self._hands[writer]
        client, end = hand.left_end
        return TypedStart(hand.client, self.next(hand.client), (client, end - 1), hand.right)

    def deleted(self, writer: int, step: int) -> DeletedStart:
        """The range that is expected to be deleted."""
        hand = self._hands[writer]
        if step < 0:
            client, end = hand.left_end
            return DeletedStart(client, end + step, -step)
        return DeletedStart(*hand.ahead, step)

    def after_typed(self, writer: int, start: TypedStart, units: int) -> None:
        hand = self._hands[writer]
        hand.client = start.client
        end = self._next[start.client] = start.clock + units
        hand.left_end = start.client, end
        hand.right = start.right
        hand.ahead = start.right or (0, 0)

    def after_deleted(self, writer: int, start: DeletedStart, steps: Sequence[int]) -> None:
        hand = self._hands[writer]
        clock, units = start.clock, start.units
        for step in steps[1:]:
            clock += step if step < 0 else units
            units = abs(step)
        if steps[-1] < 0:
            hand.left_end = start.client, clock
            hand.right = start.client, clock
        hand.ahead = start.client, clock + units


class _Writing:
    """Updates become spans."""

    def __init__(self, writers: int) -> None:
        self.columns = _Columns()
        self.raw: list[bytes] = []
        self.clients: dict[int, int] = {}
        self._model = _Model(writers)

    def add(self, edit: Edit, updates: Sequence[bytes]) -> None:
        """Add the updates of one run."""
        texts = edit.texts() if edit.kind is Kind.TYPING else []
        units = units_of(texts)
        at, count = 0, edit.size
        while at < count:
            done = 0
            if edit.kind is Kind.TYPING:
                done = self._typed(edit.writer, texts[at:], units[at:], updates[at:])
            elif edit.kind is Kind.DELETING:
                done = self._deleted(edit.writer, edit.steps[at:], updates[at:])
            if not done:
                self.columns.modes.append(_RAW)
                self.columns.raw_sizes.append(len(updates[at]))
                self.raw.append(updates[at])
                done = 1
            else:
                self.columns.rests.append(count - at - done)
            at += done

    def _typed(
        self, writer: int, texts: Sequence[str], units: Sequence[int], updates: Sequence[bytes]
    ) -> int:
        start = recognise_typed(updates[0])
        done = 0 if start is None else _agreeing(typed_updates(start, texts, units), updates)
        if start is None or not done:
            return 0
        expected = self._model.typed(writer)
        if start == expected:
            self.columns.modes.append(_EXPECTED)
        else:
            self._give_typed(start, expected)
        self._model.after_typed(writer, start, sum(units[:done]))
        return done

    def _give_typed(self, start: TypedStart, expected: TypedStart) -> None:
        columns = self.columns
        columns.modes.append(_GIVEN)
        columns.clients.append(self._number(start.client))
        columns.clocks.append(start.clock - self._model.next(start.client))
        assert expected.left is not None
        reference = expected.left[1]
        if start.left is None:
            columns.lefts.append(0)
        else:
            columns.lefts.append(1 + self._number(start.left[0]))
            columns.left_clocks.append(start.left[1] - reference)
            reference = start.left[1]
        if start.right is None or start.right == expected.right:
            columns.rights.append(0 if start.right is None else 1)
        else:
            columns.rights.append(2 + self._number(start.right[0]))
            columns.right_clocks.append(start.right[1] - reference)

    def _deleted(self, writer: int, steps: Sequence[int], updates: Sequence[bytes]) -> int:
        start = recognise_deleted(updates[0])
        done = 0 if start is None else _agreeing(deleted_updates(start, steps), updates)
        if start is None or not done:
            return 0
        expected = self._model.deleted(writer, steps[0])
        if start == expected:
            self.columns.modes.append(_EXPECTED)
        else:
            self.columns.modes.append(_GIVEN)
            self.columns.clients.append(self._number(start.client))
            self.columns.clocks.append(start.clock - expected.clock)
            self.columns.units.append(start.units - expected.units)
        self._model.after_deleted(writer, start, steps[:done])
        return done

    def _number(self, client: int) -> int:
        return self.clients.setdefault(client, len(self.clients))


def _agreeing(made: Sequence[bytes], updates: Sequence[bytes]) -> int:
    """The number of updates, from the first on, that are as they were made."""
    if made == updates:
        return len(made)
    return next(
        (at for at, (one, other) in enumerate(zip(made, updates, strict=False)) if one != other),
        len(made),
    )


def encode_updates(
    edits: Sequence[Edit], updates: Sequence[bytes], writers: int
) -> dict[str, bytes]:
    """Return the columns `spans`, `clients` and `raw` of the updates of these runs."""
    writing = _Writing(writers)
    at = 0
    for edit in edits:
        stop = at + edit.size
        writing.add(edit, updates[at:stop])
        at = stop
    return {
        "spans": writing.columns.packed(),
        "clients": pack_numbers(list(writing.clients)),
        "raw": b"".join(writing.raw),
    }


class _Reading:
    """Spans become updates."""

    def __init__(self, spans: bytes, clients: bytes, raw: bytes, writers: int) -> None:
        columns = _Columns.unpacked(spans)
        self._next = {name: iter(values).__next__ for name, values in vars(columns).items()}
        self._clients = unpack_numbers(clients)
        self._raw = raw
        self._raw_at = 0
        self._model = _Model(writers)

    def read(self, edit: Edit) -> list[bytes]:
        """Return the updates of the next run."""
        out: list[bytes] = []
        texts = edit.texts() if edit.kind is Kind.TYPING else []
        units = units_of(texts)
        take = self._next
        while len(out) < edit.size:
            at = len(out)
            mode = take["modes"]()
            if mode == _RAW:
                start = self._raw_at
                self._raw_at += take["raw_sizes"]()
                out.append(self._raw[start : self._raw_at])
                continue
            stop = edit.size - take["rests"]()
            if edit.kind is Kind.TYPING:
                begun = self._typed(edit.writer, is_given=mode == _GIVEN)
                out += typed_updates(begun, texts[at:stop], units[at:stop])
                self._model.after_typed(edit.writer, begun, sum(units[at:stop]))
            else:
                steps = edit.steps[at:stop]
                deleted = self._deleted(edit.writer, steps[0], is_given=mode == _GIVEN)
                out += deleted_updates(deleted, steps)
                self._model.after_deleted(edit.writer, deleted, steps)
        return out

    def _typed(self, writer: int, *, is_given: bool) -> TypedStart:
        expected, take = self._model.typed(writer), self._next
        if not is_given:
            return expected
        client = self._clients[take["clients"]()]
        clock = take["clocks"]() + self._model.next(client)
        assert expected.left is not None
        reference = expected.left[1]
        left: Unit | None = None
        if number := take["lefts"]():
            left = self._clients[number - 1], take["left_clocks"]() + reference
            reference = left[1]
        right: Unit | None = None
        if number := take["rights"]():
            right = expected.right
            if number > 1:
                right = self._clients[number - 2], take["right_clocks"]() + reference
        return TypedStart(client, clock, left, right)

    def _deleted(self, writer: int, step: int, *, is_given: bool) -> DeletedStart:
        expected, take = self._model.deleted(writer, step), self._next
        if not is_given:
            return expected
        client = self._clients[take["clients"]()]
        return DeletedStart(
            client, take["clocks"]() + expected.clock, take["units"]() + expected.units
        )


def decode_updates(
    edits: Sequence[Edit], writers: int, spans: bytes, clients: bytes, raw: bytes
) -> list[bytes]:
    """Return the updates of these columns.

    Raises:
        ValueError, IndexError, StopIteration: they do not fit together.
    """
    reading = _Reading(spans, clients, raw, writers)
    out: list[bytes] = []
    for edit in edits:
        out += reading.read(edit)
    return out
