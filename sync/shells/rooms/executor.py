"""The executor of effects: hands facts to rooms, and executes the effects that rooms order.

Everything runs on one event loop and `tell` never waits, so a room's state is never seen
half-changed and needs no lock. Work that takes time (a look at the log, loading a document again)
runs in tasks of its own, which end with the rooms.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from math import ceil
from time import monotonic

from sync.effect import (
    CatchUp,
    Deliver,
    Dismiss,
    Effect,
    Look,
    Relay,
    Reopen,
    Settled,
    WantBatch,
)
from sync.error import ErrorCode
from sync.fact import (
    Broken,
    Committed,
    Connected,
    Fact,
    Found,
    RelayReceived,
    Reopened,
    StoreFound,
    StoreLost,
    Tick,
)
from sync.limit import Limits
from sync.port import EventLog, StoreError
from sync.room.room import WANT_BATCH, Room
from sync.shells.clock import now_ms
from sync.shells.edit_tracer import EditTracer
from sync.shells.meter import Meter
from sync.shells.rooms.announcer import Announcer
from sync.shells.rooms.appender import Appender
from sync.shells.rooms.registry import Registry, tell_bad_checkpoint
from sync.shells.rooms.reply import Reply
from sync.shells.rooms.sink import Parcel, Sink
from sync.shells.supervisor import Work
from sync.submission import Submission
from sync.wire.message import ErrorMessage, Outgoing
from sync.wire.relay import Part

_log = logging.getLogger(__name__)

_TICK_S = 0.25
"""The interval of the ticks for rooms that wait for something."""
_SLOW_TICK_S = 5.0
"""The interval of the ticks for other rooms with members."""
_REOPEN_ATTEMPTS = 3
_REOPEN_PAUSE_S = 0.2
_STORE_RETRY_S = 1.0
_APPENDING = (Committed, Reopened)
_FROM_ELSEWHERE = (RelayReceived, Connected)


class Executor:
    """Executes the effects of all rooms of one process.

    Args:
        registry: the open rooms.
        announcer: publishes to other processes; None: there is no bus.
        flush_interval_s: see `Appender`.
        spawn: runs work under a name until the rooms are closed.
        meter: counts what is done.
        tracer: told of edits; see `EditTracer`.
    """

    def __init__(
        self,
        log: EventLog,
        limits: Limits,
        registry: Registry,
        announcer: Announcer | None,
        *,
        flush_interval_s: float,
        spawn: Callable[[str, Work], None],
        meter: Meter,
        tracer: EditTracer | None = None,
    ) -> None:
        self.sinks: dict[str, Sink] = {}
        """The sessions of sockets, by their ids."""
        self.replies: dict[str, Reply] = {}
        """The requests that have no answer yet, by the session ids of their submissions."""
        self.appender = Appender(
            log,
            limits,
            tell=self.tell,
            discard=self.discard,
            now_ms=now_ms,
            meter=meter,
            tracer=tracer,
            flush_interval_s=flush_interval_s,
        )
        self._log = log
        self._limits = limits
        self._registry = registry
        self._entries = registry.entries
        self._announcer = announcer
        self._meter = meter
        self._tracer = tracer
        self._asked: dict[str, Room] = {}
        """The rooms that took a fact since the last tick, and may need the next one."""
        self._spawn = spawn

    # --- facts in -------------------------------------------------------------------------------

    def take(self, room: Room, submission: Submission) -> None:
        """Hand a submission to a room, by the quick part of `tell`.

        The rest is not needed: before the merge nothing is shown and no tick is needed, and the
        waiting submission keeps the room open.
        """
        try:
            effects = room.submit(submission)
        except Exception:  # noqa: BLE001
            self._give_up(room)
            return
        if effects is WANT_BATCH:
            self.appender.want(room)
        elif effects:
            self._carry_out(room, effects)

    def hear(self, room: Room, fact: Fact) -> None:
        """Hand a fact that comes from outside to a room, and count it; see `tell`."""
        self._meter.facts[type(fact)] += 1
        self.tell(room, fact)

    def tell(self, room: Room, fact: Fact) -> None:
        """Hand a fact to a room and execute its effects; never waits, never raises."""
        version = room.version
        try:
            effects = room.handle(fact, now_ms())
        except Exception:  # noqa: BLE001
            self._give_up(room)
            return
        relayed = self._carry_out(room, effects)
        name = room.name
        announcer = self._announcer
        if announcer is not None and room.version > version and isinstance(fact, _APPENDING):
            announcer.announce_version(name, room.version)
        self._asked[name] = room
        entry = self._entries.get(name)
        if entry is None or entry.room is not room:
            return
        if relayed:
            assert announcer is not None, "rooms relay nothing before they are connected"
            announcer.relay(name, relayed)
        if not isinstance(fact, _FROM_ELSEWHERE):
            # Relays from other processes do not keep the room open.
            entry.used_at_s = monotonic()
            entry.changed.set()

    def _give_up(self, room: Room) -> None:
        """Close a room after a defect, which must affect one document, not all (P8)."""
        _log.exception("room %r failed; it is closed and loaded anew when asked for", room.name)
        self.discard(room)

    # --- effects out ----------------------------------------------------------------------------

    def _carry_out(self, room: Room, effects: Sequence[Effect]) -> list[Part]:
        """Execute effects of a room; return its relays to other processes."""
        relayed: list[Part] = []
        find, meter = self.sinks.get, self._meter
        for effect in effects:
            if isinstance(effect, Deliver):
                upto = effect.upto
                if upto is None:
                    upto = -1
                parcel = Parcel(effect.message, room.name, upto, effect.droppable)
                for sink in map(find, effect.sessions):
                    if sink is not None:
                        sink.deliver(parcel)
                    elif self.replies:
                        self._reply(effect.sessions, effect.message)
                receivers, frames = len(effect.sessions), parcel.frames
                meter.deliveries += receivers
                for frame in frames.values():
                    if frame is not None:
                        meter.delivery_bytes += frame[1] * receivers // len(frames)
            elif isinstance(effect, Settled):
                sink = find(effect.session)
                if sink is not None:
                    sink.settled(effect.size, effect.ack, is_followed=effect.is_followed)
                elif effect.session in self.replies:
                    self.replies[effect.session].settle()
            elif isinstance(effect, WantBatch):
                self.appender.want(room)
            elif isinstance(effect, Relay):
                relayed.append(effect.part)
            else:
                self._carry_out_order(room, effect)
        return relayed

    def _reply(self, sessions: Sequence[str], message: Outgoing) -> None:
        """Hand a message to the request that it is for; it is for members if no request waits."""
        if len(sessions) == 1 and sessions[0] in self.replies:
            self.replies[sessions[0]].take(message)

    def _carry_out_order(self, room: Room, order: CatchUp | Dismiss | Look | Reopen) -> None:
        match order:
            case CatchUp(session=session):
                if session in self.sinks:
                    self.sinks[session].catch_up(room, order)
            case Dismiss(session=session):
                if session in self.sinks:
                    self.sinks[session].dismiss(room.name)
            case Look():
                look = partial(self._look, room, order)
                self._spawn(f"look {room.name}", partial(self._contain, room, look))
            case Reopen(before=before):
                reopen = partial(self._reopen, room, before)
                self._spawn(f"reopen {room.name}", partial(self._contain, room, reopen))

    def discard(self, room: Room) -> None:
        """Close a room at once; its sessions are told, and may join again."""
        why = ErrorMessage(
            ErrorCode.STORE_UNAVAILABLE, "The document was closed.", retryable=True, doc=room.name
        )
        parcel = Parcel(why, room.name)
        for submission in room.unsettled:
            sink = self.sinks.get(submission.session)
            if sink is not None:
                sink.settled(submission.size)
        for session in dict.fromkeys((*room.members, *room.joining)):
            sink = self.sinks.get(session)
            if sink is not None:
                sink.deliver(parcel)
                sink.dismiss(room.name)
        for reply in list(self.replies.values()):
            if reply.room is room:
                reply.settle()
                reply.take(why)
        room.audience.clear()
        self._registry.remove(room)

    async def _contain(self, room: Room, work: Work) -> None:
        """Do work for a room; a room that waits for what has failed would do so for ever."""
        try:
            await work()
        except Exception:  # noqa: BLE001
            self._give_up(room)

    async def _look(self, room: Room, order: Look) -> None:
        looked_s = monotonic()
        try:
            followed = await self._log.follow(room.key, order.after, self._limits.page_events)
        except StoreError as error:
            _log.warning("%r could not be followed: %s", room.name, error)
            followed = None
        if self._registry.find(room.name) is room:
            self.tell(room, Found(followed))
            if self._tracer is not None and followed is not None:
                self._tracer.followed(room.key, followed.events, looked_s, monotonic())

    async def _reopen(self, room: Room, before: int | None) -> None:
        """Load a room's document again after a failed commit; try until the store answers.

        Args:
            before: use only checkpoints before this version, whose own did not load; None: any.
        """
        attempt = 0
        if before is not None:
            tell_bad_checkpoint(room.name, before)
        while True:
            try:
                opened = await self._log.open(room.name, before=before)
            except StoreError:
                attempt += 1
                if attempt == _REOPEN_ATTEMPTS:
                    _log.error("the store does not answer; %r is read-only", room.name)
                    self.tell(room, StoreLost())
                pause_s = _REOPEN_PAUSE_S if attempt < _REOPEN_ATTEMPTS else _STORE_RETRY_S
                await asyncio.sleep(pause_s)
                continue
            if opened is None or opened.document.deleted_at_ms is not None:
                self.tell(room, Broken())
            else:
                self.tell(room, Reopened(opened))
            if room.broken:
                _log.error("%r does not load; it is served no more", room.name)
                self._registry.remove(room)
            else:
                self.tell(room, StoreFound())
            return

    async def tick(self) -> None:
        """Send ticks to rooms until cancelled."""
        elapsed_s = 0.0
        slow: list[Room] = []
        share = 0
        while True:
            await asyncio.sleep(_TICK_S)
            elapsed_s += _TICK_S
            asked, self._asked = self._asked, {}
            ticking = {name: room for name, room in asked.items() if room.wants_ticks}
            # Not all at once: thousands of them would stop the loop.
            for room in slow[:share]:
                if room.members and self._registry.find(room.name) is room:
                    ticking[room.name] = room
            del slow[:share]
            if elapsed_s >= _SLOW_TICK_S:
                elapsed_s = 0.0
                slow = [entry.room for entry in self._entries.values()]
                share = ceil(len(slow) * _TICK_S / _SLOW_TICK_S)
            for room in ticking.values():
                self.tell(room, Tick())
