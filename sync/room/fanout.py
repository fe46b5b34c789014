"""What a committed batch sends, to whom, in which order.

Yjs sessions get one merged update, encoded once for all; text sessions get every event; a sender
gets acks where its own events stand. On one socket all of it leaves in version order.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from sync.document.document import Accepted, Known, Outcome, Parked, Refused, Unchanged
from sync.effect import Deliver, Effect, Settled, refused
from sync.member import Member
from sync.names import POSITION_ENCODINGS
from sync.port import EventRecord
from sync.submission import Submission, TextSubmission
from sync.text.delta import Delta, to_wire
from sync.wire.event import EventWriter, wire_event
from sync.wire.message import Ack, Event, Events, Updates, WireDelta
from sync.yjs.replica import merged

MAX_MERGED_UPDATES: Final = 256
"""Updates merged into one message; merging costs the square of their number."""


class FanOut(Struct, frozen=True):
    """The sending side of one room at one moment."""

    doc: str
    members: Mapping[str, Member]
    wide: bool
    """Whether the two position encodings may differ in this document."""

    def replay(self, member: Member, records: Sequence[EventRecord]) -> list[Effect]:
        to = (member.session,)
        if member.mode == "text":
            events = Events(self.doc, [wire_event(record) for record in records])
            return [Deliver(to, events, records[-1].version, droppable=True)]
        effects: list[Effect] = [
            Deliver(to, message, message.to, droppable=True)
            for message in updates_messages(self.doc, records)
        ]
        for record in records:
            if record.session == member.session:
                ack = Ack(self.doc, record.id, record.version)
                effects.append(Deliver(to, ack, record.version, droppable=True))
        return effects

    def batch(
        self,
        foreign: Sequence[EventRecord],
        own: Sequence[EventRecord],
        settled: Sequence[tuple[Submission, Outcome]],
        text_before: str,
    ) -> list[Effect]:
        effects: list[Effect] = []
        records = [*foreign, *own]
        late: list[tuple[Submission, Outcome, Member | None]] = []
        settlements: dict[str, list[tuple[Submission, Outcome]]] = {}
        for submission, outcome in settled:
            session = submission.session
            member = self.members.get(session)
            if member is not None and member.dialect == "hocuspocus":
                # Its providers are told what became of an update before they see it again.
                effects += self._settle(submission, outcome, member)
            elif member is None or member.mode == "yjs" or not records:
                late.append((submission, outcome, member))
            else:
                settlements.setdefault(session, []).append((submission, outcome))
        if records:
            sole = None if foreign else own[0].session
            effects += self._show(records, sole, settlements, text_before)
        for submission, outcome, member in late:
            effects += self._settle(submission, outcome, member)
        return effects

    def _show(
        self,
        records: Sequence[EventRecord],
        sole: str | None,
        settlements: dict[str, list[tuple[Submission, Outcome]]],
        text_before: str,
    ) -> list[Effect]:
        """One merged update to all Yjs sessions, events to the others.

        Args:
            sole: if it wrote all of them, it needs only its acks.
        """
        if len(records) > 1 and any(record.session != sole for record in records):
            sole = None
        effects: list[Effect] = []
        editors: list[str] = []
        listeners: list[Member] = []
        for member in self.members.values():
            if member.mode == "text":
                listeners.append(member)
            elif member.live and (member.echo or member.session != sole):
                editors.append(member.session)
        if editors:
            to = tuple(editors)
            effects += [
                Deliver(to, message, message.to, droppable=True)
                for message in updates_messages(self.doc, records)
            ]
        if listeners:
            effects += self._events(listeners, records, settlements, text_before)
        return effects

    def _events(
        self,
        listeners: Sequence[Member],
        records: Sequence[EventRecord],
        settlements: dict[str, list[tuple[Submission, Outcome]]],
        text_before: str,
    ) -> list[Effect]:
        """Every event to text sessions; to a sender its own as acks, in version order."""
        effects: list[Effect] = []
        wide = self.wide
        for encoding in POSITION_ENCODINGS:
            group = [m for m in listeners if (m.encoding if wide else "codepoint") == encoding]
            if not group:
                continue
            writer = EventWriter(encoding, text_before)
            deltas = [writer.ops(record) for record in records]
            events = [wire_event(record, ops) for record, ops in zip(records, deltas, strict=True)]
            plain = tuple(m.session for m in group if m.live and m.session not in settlements)
            if plain:
                message = Events(self.doc, events)
                effects.append(Deliver(plain, message, records[-1].version, droppable=True))
            for member in group:
                if member.session in settlements:
                    items = settlements[member.session]
                    effects += self._interleave(member, events, deltas, items)
        return effects

    def _interleave(
        self,
        member: Member,
        events: Sequence[Event],
        deltas: Sequence[Delta],
        items: Sequence[tuple[Submission, Outcome]],
    ) -> list[Effect]:
        """A sender's view of a batch: others' events, and acks where its own stand."""
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

    def _run(self, member: Member, events: Sequence[Event]) -> list[Effect]:
        if not events or not member.live:
            return []
        message = Events(self.doc, list(events))
        return [Deliver((member.session,), message, events[-1].version, droppable=True)]

    def _settle(
        self,
        submission: Submission,
        outcome: Outcome,
        member: Member | None,
        ops: Delta | None = None,
    ) -> list[Effect]:
        """Tell the sender what became of its submission."""
        to = submission.session
        effects: list[Effect] = [Settled(to, submission.size)]
        if member is None:
            textual = isinstance(submission, TextSubmission)
        else:
            # Who joined again meanwhile is told in the terms of the mode it is in now.
            textual = member.mode == "text"
            if not isinstance(outcome, Refused):
                member.resync_at_ms = None
        match outcome:
            case Accepted(record=record):
                if member is None or member.live:
                    spelled = to_wire(record.ops if ops is None else ops) if textual else UNSET
                    ack = Ack(self.doc, record.id, record.version, True, spelled)
                    # To Hocuspocus it goes before the update that brings the version.
                    early = member is not None and member.dialect == "hocuspocus"
                    upto = None if early else record.version
                    effects.append(Deliver((to,), ack, upto, droppable=True))
            case Known(record=record):
                known: WireDelta | UnsetType = UNSET
                if textual and not (member and member.encoding == "utf-16" and self.wide):
                    known = to_wire(record.ops)
                ack = Ack(self.doc, record.id, record.version, False, known)
                effects += self._in_its_turn(member, to, ack)
            case Unchanged(version=version):
                ack = Ack(self.doc, submission.id, version, False, [] if textual else UNSET)
                effects += self._in_its_turn(member, to, ack)
            case Refused(why=why):
                effects.append(refused(self.doc, submission, why))
            case Parked():
                raise AssertionError("what is parked is not settled")
        return effects

    def _in_its_turn(self, member: Member | None, session: str, ack: Ack) -> list[Effect]:
        """Hold an ack back while its receiver still lacks events that come before it."""
        deliver = Deliver((session,), ack, droppable=member is not None)
        if member is None or member.live:
            return [deliver]
        member.owed = [*(member.owed or ()), deliver]
        return []


def updates_messages(name: str, records: Sequence[EventRecord]) -> list[Updates]:
    """Consecutive events as `updates` messages, merged in bounded pieces."""
    if len(records) == 1:
        (record,) = records
        return [Updates(name, record.version, record.version, record.update)]
    messages = []
    for start in range(0, len(records), MAX_MERGED_UPDATES):
        piece = records[start : start + MAX_MERGED_UPDATES]
        update = merged([record.update for record in piece])
        messages.append(Updates(name, piece[0].version, piece[-1].version, update))
    return messages


def _version_of(outcome: Outcome) -> int:
    match outcome:
        case Accepted(record=record) | Known(record=record):
            return record.version
        case Unchanged(version=version):
            return version
        case _:
            return 0
