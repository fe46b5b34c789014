"""A server made of the real room, an in-memory log, and clients on sockets that fail; no test.

The room is `sync.room.room.Room` itself, with its merging and fan-out. The log is a list. A `Wire`
is one socket: it keeps what travels in either direction, in order; the network may also do to a
document's versioned messages what a socket never does (double, drop and swap them), since the
ordering buffer promises to cope.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec import UNSET

from sync.client.client_core import DocumentCore
from sync.client.client_fact import (
    Announce,
    Change,
    ClientEffect,
    ClientFact,
    Connected,
    Edited,
    Lost,
    Received,
    Reject,
    Replaced,
    Resolve,
    Send,
    Tick,
    Wake,
    Withdrawn,
)
from sync.document.document import Lookup
from sync.effect import CatchUp, Deliver, Dismiss, Effect, Settled, WantBatch
from sync.error import ErrorCode
from sync.fact import (
    CommitFailed,
    Committed,
    Fact,
    Join,
    Leave,
    MoveCursor,
    PageRead,
    Reopened,
    SetRole,
    StoreFound,
    StoreLost,
)
from sync.limit import Limits
from sync.names import Role
from sync.port import DocumentRecord, EventRecord, Followed, Opened
from sync.room.room import Room
from sync.submission import TextSubmission, text_digest
from sync.text.delta import Delta, Ops, apply, deletion, from_wire, insertion
from sync.user import User
from sync.wire.message import (
    Ack,
    CursorMove,
    ErrorMessage,
    Events,
    JoinMessage,
    LeaveMessage,
    Outgoing,
    Several,
    TextDelete,
    TextEdit,
    TextInsert,
    decode_client,
    decode_server,
    encode,
)

DOC = "notes"
SMALL = Limits(window_events=4, max_batch_events=8, max_document_chars=1_000)
"""A window so short that bases and replays are soon older than it."""


@dataclass
class Wire:
    """One socket."""

    session: str
    user: User
    up: deque[bytes] = field(default_factory=deque)
    down: deque[bytes] = field(default_factory=deque)
    joined: bool = False


class Server:
    """One process's room over a log that survives it."""

    def __init__(self) -> None:
        self.epoch = "epoch-0"
        self.log: list[EventRecord] = []
        self.wires: dict[str, Wire] = {}
        self.roles: dict[str, Role] = {}
        self.room = self._open()

    def text_at(self, version: int) -> str:
        text = ""
        for record in self.log[:version]:
            text = apply(text, record.ops)
        return text

    def crash(self) -> None:
        """All sockets are gone, and everything that was not committed."""
        self.wires.clear()
        self.room = self._open()

    def rewind(self, version: int) -> None:
        """Restore from a backup: the log ends at `version` and has another epoch."""
        self.log = self.log[:version]
        self.epoch = f"epoch-{int(self.epoch[6:]) + 1}"
        self.crash()

    def set_role(self, user: User, role: Role) -> None:
        """What a user may do from now on."""
        self.roles[user.id] = role
        for wire in list(self.wires.values()):
            if wire.user == user:
                self._tell(SetRole(wire.session, role))

    def close(self, wire: Wire) -> None:
        self.wires.pop(wire.session, None)
        self._tell(Leave(wire.session))

    def take(self, wire: Wire, frame: bytes) -> None:
        """Handle one frame, as `sync.shells.sessions.quire_session` does."""
        message = decode_client(frame, "msgpack")
        match message:
            case JoinMessage(since=since, epoch=epoch):
                wire.joined = True
                role = self.roles.get(wire.user.id, "editor")
                self._tell(Join(wire.session, wire.user, role, "text", since, epoch))
            case _ if not wire.joined:
                event_id = getattr(message, "id", UNSET)
                why = ErrorMessage(ErrorCode.NOT_JOINED, "not joined", False, DOC, event_id)
                self._put(wire, why)
            case LeaveMessage():
                wire.joined = False
                self._tell(Leave(wire.session))
            case TextInsert(pos=pos, text=text):
                self._submit(wire, "text_insert", message, insertion(pos, text))
            case TextDelete(pos=pos, len=length):
                self._submit(wire, "text_delete", message, deletion(pos, length))
            case TextEdit(ops=ops):
                self._submit(wire, "text_edit", message, from_wire(ops))
            case CursorMove(base=base, anchor=anchor, head=head):
                self._tell(MoveCursor(wire.session, base, anchor, head))
            case _:
                raise AssertionError(f"no client should send {message}")

    def commit(self, *, works: bool = True, crashes: bool = False) -> None:
        """The appender's turn: merge what waits, and append it, or fail to.

        Args:
            crashes: the process ends after the commit, before anybody is told.
        """
        if not self.room.may_merge:
            return
        self.room.take_batch(SMALL.max_batch_events, SMALL.max_batch_bytes)
        known = {record.id: record for record in self.log}
        asked = self.room.prepare()
        found = {i: known[i] for i in asked.ids if i in known} if asked else {}
        draft = self.room.merge(Followed(self._record(), [], {}), Lookup(found, self._history()), 0)
        if works:
            self.log += draft.events
            if crashes:
                self.crash()
            else:
                self._tell(Committed())
        else:
            self._tell(CommitFailed())
            self._tell(StoreLost())
            self._tell(Reopened(self._opened()))
            self._tell(StoreFound())

    def _history(self) -> list[EventRecord]:
        return self.log[: self.room.oldest_base]

    def _open(self) -> Room:
        return Room(DOC, self._opened(), SMALL)

    def _opened(self) -> Opened:
        return Opened(self._record(), None, list(self.log), {})

    def _record(self) -> DocumentRecord:
        return DocumentRecord(1, DOC, "", "content", self.epoch, len(self.log), 77, "u", 0, 0)

    def _submit(
        self, wire: Wire, kind: str, message: TextInsert | TextDelete | TextEdit, ops: Delta
    ) -> None:
        digest = text_digest(kind, message.base, ops)
        submission = TextSubmission(
            wire.session, wire.user, message.id, message.base, ops, digest, 10
        )
        self._tell(submission)

    def _tell(self, fact: Fact) -> None:
        self._carry_out(self.room.handle(fact, 0))

    def _carry_out(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Deliver(sessions=sessions, message=message):
                    for session in sessions:
                        if session in self.wires:
                            self._put(self.wires[session], message)
                case CatchUp(session=session, order=order, after=after, upto=upto):
                    self._tell(PageRead(session, order, self.log[after:upto]))
                case Dismiss(session=session):
                    if session in self.wires:
                        self.wires[session].joined = False
                case Settled() | WantBatch():
                    pass
                case _:
                    pass  # A failed commit reopens the room in `commit`.

    def _put(self, wire: Wire, message: Outgoing) -> None:
        assert not isinstance(message, Several), "the room is a small one"
        wire.down.append(encode(message, "msgpack"))


class Author:
    """A client core, what its user did and saw, and its socket."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.user = User(f"id-{name}", name, "#000000")
        self.core = DocumentCore(DOC, self._new_id)
        self.wire: Wire | None = None
        self.shown = ""
        """The text on the user's screen: own edits, and `shown` of what was announced."""
        self.inserted: dict[int, str] = {}
        self.deleted: dict[int, str] = {}
        self.resolved: dict[int, int] = {}
        self.rejected: set[int] = set()
        self.seen: list[int] = []
        self.lost_texts: list[str] = []
        self.now_s = 0.0
        self._ids = 0
        self._tickets = 0
        self._sockets = 0

    def connect(self) -> None:
        if self.wire is None:
            self._sockets += 1
            self.wire = Wire(f"{self.user.name}-{self._sockets}", self.user)
            self.server.wires[self.wire.session] = self.wire
            self.tell(Connected(1 << 20, SMALL.max_document_chars))

    def lose(self) -> None:
        """The socket breaks; what travels on it is gone."""
        if self.wire is not None:
            self.server.close(self.wire)
            self.wire = None
            self.tell(Lost())

    def edit(self, ops: Ops) -> int:
        self._tickets += 1
        ticket = self._tickets
        at, gone, new = 0, [], []
        for op in ops:
            if isinstance(op, str):
                new.append(op)
                continue
            if op < 0:
                gone.append(self.core.text[at : at - op])
            at += abs(op)
        self.inserted[ticket], self.deleted[ticket] = "".join(new), "".join(gone)
        self.shown = apply(self.shown, ops)
        self.tell(Edited(ticket, ops))
        return ticket

    def receive(self, frame: bytes) -> None:
        self.tell(Received(decode_server(frame, "msgpack")))

    def pass_time(self) -> None:
        self.now_s += 60.0
        self.tell(Tick())

    def tell(self, fact: ClientFact) -> None:
        for effect in self.core.handle(fact, self.now_s):
            self._carry_out(effect)

    def _carry_out(self, effect: ClientEffect) -> None:
        match effect:
            case Send(message=message):
                assert self.wire is not None, "nothing is sent without a socket"
                self.wire.up.append(encode(message, "msgpack"))
            case Resolve(tickets=tickets, version=version):
                assert version <= self.core.version, "the text has what is said to be committed"
                for ticket in tickets:
                    assert ticket not in self.resolved, "an edit is resolved once"
                    assert ticket not in self.rejected, "a rejected edit is not resolved"
                    self.resolved[ticket] = version
            case Reject(tickets=tickets, why=why):
                assert not why.retryable, "what is refused for now is sent again"
                assert not self.rejected & set(tickets), "an edit is rejected once"
                assert not set(tickets) & self.resolved.keys(), "no edit is both"
                self.rejected |= set(tickets)
            case Announce(event=Change() as change):
                self.seen.append(change.version)
                assert not (change.own and change.shown), "an answer does not move the text"
                self.shown = apply(self.shown, change.shown)
            case Announce(event=Replaced() as replaced):
                self.seen.clear()
                self.shown = apply(self.shown, replaced.shown)
                if replaced.lost_text is not None:
                    self.lost_texts.append(replaced.lost_text)
            case Announce(event=Withdrawn() as withdrawn):
                self.shown = apply(self.shown, withdrawn.shown)
            case Wake():
                pass  # `pass_time` comes when it likes.
            case _:
                if self.core.epoch is not None and not self.seen and not self.shown:
                    self.shown = self.core.text

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self.user.name}.{self._ids}"


def is_versioned(frame: bytes) -> bool:
    """Whether a server's frame is one that the ordering buffer puts in order."""
    return isinstance(decode_server(frame, "msgpack"), Events | Ack)
