"""The sessions in the rooms of other processes, as a room shows them to its own.

Each process mirrors, checks and bounds the presence of its own sessions. Whatever it sends to its
sessions it also relays to the rooms of other processes, which send it to theirs unchanged. A guest
is sent nothing from here.

Each opened room has a random sender id on the bus and numbers the messages that it sends. Its
messages are accepted after its first answer to an `Ask` of this room. The answer names the nonce of
that `Ask`, so a recording of an earlier sender cannot be replayed after the sender has expired. A
repeated number is ignored. A missing number, or an unknown sender, makes this room ask for the
whole state again:

    Connected ─▶ Ask(nonce) ─▶ ... Begin(nonce) Came Pointed Spoke End ... Came Left Alive ...

Nothing of this is durable, and none of it is about the log.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sync.effect import Effect, Notice, Relay
from sync.fact import RelayReceived
from sync.member import member_info
from sync.presence.cursor import Cursors, TextCursor, located
from sync.presence.mirror import Mirror, Scene
from sync.presence.presence import Presence
from sync.wire.message import MemberInfo, MemberJoined, MemberLeft
from sync.wire.relay import (
    Alive,
    Ask,
    Begin,
    Came,
    End,
    Gone,
    Left,
    Part,
    Pointed,
    Said,
    Spoke,
)
from sync.yjs.awareness import scan_awareness
from sync.yjs.varint import MalformedError

LIFETIME_MS: Final = 30_000
"""The time after which the sessions of a silent room are not shown any more."""
ALIVE_MS: Final = 10_000
"""The time between the signs of life of a room with members."""
PAUSE_MS: Final = 1_000
"""The least time between two requests of a room, and between two answers."""
_MEMBERS_AT_ONCE: Final = 100
_NONE: Final = "none"
"""A nonce that was never sent in a request."""


@dataclass(slots=True)
class _Sweep:
    """The state of a sender that it has not repeated since `Begin`."""

    sessions: set[str]
    cursors: set[str]
    clients: set[int]


@dataclass(slots=True)
class _Sender:
    """The room of another process."""

    number: int
    received_ms: int
    sessions: set[str] = field(default_factory=set)
    early: dict[str, Pointed] = field(default_factory=dict)
    """Cursors in versions that this room has not reached."""
    sweep: _Sweep | None = None
    is_torn: bool = False
    """True if one of its messages is missing and it has not sent its whole state since."""


class Guests:
    """The guests of one room. Relays nothing before `connect`."""

    def __init__(self, presence: Presence, cursors: Cursors, mirror: Mirror) -> None:
        self.members: dict[str, MemberInfo] = {}
        self._presence = presence
        self._cursors = cursors
        self._mirror = mirror
        self._sender = ""
        self._senders: dict[str, _Sender] = {}
        self._nonce = _NONE
        self._nonces = 0
        self._asked_ms = -PAUSE_MS
        self._lacking: set[str] = set()
        """The senders whose state is incomplete here; while there are some, this room asks."""
        self._askers: dict[str, None] = {}
        """The nonces of requests that are not answered yet."""
        self._answered_ms = -PAUSE_MS
        self._alive_ms = 0

    @property
    def is_connected(self) -> bool:
        """True if there may be other processes."""
        return bool(self._sender)

    @property
    def wants_ticks(self) -> bool:
        """True if something waits for the next tick and should not wait long."""
        return bool(self._lacking or self._askers)

    def connect(self, sender: str, now_ms: int) -> Iterator[Effect]:
        """Begin to relay, under this sender id, and ask the others for their state."""
        self._sender = sender
        self._lacking.add(sender)
        yield from self._ask(now_ms)

    def receive(self, fact: RelayReceived, scene: Scene) -> Iterator[Effect]:
        """Take a relay of another room."""
        if not self._sender or fact.sender == self._sender:
            return
        known = self._senders.get(fact.sender)
        if known is not None:
            if fact.number <= known.number:
                return
            if fact.number > known.number + 1:
                known.sweep = None
                known.is_torn = True
            known.number, known.received_ms = fact.number, scene.now_ms
        for part in fact.parts:
            if isinstance(part, Ask):
                self._askers[part.nonce] = None
                continue
            if known is None and isinstance(part, Begin) and self._nonce in part.answers:
                known = self._senders[fact.sender] = _Sender(fact.number, scene.now_ms)
            if isinstance(part, Gone):
                if known is not None:
                    yield from self._lose(fact.sender, known, scene)
                return
            if known is not None:
                yield from self._take(fact.sender, known, part, scene)
        if known is None or known.is_torn:
            self._lacking.add(fact.sender)
        else:
            self._lacking.discard(fact.sender)
        yield from self._catch_up(scene)

    @property
    def has_early(self) -> bool:
        """True if a cursor waits for a version that this room has not reached."""
        return bool(self._senders) and any(sender.early for sender in self._senders.values())

    def committed(self, scene: Scene) -> Iterator[Effect]:
        """Show the cursors that waited for the version which the text has reached."""
        for sender in self._senders.values():
            early, sender.early = sender.early, {}
            for pointed in early.values():
                yield from self._point(sender, pointed, scene)

    def clear_cursors(self) -> None:
        """Forget the waiting cursors, since their text was replaced."""
        for sender in self._senders.values():
            sender.early.clear()

    def tick(self, scene: Scene) -> Iterator[Effect]:
        """Expire silent senders, send a sign of life, and ask or answer what is due."""
        if not self._sender:
            return
        yield from self.expire(scene)
        if scene.members and not _is_recent(self._alive_ms, scene.now_ms, ALIVE_MS):
            self._alive_ms = scene.now_ms
            yield Relay(Alive())
        yield from self._catch_up(scene)

    def expire(self, scene: Scene) -> Iterator[Effect]:
        """Forget the rooms that have been silent for too long."""
        for name, sender in list(self._senders.items()):
            if not _is_recent(sender.received_ms, scene.now_ms, LIFETIME_MS):
                yield from self._lose(name, sender, scene)

    # --- asking and answering -------------------------------------------------------------------

    def _catch_up(self, scene: Scene) -> Iterator[Effect]:
        yield from self._ask(scene.now_ms)
        if self._askers and not _is_recent(self._answered_ms, scene.now_ms, PAUSE_MS):
            self._answered_ms = scene.now_ms
            askers, self._askers = tuple(self._askers), {}
            yield from self._say_all(askers, scene)

    def _ask(self, now_ms: int) -> Iterator[Effect]:
        if not self._lacking or _is_recent(self._asked_ms, now_ms, PAUSE_MS):
            return
        self._lacking.clear()
        self._asked_ms = now_ms
        if self._nonce == _NONE:
            self._nonces += 1
            self._nonce = f"{self._sender}.{self._nonces}"
        yield Relay(Ask(self._nonce))

    def _say_all(self, askers: tuple[str, ...], scene: Scene) -> Iterator[Effect]:
        yield Relay(Begin(askers))
        members = [member_info(member) for member in scene.members.values()]
        for start in range(0, len(members), _MEMBERS_AT_ONCE):
            yield Relay(Came(tuple(members[start : start + _MEMBERS_AT_ONCE])))
        yield from self._cursors.relayed(scene.members, scene.head)
        for update in self._presence.relayed():
            yield Relay(Spoke(update))
        yield Relay(End())

    # --- relayed parts --------------------------------------------------------------------------

    def _take(self, name: str, sender: _Sender, part: Part, scene: Scene) -> Iterator[Effect]:
        match part:
            case Begin():
                sender.sweep = _Sweep(
                    set(sender.sessions),
                    self._cursors.of_those(sender.sessions) | set(sender.early),
                    self._presence.clients_of(name),
                )
            case End():
                yield from self._end(name, sender, scene)
            case Came():
                for info in part.members:
                    yield from self._came(sender, info, scene)
            case Left():
                yield from self._left(sender, part.session, scene)
            case Pointed():
                yield from self._point(sender, part, scene)
            case Spoke():
                yield from self._spoke(name, sender, part, scene)
            case Said():
                yield from scene.tell_stateless_here(part.payload)
            case _:
                pass

    def _came(self, sender: _Sender, info: MemberInfo, scene: Scene) -> Iterator[Effect]:
        session = info.session
        if sender.sweep is not None:
            sender.sweep.sessions.discard(session)
        before = self.members.get(session)
        if session in scene.members or (before is not None and session not in sender.sessions):
            return
        was_first = not scene.has(info.mode, but=session)
        sender.sessions.add(session)
        self.members[session] = info
        if before is None and scene.members:
            joined = MemberJoined(scene.name, session, info.user, info.mode)
            yield Notice(tuple(scene.members), joined)
        if was_first:
            yield from self._mirror.begin("text" if info.mode == "yjs" else "yjs", scene)

    def _left(self, sender: _Sender, session: str, scene: Scene) -> Iterator[Effect]:
        if session not in sender.sessions:
            return
        sender.sessions.discard(session)
        sender.early.pop(session, None)
        self._cursors.leave(session)
        info = self.members.pop(session)
        if scene.members:
            yield Notice(tuple(scene.members), MemberLeft(scene.name, session, info.user))

    def _point(self, sender: _Sender, pointed: Pointed, scene: Scene) -> Iterator[Effect]:
        session = pointed.session
        if session not in sender.sessions or pointed.epoch != scene.head.epoch:
            return
        if sender.sweep is not None:
            sender.sweep.cursors.discard(session)
        sender.early.pop(session, None)
        cursor: TextCursor | None = None
        if pointed.anchor is not None and pointed.head is not None:
            if pointed.version > scene.head.version:
                sender.early[session] = pointed
                return
            said = TextCursor(pointed.version, pointed.anchor, pointed.head)
            cursor = located(said, scene.head)
        if cursor is None and not self._cursors.of_those((session,)):
            return
        if cursor is None or cursor != self._cursors.at(session, scene.head):
            yield from self._cursors.show_here(
                session, cursor, pointed.user, scene.head, scene.members
            )

    def _spoke(self, name: str, sender: _Sender, said: Spoke, scene: Scene) -> Iterator[Effect]:
        try:
            clients = {client for client, _, _ in scan_awareness(said.update)}
            is_news = not self._presence.knows_any(clients)
            update = self._presence.receive(name, said.update, scene.now_ms)
        except (MalformedError, UnicodeError):
            # The seal is right, so it comes from a process of another version of Quire.
            return
        if sender.sweep is not None:
            sender.sweep.clients -= clients
        has_gone = not self._presence.knows_any(clients)
        yield from _tell_yjs(update, scene, is_notice=is_news or has_gone)

    def _end(self, name: str, sender: _Sender, scene: Scene) -> Iterator[Effect]:
        sweep, sender.sweep = sender.sweep, None
        if sweep is None:
            return
        sender.is_torn = False
        for session in sorted(sweep.sessions):
            yield from self._left(sender, session, scene)
        for session in sorted(sweep.cursors & sender.sessions):
            sender.early.pop(session, None)
            user = self.members[session].user
            yield from self._cursors.show_here(session, None, user, scene.head, scene.members)
        # Some may have come here meanwhile.
        gone = sweep.clients & self._presence.clients_of(name)
        yield from _tell_yjs(self._presence.forget(sorted(gone)), scene, is_notice=True)

    def _lose(self, name: str, sender: _Sender, scene: Scene) -> Iterator[Effect]:
        """Forget a sender whose room is closed, or whose process is dead."""
        for session in sorted(sender.sessions):
            yield from self._left(sender, session, scene)
        yield from _tell_yjs(self._presence.leave(name), scene, is_notice=True)
        del self._senders[name]
        # An answer to an earlier request is outdated now.
        self._nonce = _NONE


def _is_recent(at_ms: int, now_ms: int, span_ms: int) -> bool:
    """Return whether less than `span_ms` has passed; a clock set back counts as more."""
    return 0 <= now_ms - at_ms < span_ms


def _tell_yjs(update: bytes | None, scene: Scene, *, is_notice: bool) -> Iterator[Effect]:
    if update is not None:
        yield from scene.tell_yjs_here(update, is_notice=is_notice)
