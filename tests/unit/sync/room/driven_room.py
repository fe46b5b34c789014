"""A room with a log in memory behind it, driven step by step as the appender drives it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from msgspec.structs import replace
from pycrdt import Doc, Text

from sync.document.document import Document, Lookup, Questions
from sync.effect import CatchUp, Deliver, Draft, Effect, Settled
from sync.fact import CommitFailed, Committed, Fact, Join, PageRead, Reopened
from sync.limit import Limits
from sync.names import Mode, PositionEncoding, Role
from sync.port import AuthorBinding, Checkpoint, DocumentRecord, EventRecord, Followed, Opened
from sync.room.room import Room
from sync.submission import Submission, TextSubmission, UpdateSubmission, text_digest, update_digest
from sync.text.delta import Ops, apply
from sync.text.gaps import GAP, around_gaps
from sync.user import User
from sync.wire.message import Ack, ErrorMessage, Events, Outgoing, Updates

NAME = "notes"
KEY = 7
SERVER_CLIENT = 4_000_000_000
NOW_MS = 1_000_000
ANN = User("u-ann", "Ann", "#aa0000")
BOB = User("u-bob", "Bob", "#0000bb")

_Message = TypeVar("_Message", bound=Outgoing)


@dataclass(slots=True)
class MemoryLog:
    """The log of one document. What `append` has taken is durable."""

    epoch: str = "e1"
    events: list[EventRecord] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    authors: dict[int, str] = field(default_factory=dict)
    text_root: str = "content"

    @property
    def version(self) -> int:
        return len(self.events)

    def opened(self) -> Opened:
        checkpoint = self.checkpoints[-1] if self.checkpoints else None
        after = checkpoint.version if checkpoint else 0
        return Opened(self.document(), checkpoint, self.events[after:], dict(self.authors))

    def document(self) -> DocumentRecord:
        return DocumentRecord(
            key=KEY,
            name=NAME,
            title="",
            text_root=self.text_root,
            epoch=self.epoch,
            version=self.version,
            crdt_client_id=SERVER_CLIENT,
            owner_id=ANN.id,
            created_at_ms=0,
            updated_at_ms=0,
        )

    def append(
        self,
        events: Sequence[EventRecord],
        bindings: Sequence[AuthorBinding] = (),
        checkpoint: Checkpoint | None = None,
        text_root: str = "",
    ) -> None:
        for event in events:
            assert event.version == self.version + 1, "a version is missing, or there twice"
            assert self.find(event.id) is None, "an id is logged twice"
            self.events.append(event)
        for binding in bindings:
            self.authors.setdefault(binding.client_id, binding.user_id)
        if checkpoint is not None:
            self.checkpoints.append(checkpoint)
        if events and text_root:
            self.text_root = text_root

    def append_draft(self, draft: Draft) -> None:
        self.append(draft.events, draft.bindings, draft.checkpoint, draft.text_root)

    def find(self, event_id: str) -> EventRecord | None:
        return next((event for event in self.events if event.id == event_id), None)

    def text_at(self, version: int) -> str:
        text = ""
        for event in self.events[:version]:
            text = apply(text, event.ops)
        return text


def merge_batch(
    room: Room, log: MemoryLog, now_ms: int, max_events: int = 512, max_bytes: int = 8 << 20
) -> Draft:
    """The appender's part between `begin` and `commit`, for one room."""
    room.take_batch(max_events, max_bytes)
    found, lookup = look_up(room, log)
    return room.merge(found, lookup, now_ms)


def look_up(room: Room, log: MemoryLog) -> tuple[Followed, Lookup]:
    """What a batch needs of the log, read once its head is locked."""
    asked = room.prepare() or Questions()
    ids = ((event_id, log.find(event_id)) for event_id in asked.ids)
    known = {event_id: event for event_id, event in ids if event is not None}
    foreign = log.events[room.version :]
    found = Followed(log.document(), foreign, dict(log.authors) if foreign else {})
    lookup = Lookup(known=known)
    if asked.after is not None:
        lookup.history = log.events[asked.after : room.oldest_base]
    for version in asked.texts:
        lookup.texts[version] = log.text_at(version)
    return found, lookup


def document_of(room: Room) -> Document:
    """The document behind a room, for what only a test may look at."""
    return room.document


class DrivenRoom:
    """One room, its log, and everything it has sent."""

    def __init__(self, limits: Limits | None = None, log: MemoryLog | None = None) -> None:
        self.log = log or MemoryLog()
        self.limits = limits or Limits()
        self.room = Room(NAME, self.log.opened(), self.limits)
        self.now_ms = NOW_MS
        self.effects: list[Effect] = []

    def tell(self, *facts: Fact) -> list[Effect]:
        """Hand over facts; returns what they made the room order."""
        before = len(self.effects)
        for fact in facts:
            self.effects += self.room.handle(fact, self.now_ms)
        return self.effects[before:]

    def join(
        self,
        session: str,
        user: User = ANN,
        mode: Mode = "text",
        *,
        role: Role = "editor",
        since: int | None = None,
        epoch: str | None = None,
        encoding: PositionEncoding = "codepoint",
    ) -> list[Effect]:
        return self.tell(Join(session, user, role, mode, since, epoch, encoding))

    def submit(self, *submissions: Submission) -> list[Effect]:
        return self.tell(*submissions)

    def begin(self, max_events: int = 512) -> Draft:
        return merge_batch(self.room, self.log, self.now_ms, max_events)

    def commit(self) -> list[Effect]:
        """Merge what waits, make it durable, and say so."""
        self.log.append_draft(self.begin())
        return self.tell(Committed())

    def fail(self, *, committed: bool) -> list[Effect]:
        """Merge what waits; the commit fails, although it may have been carried out."""
        draft = self.begin()
        if committed:
            self.log.append_draft(draft)
        return self.tell(CommitFailed())

    def reopen(self) -> list[Effect]:
        return self.tell(Reopened(self.log.opened()))

    def read(self, order: CatchUp, *, page_events: int = 500) -> list[Effect]:
        """Read what the room orders from the log, page by page."""
        effects: list[Effect] = []
        text = self.log.text_at(order.after) if order.needs_text else None
        for start in range(order.after, order.upto, page_events):
            records = self.log.events[start : min(start + page_events, order.upto)]
            effects += self.tell(PageRead(order.session, order.order, records, text))
        return effects

    def write(self, *submissions: Submission) -> list[Effect]:
        """Submit and commit."""
        return self.submit(*submissions) + self.commit()


def messages(effects: Sequence[Effect], session: str) -> list[Outgoing]:
    """What these effects send to a session, in order."""
    sent: list[Outgoing] = []
    for effect in effects:
        if isinstance(effect, Deliver) and session in effect.sessions:
            sent.append(effect.message)
        elif isinstance(effect, Settled) and effect.session == session and effect.ack:
            sent.append(effect.ack)
    return sent


def sent(effects: Sequence[Effect], session: str, kind: type[_Message]) -> list[_Message]:
    """The messages of one kind to a session, in order."""
    return [message for message in messages(effects, session) if isinstance(message, kind)]


def settled(effects: Sequence[Effect], session: str) -> int:
    """How many submissions of a session were settled."""
    return sum(isinstance(e, Settled) and e.session == session for e in effects)


def edit(
    session: str,
    event_id: str,
    base: int | None,
    *ops: int | str,
    user: User = ANN,
    encoding: PositionEncoding = "codepoint",
    role: Role | None = None,
) -> TextSubmission:
    """A text event; one of the session `http` is a request's, which may write."""
    digest = text_digest("text_edit", base, ops)
    granted: Role | None = "editor" if session == "http" and role is None else role
    return TextSubmission(session, user, event_id, base, ops, digest, 10, encoding, granted)


def yjs(
    session: str,
    event_id: str,
    update: bytes,
    user: User = BOB,
    *,
    is_anonymous: bool = False,
    role: Role | None = None,
    is_past: bool = False,
) -> UpdateSubmission:
    """A Yjs update; with a role it is a request's."""
    digest = update_digest(update)
    size = len(update)
    return UpdateSubmission(
        session, user, event_id, update, digest, size, is_anonymous, role, is_past
    )


def from_session(submission: Submission, session: str) -> Submission:
    """The same submission, sent again on another connection."""
    return replace(submission, session=session)


class Editor:
    """A Yjs editor: a CRDT document, and the updates it has made."""

    def __init__(self, client: int, root: str = "content") -> None:
        self.doc: Doc[Any] = Doc(client_id=client)
        self.text = self.doc.get(root, type=Text)

    def apply(self, update: bytes) -> None:
        self.doc.apply_update(update)

    def edit(self, ops: Ops) -> bytes:
        """Change the text (counts in code points); returns the update.

        Where something in the text has no known place, nothing is changed.
        """
        made: list[bytes] = []
        at = place = 0
        shown = str(self.text)
        if len(self.text) != len(shown.encode()):
            # What is no character has a place of its own.
            parts = [part if isinstance(part, str) else GAP for part, _ in self.text.diff()]
            if "".join(parts).replace(GAP, "") != shown:
                return b"\0\0"
            shown = "".join(parts)
            ops = around_gaps(tuple(ops), shown)
        subscription = self.doc.observe(lambda event: made.append(event.update))
        with self.doc.transaction():
            for op in ops:
                if isinstance(op, str):
                    self.text.insert(at, op)
                    at += len(op.encode())
                    continue
                size = len(shown[place : place + abs(op)].encode())
                place += abs(op)
                if op > 0:
                    at += size
                else:
                    del self.text[at : at + size]
        self.doc.unobserve(subscription)
        (update,) = made
        return update

    def __str__(self) -> str:
        return str(self.text)


def room_with(*sessions: str, text: str = "", limits: Limits | None = None) -> DrivenRoom:
    """A room that these sessions have joined in text mode; version 1 holds `text`, if any."""
    driven = DrivenRoom(limits)
    if text:
        driven.write(edit("http", "first", None, text))
    for session in sessions:
        driven.join(session)
    return driven


def orders(effects: list[Effect]) -> list[CatchUp]:
    """What is to be read from the log."""
    return [effect for effect in effects if isinstance(effect, CatchUp)]


def versions(effects: list[Effect], session: str) -> list[int]:
    """Every version that a session is told of, acks and events alike, in order."""
    told: list[int] = []
    for message in messages(effects, session):
        if isinstance(message, Ack) and message.changed:
            told.append(message.version)
        elif isinstance(message, Events):
            told += [event.version for event in message.events]
        elif isinstance(message, Updates):
            told += range(message.from_, message.to + 1)
    return told


def error(effects: list[Effect], session: str) -> ErrorMessage:
    (found,) = sent(effects, session, ErrorMessage)
    return found


def parked() -> tuple[DrivenRoom, bytes, bytes]:
    """A room in which s1 sent an update that needs another; both updates."""
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.join("s2", ANN)
    editor = Editor(1)
    first, second = editor.edit(("a",)), editor.edit((1, "b"))
    assert messages(driven.write(yjs("s1", "u2", second)), "s1") == []
    return driven, first, second
