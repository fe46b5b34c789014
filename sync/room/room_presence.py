"""The presence in a room: awareness, cursors, and messages between its sessions."""

from collections.abc import Callable, Iterable, Iterator

from sync.effect import Deliver, Effect, Relay, error
from sync.error import Refusal
from sync.fact import (
    AskAwareness,
    Connected,
    Fact,
    MoveCursor,
    RelayReceived,
    SendStateless,
    SetAwareness,
)
from sync.member import member_info
from sync.presence.cursor import Cursors
from sync.presence.guests import Guests
from sync.presence.mirror import Mirror
from sync.presence.notices import Notices
from sync.presence.presence import Presence
from sync.rate import Rates
from sync.room.participant import Participant
from sync.room.view import View
from sync.wire.message import AwarenessOut
from sync.wire.relay import Came, Left, Said, Spoke

Guard = Callable[[Iterator[Effect]], Iterator[Effect]]
"""Passes effects on; if the replica fails while they are made, the document is loaded again."""


class RoomPresence:
    """The presence of one room. None of it is durable.

    Args:
        guard: see `Guard`; needed because the anchors of cursors are resolved in the replica.
    """

    def __init__(self, view: View, guard: Guard) -> None:
        self._view = view
        self._guard = guard
        limits = view.limits
        self._presence = Presence(limits)
        self._cursors = Cursors(view.name)
        self._moves = Rates(limits.awareness_per_s)
        self._last_moves: dict[str, MoveCursor] = {}
        """The last cursor of each session that moves more often than is shown; held back."""
        self._stateless = Rates(limits.stateless_per_s)
        self._mirror = Mirror(self._presence, self._cursors)
        self._guests = Guests(self._presence, self._cursors, self._mirror)
        view.guests = self._guests.members
        self._notices = Notices(view.name, view.members)

    @property
    def wants_ticks(self) -> bool:
        """True if a change was held back and has to be shown soon."""
        if self._last_moves or self._presence.wants_ticks or self._mirror.wants_ticks:
            return True
        return self._guests.wants_ticks or self._notices.wants_ticks

    @property
    def has_early(self) -> bool:
        """True if a cursor refers to a later version than the text has."""
        return bool(self._mirror.early) or self._guests.has_early

    def audible(self, effects: Iterable[Effect], now_ms: int) -> list[Effect]:
        """Return the effects, but for notices that are held back; see `sync.presence.notices`.

        While the room is connected to no other process, they are without `Relay`.
        """
        # Making them may connect the room to the bus.
        ordered = list(self._notices.gather(effects, now_ms))
        if self._guests.is_connected:
            return ordered
        return [effect for effect in ordered if not isinstance(effect, Relay)]

    def handle(self, fact: Fact, now_ms: int) -> Iterator[Effect]:
        """Take a fact about presence; other facts have no effect."""
        match fact:
            case SetAwareness():
                yield from self._set_awareness(fact, now_ms)
            case AskAwareness():
                yield from self.tell_awareness(fact.session)
            case MoveCursor():
                yield from self._move_cursor(fact, now_ms)
            case SendStateless():
                yield from self._pass_on(fact, now_ms)
            case Connected():
                yield from self._guests.connect(fact.sender, now_ms)
            case RelayReceived():
                yield from self._guard(self._guests.receive(fact, self._view.scene(now_ms)))

    # --- joining and leaving --------------------------------------------------------------------

    def before_join(self, now_ms: int) -> Iterator[Effect]:
        """Forget the sessions of silent processes, so that a new member is not shown them."""
        yield from self._guests.expire(self._view.scene(now_ms))

    def announce(self, member: Participant) -> Iterator[Effect]:
        """Tell other processes of a session that has joined."""
        self._last_moves.pop(member.session, None)
        yield Relay(Came((member_info(member),)))

    def joined(
        self, member: Participant, before: Participant | None, now_ms: int
    ) -> Iterator[Effect]:
        """Show a new session the presence of the others, and the others that of the session."""
        scene = self._view.scene(now_ms)
        yield from self._guard(self._mirror.joined(member, before, scene))
        if member.mode == "yjs":
            yield from self.tell_awareness(member.session)
        else:
            yield from self._cursors.greet(member, self._view.head)

    def left(self, session: str, now_ms: int, *, is_untold: bool = False) -> Iterator[Effect]:
        """Forget a session that has left, and tell the others, of this process unless untold."""
        self._mirror.left(session)
        for rates in (self._moves, self._stateless):
            rates.forget(session)
        gone = self._presence.leave(session)
        if gone is not None and is_untold:
            yield Relay(Spoke(gone))
        elif gone is not None:
            yield from self._view.scene(now_ms).tell_yjs(gone, is_notice=True)
        yield Relay(Left(session))

    # --- messages of sessions -------------------------------------------------------------------

    def _set_awareness(self, fact: SetAwareness, now_ms: int) -> Iterator[Effect]:
        """Take a Yjs session's awareness."""
        view = self._view
        member = view.members.get(fact.session)
        if member is None:
            return
        view.announced_ids.note(fact.session, member.user.id, fact.update)
        is_notice = self._notices.gathers and not self._presence.speaks(fact.session)
        answer = self._presence.accept(
            fact.session,
            member.user,
            fact.update,
            view.document.authors,
            now_ms,
            repeats=member.dialect != "quire",
        )
        if isinstance(answer, Refusal):
            yield error(view.name, fact.session, answer.code, answer.message)
        elif answer is not None:
            if self._notices.gathers and not self._presence.speaks(fact.session):
                is_notice = True
            scene = view.scene(now_ms)
            yield from scene.tell_yjs(answer, but=fact.session, is_notice=is_notice)
        if isinstance(answer, bytes) or self._presence.is_held_back(fact.session):
            yield from self._guard(self._mirror.awareness_changed(member, view.scene(now_ms)))

    def tell_awareness(self, session: str) -> Iterator[Effect]:
        """Send a session everybody's awareness."""
        states = self._presence.snapshot(but=session)
        if states is not None and session in self._view.members:
            yield Deliver((session,), AwarenessOut(self._view.name, states))

    def _pass_on(self, fact: SendStateless, now_ms: int) -> Iterator[Effect]:
        """Send a stateless message to the other Hocuspocus sessions, unless it comes too often."""
        if fact.session not in self._view.members:
            return
        if not self._stateless.exceeds(fact.session, now_ms):
            scene = self._view.scene(now_ms)
            yield from scene.tell_stateless_here(fact.payload, but=fact.session)
            yield Relay(Said(fact.payload))

    def _move_cursor(self, fact: MoveCursor, now_ms: int) -> Iterator[Effect]:
        """Show the cursor of a session in text mode; at the next tick if it moves too often."""
        if fact.session not in self._view.members:
            return
        if self._moves.exceeds(fact.session, now_ms):
            self._last_moves[fact.session] = fact
            return
        self._last_moves.pop(fact.session, None)
        yield from self._show_move(fact, now_ms)

    def _show_move(self, fact: MoveCursor, now_ms: int) -> Iterator[Effect]:
        view = self._view
        member = view.members.get(fact.session)
        if member is None:
            return
        yield from self._cursors.move(member, fact, view.head, view.members)
        if member.mode == "text":
            yield from self._guard(self._mirror.cursor_moved(member, view.scene(now_ms)))

    # --- time and text --------------------------------------------------------------------------

    def tick(self, now_ms: int) -> Iterator[Effect]:
        """Show presence that was held back, and drop sessions that have fallen silent."""
        moves, self._last_moves = self._last_moves, {}
        for fact in moves.values():
            yield from self._show_move(fact, now_ms)
        view = self._view
        awareness = self._presence.tick(now_ms)
        if awareness is not None:
            yield from view.scene(now_ms).tell_yjs(awareness)
        yield from self._guard(self._mirror.tick(view.scene(now_ms)))
        yield from self._guard(self._guests.tick(view.scene(now_ms)))

    def text_changed(self, now_ms: int) -> Iterator[Effect]:
        """Show cursors whose version the text has now reached."""
        yield from self._guard(self._catch_up(now_ms))

    def _catch_up(self, now_ms: int) -> Iterator[Effect]:
        scene = self._view.scene(now_ms)
        yield from self._mirror.committed(scene)
        yield from self._guests.committed(scene)

    def clear_cursors(self) -> None:
        """Forget all cursors, since their text belongs to another history."""
        self._mirror.clear()
        self._guests.clear_cursors()
