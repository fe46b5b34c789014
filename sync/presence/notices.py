"""The notices of who comes and goes, which a large room gathers.

Everybody in a room is told of each who joins or leaves: one by one, n who come make n²/2 messages,
each of them a call of the kernel. So a room of more than `SMALL_ROOM` members tells of the first at
once, and holds back what follows until its hold time has passed since it told last. Then each
member is sent all that concerns it, in the order in which it happened, in one write:

- the notices since its own join, since `joined` named those who were there. Of a session that has
  come and gone meanwhile it is not told; of one that has gone and come it is told both;
- to those in yjs mode one awareness update: the states of clients that have come, and of those that
  have gone. What other clients say is not held back, nor when such a client says more: an older
  state that follows is ignored.

A cursor is not shown before its owner is announced: then what is held is told at once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sync.effect import Deliver, Effect, Notice
from sync.member import Member
from sync.wire.message import (
    AwarenessOut,
    Cursor,
    Joined,
    MemberJoined,
    MemberLeft,
    Several,
    SingleMessage,
)
from sync.yjs.awareness import encode_awareness, scan_awareness

SMALL_ROOM: Final = 50
"""The most members of a room that is told everything at once."""
HOLD_MS_A_MEMBER: Final = 1.0
"""The hold time for each member: so all writes of notices take about the same share of a core."""
MAX_HOLD_MS: Final = 2_000
MAX_HELD: Final = 500
"""The most notices that are held back."""

_Change = MemberJoined | MemberLeft


class Notices:
    """The notices of one room that are held back.

    Args:
        doc: the document's name.
        members: the members of the room, as they change.
    """

    def __init__(self, doc: str, members: Mapping[str, Member]) -> None:
        self._doc = doc
        self._members = members
        self._told_ms = -MAX_HOLD_MS
        """The time at which notices were sent last."""
        self._changes: list[_Change] = []
        self._subjects: set[str] = set()
        """The sessions that the changes are about."""
        self._begin: dict[str, int] = {}
        """The number of changes before the join of each session that has joined meanwhile."""
        self._states: dict[int, tuple[int, str | None]] = {}
        """The clock and state of each awareness client that has come or gone."""
        self._owners: dict[str, dict[int, None]] = {}
        """The clients whose states a session has set, which it is not sent."""

    @property
    def gathers(self) -> bool:
        """True if the room is a large one."""
        return len(self._members) > SMALL_ROOM

    @property
    def wants_ticks(self) -> bool:
        """True if something is held back, and the next tick may have to tell it."""
        return bool(self._changes or self._states)

    def gather(self, effects: Iterable[Effect], now_ms: int) -> Iterator[Effect]:
        """Pass effects on as the room makes them, without the notices that are held back.

        What is held back and due is put before them.
        """
        if self.wants_ticks and self._is_due(now_ms):
            yield from self._tell(now_ms)
        for effect in effects:
            if isinstance(effect, Notice):
                yield from self._take(effect, now_ms)
                continue
            if self.wants_ticks and isinstance(effect, Deliver):
                message = effect.message
                if isinstance(message, Joined):
                    for session in effect.sessions:
                        self._begin[session] = len(self._changes)
                elif isinstance(message, Cursor) and message.session in self._subjects:
                    yield from self._tell(now_ms)
            yield effect

    # --- holding back ---------------------------------------------------------------------------

    def _is_due(self, now_ms: int) -> bool:
        """Return whether the hold time has passed; a clock that was set back counts as that."""
        hold_ms = 0.0
        if self.gathers:
            hold_ms = min(MAX_HOLD_MS, HOLD_MS_A_MEMBER * len(self._members))
        return not 0 <= now_ms - self._told_ms < hold_ms

    def _take(self, notice: Notice, now_ms: int) -> Iterator[Effect]:
        """Pass a notice on, or hold it back."""
        is_due = self._is_due(now_ms)
        if is_due and not self.wants_ticks:
            self._told_ms = now_ms
            yield Deliver(notice.sessions, notice.message)
            return
        message = notice.message
        if isinstance(message, AwarenessOut):
            self._hold_states(message.update, notice.owner)
        else:
            assert isinstance(message, MemberJoined | MemberLeft), "nothing else is a notice"
            self._changes.append(message)
            self._subjects.add(message.session)
        if is_due or len(self._changes) >= MAX_HELD:
            yield from self._tell(now_ms)

    def _hold_states(self, update: bytes, owner: str) -> None:
        for client, clock, raw in scan_awareness(update):
            state = None if raw == b"null" else raw.decode()
            if client not in self._states or clock >= self._states[client][0]:
                self._states[client] = (clock, state)
            if owner:
                self._owners.setdefault(owner, {})[client] = None

    # --- telling --------------------------------------------------------------------------------

    def _tell(self, now_ms: int) -> Iterator[Effect]:
        """Send each member what it has not been told, in one message."""
        self._told_ms = now_ms
        changes, begin, subjects = self._changes, self._begin, self._subjects
        states, owners = self._states, self._owners
        self._changes, self._begin, self._subjects = [], {}, set()
        self._states, self._owners = {}, {}
        kept: dict[int, Any] = {}
        news = net_changes(changes)
        awareness = self._awareness(states)
        alike: dict[tuple[bool, bool], list[str]] = {}
        for session, member in self._members.items():
            is_native, is_yjs = member.dialect == "quire", member.mode == "yjs"
            own = owners.get(session, ()) if is_yjs else ()
            has_missed = is_native and (session in begin or session in subjects)
            if not (own or has_missed):
                alike.setdefault((is_native, is_yjs), []).append(session)
                continue
            mine: Iterable[SingleMessage] = ()
            if has_missed:
                missed = net_changes(changes[begin.get(session, 0) :])
                mine = [each for each in missed if each.session != session]
            elif is_native:
                mine = news
            others = awareness
            if own:
                others = self._awareness({c: held for c, held in states.items() if c not in own})
            yield from self._deliver((session,), [*mine, *(others if is_yjs else ())], kept)
        for (is_native, is_yjs), sessions in alike.items():
            messages = [*(news if is_native else ()), *(awareness if is_yjs else ())]
            yield from self._deliver(tuple(sessions), messages, kept)

    def _awareness(self, states: Mapping[int, tuple[int, str | None]]) -> Sequence[SingleMessage]:
        if not states:
            return ()
        sent = [(client, clock, state) for client, (clock, state) in states.items()]
        return (AwarenessOut(self._doc, encode_awareness(sent)),)

    def _deliver(
        self,
        sessions: tuple[str, ...],
        messages: Sequence[SingleMessage],
        kept: dict[int, Any],
    ) -> Iterator[Effect]:
        if len(messages) == 1:
            yield Deliver(sessions, messages[0])
        elif messages:
            yield Deliver(sessions, Several(self._doc, tuple(messages), kept))


def net_changes(changes: Sequence[_Change]) -> Sequence[_Change]:
    """Return the changes that a member is told: those of one session are one, two or none.

    Whoever came and went is left out. Whoever went and came is told as both, since all that was
    known of the former membership ends with it.
    """
    of_each: dict[str, list[int]] = {}
    for number, change in enumerate(changes):
        of_each.setdefault(change.session, []).append(number)
    if len(of_each) == len(changes):
        return changes
    kept: set[int] = set()
    for numbers in of_each.values():
        first, last = changes[numbers[0]], changes[numbers[-1]]
        was_there, is_there = isinstance(first, MemberLeft), isinstance(last, MemberJoined)
        if was_there:
            kept.add(numbers[0])
        if is_there:
            kept.add(numbers[-1])
    return [change for number, change in enumerate(changes) if number in kept]
