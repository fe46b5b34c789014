"""The fan-out of a committed batch: its messages, their receivers and their order.

Sessions in yjs mode get one merged update, encoded once for all of them. Sessions in text mode get
every event. A sender gets acks in place of its own events. Each socket gets its messages in the
order of their versions.
"""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from sync.document.document import Accepted, Known, Outcome, Parked, Refused, Unchanged
from sync.effect import Deliver, Effect, Settled, refused
from sync.names import POSITION_ENCODINGS
from sync.port import EventRecord
from sync.room.feed import updates_to
from sync.room.participant import Participant
from sync.room.view import View
from sync.submission import Submission, TextSubmission
from sync.text.delta import Delta, to_wire
from sync.wire.event import EventWriter, wire_event
from sync.wire.message import Ack, Event, Events, Updates, WireDelta


class FanOut:
    """The sending side of one room."""

    __slots__ = ("_doc", "_view")

    def __init__(self, view: View) -> None:
        self._doc = view.name
        self._view = view

    def batch(
        self,
        foreign: Sequence[EventRecord],
        own: Sequence[EventRecord],
        settled: Sequence[tuple[Submission, Outcome]],
        text_before: str,
        *,
        is_corrected: bool = False,
    ) -> list[Effect]:
        """Return the messages of a batch to the members whose feeds are live, and to its senders.

        Args:
            foreign: events that other processes had appended before it.
            own: the events of the batch, which follow them.
            settled: the submissions of the batch in the order of merging, and their outcomes.
            text_before: the text before the first event.
            is_corrected: True if some of `own` differs from what its author sent; then the author
                needs it too.
        """
        if len(settled) == 1 and len(own) == 1 and not foreign:
            ((submission, outcome),) = settled
            shown = self._show_update(submission, outcome)
            if shown is not None:
                return shown
        effects: list[Effect] = []
        records = [*foreign, *own] if foreign else own
        members = self._view.members
        late: list[tuple[Submission, Outcome, Participant | None]] = []
        settlements: dict[str, list[tuple[Submission, Outcome]]] = {}
        for submission, outcome in settled:
            session = submission.session
            member = members.get(session)
            if member is not None and member.dialect == "hocuspocus":
                # A Hocuspocus provider must have the outcome of an update before the update itself.
                if isinstance(outcome, Accepted):
                    record = outcome.record
                    effects.append(self._acknowledge(submission, record, member, is_followed=True))
                else:
                    effects += self._settle(submission, outcome, member)
            elif member is None or member.mode == "yjs" or not records:
                late.append((submission, outcome, member))
            else:
                settlements.setdefault(session, []).append((submission, outcome))
        if records:
            sole = None if foreign or is_corrected else own[0].session
            effects += self._show(records, sole, settlements, text_before)
        for submission, outcome, member in late:
            effects += self._settle(submission, outcome, member)
        return effects

    def _show_update(self, submission: Submission, outcome: Outcome) -> list[Effect] | None:
        """Return the effects of a batch of one update from a Yjs dialect, the most frequent batch.

        A member that speaks such a dialect is sent its own updates too, so the update goes to all.

        Returns:
            None if the batch is of another kind, or a member is to be sent events.
        """
        audience = self._view.audience
        member = audience.members.get(submission.session)
        if member is None or member.dialect == "quire" or not isinstance(outcome, Accepted):
            return None
        editors, listeners = audience.receivers()
        if listeners:
            return None
        record = outcome.record
        # A Hocuspocus provider must have the outcome of an update before the update itself.
        is_first = member.dialect == "hocuspocus"
        settled = self._acknowledge(submission, record, member, is_followed=is_first)
        if not editors:
            return [settled]
        version = record.version
        update = Updates(self._doc, version, version, record.update)
        shown = Deliver(editors, update, version, True)
        return [settled, shown] if is_first else [shown, settled]

    def _show(
        self,
        records: Sequence[EventRecord],
        sole: str | None,
        settlements: dict[str, list[tuple[Submission, Outcome]]],
        text_before: str,
    ) -> list[Effect]:
        """Return one merged update for all sessions in yjs mode, and events for the others.

        Args:
            sole: a session that wrote all the events, and needs only its acks; None: there is none.
        """
        if len(records) > 1 and any(record.session != sole for record in records):
            sole = None
        effects: list[Effect] = []
        audience = self._view.audience
        editors, listeners = audience.receivers()
        author = None if sole is None else audience.members.get(sole)
        if author is not None and not author.echo:
            editors = tuple([session for session in editors if session != sole])
        if editors:
            effects += updates_to(editors, self._doc, records)
        if listeners:
            effects += self._events(listeners, records, settlements, text_before)
        return effects

    def _events(
        self,
        listeners: Sequence[Participant],
        records: Sequence[EventRecord],
        settlements: dict[str, list[tuple[Submission, Outcome]]],
        text_before: str,
    ) -> list[Effect]:
        """Return every event for sessions in text mode; for a sender, acks in place of its own."""
        effects: list[Effect] = []
        is_wide = self._view.has_pairs
        for encoding in POSITION_ENCODINGS:
            group = [m for m in listeners if (m.encoding if is_wide else "codepoint") == encoding]
            if not group:
                continue
            writer = EventWriter(encoding, text_before)
            deltas = [writer.ops(record) for record in records]
            events = [wire_event(record, ops) for record, ops in zip(records, deltas, strict=True)]
            plain = tuple(
                m.session for m in group if m.feed.is_live and m.session not in settlements
            )
            if plain:
                message = Events(self._doc, events)
                effects.append(Deliver(plain, message, records[-1].version, droppable=True))
            for member in group:
                if member.session in settlements:
                    items = settlements[member.session]
                    effects += self._interleave(member, events, deltas, items)
        return effects

    def _interleave(
        self,
        member: Participant,
        events: Sequence[Event],
        deltas: Sequence[Delta],
        items: Sequence[tuple[Submission, Outcome]],
    ) -> list[Effect]:
        """Return a sender's messages of a batch: events of others, and acks in place of its own."""
        effects: list[Effect] = []
        at = 0
        for submission, outcome in items:
            accepted = isinstance(outcome, Accepted)
            start, upto = at, _version_of(outcome) - accepted
            while at < len(events) and events[at].version <= upto:
                at += 1
            effects += self._run(member, events[start:at])
            ops = deltas[at] if accepted else None
            effects += self._settle(submission, outcome, member, ops)
            at += accepted
        return effects + self._run(member, events[at:])

    def _run(self, member: Participant, events: Sequence[Event]) -> list[Effect]:
        if not events or not member.feed.is_live:
            return []
        message = Events(self._doc, list(events))
        return [Deliver((member.session,), message, events[-1].version, droppable=True)]

    def _acknowledge(
        self,
        submission: Submission,
        record: EventRecord,
        member: Participant,
        *,
        is_followed: bool = False,
    ) -> Settled:
        """Tell a sender that speaks a Yjs dialect that its submission became that event."""
        member.resync_at_ms = None
        ack = Ack(self._doc, record.id, record.version) if member.feed.is_live else None
        return Settled(submission.session, submission.size, ack, is_followed)

    def _settle(
        self,
        submission: Submission,
        outcome: Outcome,
        member: Participant | None,
        ops: Delta | None = None,
    ) -> list[Effect]:
        """Tell the sender the outcome of its submission."""
        if isinstance(outcome, Accepted) and member is not None and member.dialect != "quire":
            return [self._acknowledge(submission, outcome.record, member)]
        to = submission.session
        effects: list[Effect] = [Settled(to, submission.size)]
        if member is None:
            textual = isinstance(submission, TextSubmission)
        else:
            # The sender may have joined again in another mode: the answer is in its present one.
            textual = member.mode == "text"
            if not isinstance(outcome, Refused):
                member.resync_at_ms = None
        match outcome:
            case Accepted(record=record):
                if member is None or member.feed.is_live:
                    wire = to_wire(record.ops if ops is None else ops) if textual else UNSET
                    ack = Ack(self._doc, record.id, record.version, True, wire)
                    effects.append(Deliver((to,), ack, record.version, droppable=True))
            case Known(record=record):
                known: WireDelta | UnsetType = UNSET
                if textual and not (
                    member and member.encoding == "utf-16" and self._view.has_pairs
                ):
                    known = to_wire(record.ops)
                ack = Ack(self._doc, record.id, record.version, False, known)
                effects += self._in_its_turn(member, to, ack)
            case Unchanged(version=version):
                ack = Ack(self._doc, submission.id, version, False, [] if textual else UNSET)
                effects += self._in_its_turn(member, to, ack)
            case Refused(why=why):
                effects.append(refused(self._doc, submission, why))
            case Parked():
                raise AssertionError("what is parked is not settled")
        return effects

    def _in_its_turn(self, member: Participant | None, session: str, ack: Ack) -> list[Effect]:
        """Hold an ack back while its receiver lacks events that precede it."""
        if member is None:
            return [Deliver((session,), ack)]
        return member.feed.acknowledge(ack)


def _version_of(outcome: Outcome) -> int:
    match outcome:
        case Accepted(record=record) | Known(record=record):
            return record.version
        case Unchanged(version=version):
            return version
        case _:
            return 0
