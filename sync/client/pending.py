"""A client's own edits that the server has not committed yet: one in flight, the rest in batches.

    text at the log's version ─ in flight ─▶ ─ batch ─▶ ─ batch ─▶ the text shown

The edit in flight is always sent again in the same form, since the server recognises a resend by
its content. The server moves it over the events after its base; `InFlight.ops` is the edit after
that. Edits that are not sent yet are composed into few batches, which are moved here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from sync.client.crossing import cross
from sync.text.composition import compose
from sync.text.delta import Delta, Ops, apply, canonical, event_shape, invert, to_wire
from sync.text.textdiff import diff
from sync.wire.message import TextDelete, TextEdit, TextInsert

MAX_BATCH_OPS: Final = 400
MAX_BATCH_CHARS: Final = 32_768

TextMessage: TypeAlias = TextInsert | TextDelete | TextEdit


@dataclass(slots=True)
class Batch:
    """Edits that follow one another, to be sent as one event."""

    ops: Ops
    """The composed edits, for the text before this batch."""
    tickets: list[int]


@dataclass(slots=True)
class InFlight:
    """An edit that was sent, or is about to be, and has had no answer."""

    message: TextMessage
    ops: Ops
    """The edit on the newest committed text: the result of the server's rebase, as expected."""
    tickets: list[int]
    rebased: int = 0
    """The number of times that it was given a new id, because its base was too old."""


@dataclass(slots=True)
class Pending:
    """The own edits without an answer. Holds no text: callers pass the committed one."""

    in_flight: InFlight | None = None
    batches: list[Batch] = field(default_factory=list)
    count: int = 0
    """The number of tickets without an answer."""

    def __bool__(self) -> bool:
        return self.in_flight is not None or bool(self.batches)

    def steps(self) -> list[Ops]:
        """Return the edits from the committed text to the one shown, in order."""
        return [each.ops for each in self._all()]

    def tickets(self) -> list[int]:
        """Return the tickets of all edits, oldest first."""
        return [ticket for each in self._all() for ticket in each.tickets]

    def add(self, ticket: int, ops: Ops, max_chars: int = MAX_BATCH_CHARS) -> None:
        """Take an edit of the text shown."""
        self.count += 1
        last = self.batches[-1] if self.batches else None
        if last is not None and _inserted(last.ops) + _inserted(ops) <= max_chars:
            composed = compose(last.ops, ops)
            if len(composed) <= MAX_BATCH_OPS:
                last.ops = composed
                last.tickets.append(ticket)
                return
        self.batches.append(Batch(canonical(ops), [ticket]))

    def cross(self, committed: Ops) -> Delta:
        """Move all pending edits over a committed one; return the change of the text shown."""
        return _over(self._all(), committed)

    def acknowledge(self, committed: Ops, text_before: str) -> tuple[list[int], Delta]:
        """Settle the edit in flight, committed in the form `committed` on `text_before`.

        Returns its tickets, and the change of the text shown, which is empty if the server logged
        the edit as expected here. The form differs when the server normalised line ends, or after a
        full text instead of a replay, since the changes in a full text are guessed. Only the
        differences are changed, so that later edits keep their places.
        """
        edit = self._settle()
        expected = canonical(edit.ops)
        if expected == committed:
            return edit.tickets, ()
        correction = diff(apply(text_before, expected), apply(text_before, committed))
        return edit.tickets, _over(self.batches, correction)

    def withdraw(self, text_before: str) -> tuple[list[int], Delta]:
        """Give up the edit in flight; return its tickets, and the change of the text shown.

        Args:
            text_before: the committed text.
        """
        edit = self._settle()
        return edit.tickets, _over(self.batches, invert(edit.ops, text_before))

    def drop_first(self) -> list[int]:
        """Drop the first batch, which changes nothing; returns its tickets."""
        tickets = self.batches.pop(0).tickets
        self.count -= len(tickets)
        return tickets

    def launch(self, doc: str, event_id: str, base: int) -> InFlight:
        """Make the first batch the edit in flight, against the text at `base`."""
        assert self.in_flight is None, "one edit is in flight already"
        batch = self.batches.pop(0)
        message = text_message(doc, event_id, base, batch.ops)
        self.in_flight = InFlight(message, batch.ops, batch.tickets)
        return self.in_flight

    def relaunch(self, event_id: str, base: int) -> InFlight:
        """Give the edit in flight a new id, as it reads at `base`. Only if it was not logged."""
        assert self.in_flight is not None, "nothing is in flight"
        edit = self.in_flight
        edit.message = text_message(edit.message.doc, event_id, base, edit.ops)
        edit.rebased += 1
        return edit

    def clear(self) -> list[int]:
        """Drop all pending edits; return their tickets."""
        tickets = self.tickets()
        self.in_flight = None
        self.batches.clear()
        self.count = 0
        return tickets

    def _settle(self) -> InFlight:
        assert self.in_flight is not None, "nothing is in flight"
        edit, self.in_flight = self.in_flight, None
        self.count -= len(edit.tickets)
        return edit

    def _all(self) -> Iterator[InFlight | Batch]:
        if self.in_flight is not None:
            yield self.in_flight
        yield from self.batches


def text_message(doc: str, event_id: str, base: int, ops: Ops) -> TextMessage:
    """Return the message that submits `ops`, in the plainest form, without reordering."""
    if len(ops) <= 2:
        match event_shape(tuple(ops)):
            case ("text_insert", pos, text):
                return TextInsert(doc, event_id, base, pos, text)
            case ("text_delete", pos, length):
                return TextDelete(doc, event_id, base, pos, length)
    return TextEdit(doc, event_id, base, to_wire(ops))


def _over(edits: "Iterator[InFlight | Batch] | list[Batch]", change: Ops) -> Delta:
    shown: Delta = tuple(change)
    for edit in edits:
        edit.ops, shown = cross(edit.ops, shown)
    return shown


def _inserted(ops: Ops) -> int:
    return sum(len(op) for op in ops if isinstance(op, str))
