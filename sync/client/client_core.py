"""One document of a text-mode client, as a state machine: facts come in, effects go out.

It has two texts: the text at the log's `version`, and the text shown, which includes the user's own
uncommitted edits. It neither waits nor sends, and has no clock and no randomness.

                 Connected          joined               replayed up to joined.version
    OFFLINE ──────────────▶ JOINING ──────▶ CATCHING_UP ──────────────────────────────▶ LIVE
       ▲                     ▲   │ refused,      │ a gap, or what cannot be applied        │
       │                     │   ▼ worth a retry ▼                                         │
       │                     └─ WAITING       JOINING ◀───────────────────────────────────┘
       └── Lost, from each of them
    ENDED: left, or refused for good, from each of them

Edits are sent in LIVE alone, one at a time. While one is in flight its id, base and ops stay as
they were first sent; after a reconnect it is sent again. An event or an ack that carries its id
settles it, so it is committed once however often it was sent (P3).
"""

from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Final

from msgspec import UNSET, DecodeError

from sync.client.client_fact import (
    Announce,
    Change,
    ClientEffect,
    ClientFact,
    Connected,
    Edited,
    End,
    Left,
    Lost,
    Received,
    Reject,
    Replaced,
    Resolve,
    Selected,
    Send,
    Tick,
    Wake,
    Welcome,
    Withdrawn,
)
from sync.client.ordering import OrderingBuffer
from sync.client.pending import Pending
from sync.client.policy import backoff_s
from sync.client.reaction import (
    Reaction,
    reaction_to_document_error,
    reaction_to_edit_error,
)
from sync.client.roster import Roster
from sync.client.working_copy import EditLimits, WorkingCopy
from sync.error import ErrorCode, Refusal, refusal
from sync.names import Role
from sync.text.delta import DeltaError, canonical, is_noop
from sync.text.textdiff import diff
from sync.wire.event import event_ops, ops_of
from sync.wire.message import (
    Ack,
    Cursor,
    CursorMove,
    ErrorMessage,
    Event,
    Events,
    Joined,
    JoinMessage,
    LeaveMessage,
    MemberJoined,
    MemberLeft,
    RoleChanged,
    ServerMessage,
)

_MAX_RETRY_S: Final = 10.0


class Phase(Enum):
    """The phases of a joined document; the diagram is at the top of the module."""

    OFFLINE = auto()
    JOINING = auto()
    WAITING = auto()
    CATCHING_UP = auto()
    LIVE = auto()
    ENDED = auto()


_JOINED: Final = frozenset({Phase.CATCHING_UP, Phase.LIVE})


class DocumentCore:
    """The state machine of one document.

    Args:
        doc: the document's name.
        new_id: returns a new event id, which nobody can guess.
    """

    def __init__(self, doc: str, new_id: Callable[[], str]) -> None:
        self.doc = doc
        self.phase = Phase.OFFLINE
        self.epoch: str | None = None
        """The epoch of the committed text; None before the first `joined`."""
        self.role: Role = "viewer"
        self._new_id = new_id
        self._copy = WorkingCopy()
        self._limits = EditLimits()
        self._order = OrderingBuffer[Event | Ack]()
        self._replay_upto = 0
        self._resuming = False
        self._sent = False
        self._due_s: float | None = None
        self._attempt = 0

    @property
    def text(self) -> str:
        """The text shown: committed, with the own edits that are not committed yet."""
        return self._copy.text

    @property
    def committed(self) -> str:
        """The text at `version`."""
        return self._copy.committed

    @property
    def pending(self) -> Pending:
        """The own edits that have had no answer."""
        return self._copy.pending

    @property
    def roster(self) -> Roster:
        """The members, and their cursors in the text shown."""
        return self._copy.roster

    @property
    def version(self) -> int:
        """The newest version that is in the text."""
        return self._order.version

    # --- facts in, effects out ------------------------------------------------------------------

    def handle(self, fact: ClientFact, now_s: float) -> list[ClientEffect]:
        """Take a fact and return the effects, in order. Never raises on what a server sent.

        Args:
            now_s: seconds on any clock that only goes forward.

        Raises:
            DeltaError: `Edited` with ops that do not fit the text shown, or with NUL or half a
                surrogate pair in its text.
            QuireError: `Edited` with something that is certain to be refused (`too_large`,
                `document_full`), or with too much that is still unanswered (`rate_limited`).
                In all these cases nothing has changed.
        """
        if self.phase is Phase.ENDED:
            return []
        match fact:
            case Edited():
                self._copy.edit(fact.ticket, fact.ops, self._limits)
                return list(self._flush())
            case Received():
                return list(self._received(fact.message, now_s))
            case Connected():
                self._limits = EditLimits(fact.max_message_bytes, fact.max_document_chars)
                return list(self._join())
            case Lost():
                self._lost()
                return []
            case Selected():
                self._copy.selection = fact.span
                return list(self._point())
            case Tick():
                return list(self._tick(now_s))
            case Left():
                return list(self._leave())

    # --- own edits ------------------------------------------------------------------------------

    def _flush(self) -> Iterator[ClientEffect]:
        """Send the next edit, if one may be sent now."""
        if self.phase is not Phase.LIVE or self._due_s is not None:
            return
        edit = self.pending.in_flight
        while edit is None and self.pending.batches:
            if is_noop(self.pending.batches[0].ops):
                # The batch undid itself, or others have deleted the same text.
                yield Resolve(tuple(self.pending.drop_first()), self.version)
            else:
                edit = self.pending.launch(self.doc, self._new_id(), self.version)
        if edit is not None and not self._sent:
            self._sent = True
            yield Send(edit.message)

    # --- joining --------------------------------------------------------------------------------

    def _join(self, *, afresh: bool = False) -> Iterator[ClientEffect]:
        """Ask for the document; only for the missed events if there is a text already."""
        # If the document was joined on this socket, messages on their way are still valid.
        self._resuming = self.phase in _JOINED and not afresh
        self.phase = Phase.JOINING
        self._sent = False
        self._due_s = None
        known = self.epoch is not None and not afresh
        since, epoch = (self.version, self.epoch) if known else (None, None)
        yield Send(JoinMessage(self.doc, "text", since, epoch))

    def _lost(self) -> None:
        self.phase = Phase.OFFLINE
        self._resuming = False
        self._sent = False
        self._due_s = None
        self._order.reset(self.version)
        self.roster.reset([])

    def _joined(self, message: Joined) -> Iterator[ClientEffect]:
        first = self.epoch is None
        recovered = message.recovered and message.epoch == self.epoch
        behind = message.epoch == self.epoch and message.version < self.version
        if behind and (recovered or self.phase is not Phase.JOINING):
            return  # An outdated answer, with nothing new.
        if not recovered and not isinstance(message.text, str):
            text = "The server gave neither the text nor what was missed."
            yield from self._end(refusal(ErrorCode.INVALID_MESSAGE, text))
            return
        self.phase = Phase.CATCHING_UP
        self._resuming = False
        self._sent = False
        self._order.reset(self.version)
        self._replay_upto = message.version
        self.role = message.role
        self.roster.reset(message.members)
        if isinstance(message.text, str) and not recovered:
            yield from self._replace(message.text, message.version, message.epoch)
        if first:
            yield Welcome()
        yield from self._caught_up()

    def _replace(self, text: str, version: int, epoch: str) -> Iterator[ClientEffect]:
        """Take a full text instead of the missed events."""
        before, known = self.text, self.epoch
        self._order.reset(version)
        self.epoch = epoch
        if known is None:
            self._copy.reset(text)
            return
        if known != epoch:
            lost = self.pending.clear()
            shown = diff(before, text)
            self._copy.reset(text)
            self._attempt = 0
            if lost:
                yield Reject(
                    tuple(lost),
                    refusal(
                        ErrorCode.BASE_UNKNOWN,
                        "The document's history was replaced by another; the edit has no base.",
                    ),
                )
            yield Announce(Replaced(version, text, shown, None if before == text else before))
            return
        yield Announce(Replaced(version, text, self._copy.replace(text)))

    def _caught_up(self) -> Iterator[ClientEffect]:
        if self.phase is Phase.CATCHING_UP and self.version >= self._replay_upto:
            self.phase = Phase.LIVE
            yield from self._flush()
            if self._copy.selection is not None:
                yield from self._point()

    def _tick(self, now_s: float) -> Iterator[ClientEffect]:
        if self._due_s is None:
            return
        if now_s < self._due_s:
            yield Wake(self._due_s - now_s)
            return
        self._due_s = None
        if self.phase is Phase.WAITING:
            yield from self._join()
        else:
            yield from self._flush()

    def _again_later(self, now_s: float, retry_after_s: float | None) -> Iterator[ClientEffect]:
        pause = retry_after_s or backoff_s(self._attempt, _MAX_RETRY_S)
        self._attempt += 1
        self._due_s = now_s + pause
        yield Wake(pause)

    def _leave(self) -> Iterator[ClientEffect]:
        if self.phase in _JOINED or self.phase is Phase.JOINING:
            yield Send(LeaveMessage(self.doc))
        yield from self._end(None)

    def _end(self, why: Refusal | None) -> Iterator[ClientEffect]:
        self.phase = Phase.ENDED
        tickets = self.pending.tickets()
        if tickets:
            yield Reject(tuple(tickets), why or refusal(ErrorCode.NOT_JOINED, "It was left."))
        yield End(why)

    # --- messages -------------------------------------------------------------------------------

    def _received(self, message: ServerMessage, now_s: float) -> Iterator[ClientEffect]:
        match message:
            case _ if self.phase is Phase.OFFLINE:
                return
            case Events() | Ack():
                yield from self._ordered(message)
            case Joined():
                yield from self._joined(message)
            case ErrorMessage():
                yield from self._refused(message, now_s)
            case Cursor():
                self.roster.place(message, self.pending.steps(), len(self.text))
            case MemberJoined():
                self.roster.enter(message)
            case MemberLeft():
                self.roster.leave(message)
            case RoleChanged():
                self.role = message.role
            case _:
                # Messages of yjs mode or of a later protocol do not concern this text.
                return

    def _ordered(self, message: Events | Ack) -> Iterator[ClientEffect]:
        if self.phase not in _JOINED and not self._resuming:
            # Before `joined` its text is unknown; the messages after `joined` include it.
            return
        try:
            if isinstance(message, Ack):
                first = message.version if message.changed else message.version + 1
                ready = self._order.put(message, first, message.version)
            else:
                ready = []
                for event in message.events:
                    ready += self._order.put(event, event.version, event.version)
            for item in ready:
                yield from self._take(item)
        except (DeltaError, DecodeError):
            # This text does not fit the log of the server: take the text of the server.
            yield from self._join(afresh=True)
            return
        if self._order.gap is not None and not self._resuming:
            yield from self._join()
            return
        yield from self._caught_up()
        yield from self._flush()

    def _take(self, item: Event | Ack) -> Iterator[ClientEffect]:
        """Take the next item in the order of the log."""
        edit = self.pending.in_flight
        own = edit is not None and item.id == edit.message.id
        if isinstance(item, Ack):
            if not item.changed:
                if own:
                    yield from self._settle_unchanged(item.version)
                return
            ops = canonical(edit.ops) if own and edit and item.ops is UNSET else ops_of(item.ops)
            actor, at = None, None
        else:
            ops, actor, at = event_ops(item), item.actor, item.at
        if not own:
            shown = self._copy.commit(ops)
        else:
            tickets, shown = self._copy.acknowledge(ops)
            self._sent, self._attempt, self._due_s = False, 0, None
            yield Resolve(tuple(tickets), item.version)
        yield Announce(Change(item.version, item.id, ops, shown, own, actor, at))

    def _settle_unchanged(self, version: int) -> Iterator[ClientEffect]:
        """Settle the edit in flight: it is in the text already, or changed nothing in it."""
        tickets, shown = self._copy.withdraw()
        self._sent, self._attempt, self._due_s = False, 0, None
        yield Resolve(tuple(tickets), version)
        if canonical(shown):
            yield Announce(Replaced(self.version, self.committed, shown))

    # --- refusals -------------------------------------------------------------------------------

    def _refused(self, message: ErrorMessage, now_s: float) -> Iterator[ClientEffect]:
        why = Refusal(message.code, message.message, message.retryable)
        edit = self.pending.in_flight
        if message.id is UNSET:
            reaction = reaction_to_document_error(
                why,
                is_joining=self.phase is Phase.JOINING,
                is_joined=self.phase in _JOINED,
            )
        elif edit is not None and message.id == edit.message.id and self._sent:
            self._sent = False
            reaction = reaction_to_edit_error(why, edit.rebased)
        else:
            return
        after = message.retry_after_s if isinstance(message.retry_after_s, float | int) else None
        match reaction:
            case Reaction.IGNORE:
                return
            case Reaction.END:
                yield from self._end(why)
            case Reaction.REJOIN_LATER:
                self.phase = Phase.WAITING
                self._sent = False
                yield from self._again_later(now_s, after)
            case Reaction.RESEND_LATER:
                yield from self._again_later(now_s, after)
            case Reaction.REBASE:
                self.pending.relaunch(self._new_id(), self.version)
                yield from self._flush()
            case Reaction.WITHDRAW:
                tickets, shown = self._copy.withdraw()
                self._attempt = 0
                yield Reject(tuple(tickets), why)
                yield Announce(Withdrawn(shown, why))
                yield from self._flush()

    # --- the own cursor -------------------------------------------------------------------------

    def _point(self) -> Iterator[ClientEffect]:
        """Send the own cursor, as positions in the committed text."""
        if self.phase is not Phase.LIVE:
            return
        span = self._copy.committed_selection()
        if span is None:
            yield Send(CursorMove(self.doc, None, None, None))
        else:
            yield Send(CursorMove(self.doc, self.version, *span))
