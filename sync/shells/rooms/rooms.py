"""The rooms that this process has open, and the hands that carry out what they order.

A room is opened once, however many ask at once; it is unloaded when it has been empty and clean
for a while. Everything runs on one event loop and `tell` never waits, so a room's state is never
seen half-changed and needs no lock.
"""

import asyncio
import logging
import math
import secrets
import time
from collections.abc import Collection, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

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
from sync.error import ErrorCode, QuireError
from sync.fact import (
    Announced,
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
from sync.names import DEFAULT_TEXT_ROOT, is_document_name
from sync.port import Bus, DocumentRecord, EventLog, NewDocument, StoreError
from sync.room.room import Room
from sync.shells.rooms.appender import Appender
from sync.shells.rooms.sink import Parcel, Sink
from sync.shells.rooms.titles import Titles
from sync.submission import Submission
from sync.user import User
from sync.wire.message import Ack, ErrorMessage
from sync.wire.news import Appended, Changed, decode_news, encode_news
from sync.wire.relay import Gone, Part, Sealed, pack, seal, unseal
from sync.yjs.replica import ReplicaBrokenError

_log = logging.getLogger(__name__)

_TICK_S = 0.25
"""How often rooms that wait for something are told that time has passed; the others:"""
_SLOW_TICK_S = 5.0
_REOPEN_ATTEMPTS = 3
_REOPEN_PAUSE_S = 0.2
_STORE_RETRY_S = 1.0
_APPENDING = (Committed, Reopened)
_FROM_ELSEWHERE = (RelayReceived, Connected)
_HEADS_AT_ONCE = 500
"""Documents whose heads are read in one query."""


def now_ms() -> int:
    """The server's clock: UTC, milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class _Open:
    """A room, and what only its shell cares about."""

    room: Room
    idle_since: float
    sender: str = field(default_factory=lambda: secrets.token_hex(8))
    """Its name on the bus."""
    relayed: int = 0
    """How many messages it has relayed there."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Rooms(AbstractAsyncContextManager["Rooms"]):
    """All rooms of one process; `async with` runs its appender and housekeeping.

    Args:
        log: the event log.
        flush_interval_s: see `Appender`.
        unload_after_s: how long an empty room stays open.
        bus: connects this process with the others that serve the same log; None: there are none,
            or they are found by the head checks alone.
        head_check_interval_s: how often the log is asked whether other processes have appended to
            documents that are open here; 0: never.
    """

    def __init__(
        self,
        log: EventLog,
        limits: Limits,
        *,
        flush_interval_s: float = 0.01,
        unload_after_s: float = 30.0,
        bus: Bus | None = None,
        head_check_interval_s: float = 0.0,
    ) -> None:
        self.log = log
        self.limits = limits
        self.sinks: dict[str, Sink] = {}
        self.draining = False
        self._open: dict[str, _Open] = {}
        self._opening: dict[str, asyncio.Task[Room]] = {}
        self._ticking: dict[str, Room] = {}
        self._unload_after_s = unload_after_s
        self._bus = bus
        self._head_check_interval_s = head_check_interval_s
        self._unsure: set[str] = set()
        """Documents of which something that was said on the bus may have been lost."""
        self._doubt = asyncio.Event()
        self._relay_key: bytes | None = None
        """What is relayed is sealed with it; None: not known yet, and nothing is."""
        self._appender = Appender(
            log,
            limits,
            tell=self.tell,
            discard=self.discard,
            now_ms=now_ms,
            flush_interval_s=flush_interval_s,
        )
        self.titles = Titles(log, lambda: [held.room for held in self._open.values()])
        self._exit = AsyncExitStack()
        self._tasks: asyncio.TaskGroup | None = None
        self._closing = False
        self._owned: list[asyncio.Task[None]] = []
        self._doing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        if self._bus is not None:
            await self._exit.enter_async_context(self._bus.listening(self))
        self._tasks = await self._exit.enter_async_context(asyncio.TaskGroup())
        self._owned = [
            self._tasks.create_task(self._appender.run(), name="appender"),
            self._tasks.create_task(self._tick(), name="tick"),
            self._tasks.create_task(self._unload(), name="unload"),
            self._tasks.create_task(self.titles.run(), name="titles"),
        ]
        if self._bus is not None:
            self._owned.append(self._tasks.create_task(self._learn_relay_key(), name="relay key"))
        if self._head_check_interval_s or self._bus is not None:
            self._owned.append(self._tasks.create_task(self._check_heads(), name="check heads"))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing = True
        for task in (*self._owned, *self._doing):
            task.cancel()
        for opening in self._opening.values():
            opening.cancel()
        await self._exit.__aexit__(kind, error, trace)

    # --- opening and closing --------------------------------------------------------------------

    def find(self, name: str) -> Room | None:
        """The room of a document, if it is open."""
        held = self._open.get(name)
        return held.room if held else None

    def __len__(self) -> int:
        return len(self._open)

    async def open(
        self, name: str, creator: User | None = None, text_root: str = DEFAULT_TEXT_ROOT
    ) -> Room:
        """The room of a document, loaded from the log if it is not open yet.

        Args:
            creator: creates the document if there is none; without, that is an error.
            text_root: of a document that is created; empty: what is written first decides.

        Raises:
            QuireError: `unknown_document`, `store_unavailable`, `rate_limited` (too many rooms),
                `invalid_message` (not a name).
        """
        held = self._open.get(name)
        if held is not None:
            if held.room.deleted:
                raise QuireError(ErrorCode.UNKNOWN_DOCUMENT, "The document is deleted.")
            return held.room
        if not is_document_name(name):
            raise QuireError(ErrorCode.INVALID_MESSAGE, "This cannot be a document's name.")
        opening = self._opening.get(name)
        if opening is None:
            if len(self._open) + len(self._opening) >= self.limits.max_rooms:
                raise QuireError(
                    ErrorCode.RATE_LIMITED, "Too many documents are open.", retryable=True
                )
            opening = self._spawn_open(name, creator, text_root)
        return await asyncio.shield(opening)

    def _spawn_open(self, name: str, creator: User | None, text_root: str) -> "asyncio.Task[Room]":
        opening = asyncio.get_running_loop().create_task(self._load(name, creator, text_root))
        self._opening[name] = opening

        def done(task: "asyncio.Task[Room]") -> None:
            del self._opening[name]
            if not task.cancelled():
                task.exception()

        opening.add_done_callback(done)
        return opening

    async def _load(self, name: str, creator: User | None, text_root: str) -> Room:
        try:
            opened = await self.log.open(name)
            if opened is None and creator is not None:
                await self.create(name, creator, text_root=text_root)
                opened = await self.log.open(name)
        except StoreError as error:
            _log.warning("%r does not load: %s", name, error)
            raise QuireError(
                ErrorCode.STORE_UNAVAILABLE, "The store does not answer.", retryable=True
            ) from error
        if opened is None:
            raise QuireError(ErrorCode.UNKNOWN_DOCUMENT, "There is no such document.")
        if opened.document.deleted_at_ms is not None:
            raise QuireError(ErrorCode.UNKNOWN_DOCUMENT, "The document is deleted.")
        try:
            room = Room(name, opened, self.limits)
        except ReplicaBrokenError as error:
            _log.exception("%r does not load; it is not served", name)
            raise QuireError(
                ErrorCode.STORE_UNAVAILABLE, "The document cannot be loaded."
            ) from error
        self._open[name] = _Open(room, time.monotonic())
        if self._bus is not None:
            # What was appended since it was loaded is looked for once this is confirmed.
            self._bus.subscribe(name)
        return room

    async def create(
        self, name: str, creator: User, *, title: str = "", text_root: str = DEFAULT_TEXT_ROOT
    ) -> tuple[DocumentRecord, bool]:
        """Create a document of version 0, or find the one that has the name.

        Raises:
            StoreError: as the log does.
        """
        return await self.log.create(
            NewDocument(
                name=name,
                title=title,
                text_root=text_root,
                epoch=secrets.token_hex(8),
                crdt_client_id=secrets.randbits(32),
                owner_id=creator.id,
                at_ms=now_ms(),
            )
        )

    # --- facts and effects ----------------------------------------------------------------------

    def take(self, room: Room, submission: Submission) -> None:
        """Hand a submission to a room: all of `tell` that `Submit` needs.

        Nothing is shown or waits for the clock before it is merged, and the room stays open.
        """
        try:
            effects = room.submit(submission)
        except Exception:  # noqa: BLE001
            self._give_up(room)
            return
        if effects:
            self._carry_out(room, effects)

    def tell(self, room: Room, fact: Fact) -> None:
        """Hand a fact to a room and carry out what it orders; never waits, never raises."""
        version = room.version
        try:
            effects = room.handle(fact, now_ms())
        except Exception:  # noqa: BLE001
            self._give_up(room)
            return
        relayed = self._carry_out(room, effects)
        if self._bus is not None and room.version > version and isinstance(fact, _APPENDING):
            self._bus.publish(room.name, encode_news(Appended(room.version)))
        if room.wants_ticks:
            self._ticking[room.name] = room
        held = self._open.get(room.name)
        if held is None or held.room is not room:
            return
        if relayed:
            self._relay(held, relayed)
        if not isinstance(fact, _FROM_ELSEWHERE):
            # What is said elsewhere does not keep it open.
            held.idle_since = time.monotonic()
            held.changed.set()

    def _give_up(self, room: Room) -> None:
        """A defect in one room must cost one document, not the appender of all (P8)."""
        _log.exception("room %r failed; it is closed and loaded anew when asked for", room.name)
        self.discard(room)

    def _carry_out(self, room: Room, effects: Sequence[Effect]) -> list[Part]:
        """Do what a room orders; returns what it relays."""
        relayed: list[Part] = []
        sinks = self.sinks
        for effect in effects:
            if isinstance(effect, Deliver):
                upto = -1 if effect.upto is None else effect.upto
                parcel = Parcel(effect.message, room.name, upto, effect.droppable)
                for session in effect.sessions:
                    sink = sinks.get(session)
                    if sink is not None:
                        sink.deliver(parcel)
            elif isinstance(effect, Settled):
                sink = sinks.get(effect.session)
                if sink is not None:
                    sink.settled(effect.size)
            elif isinstance(effect, Relay):
                relayed.append(effect.part)
            else:
                self._carry_out_order(room, effect)
        return relayed

    def _carry_out_order(
        self, room: Room, order: WantBatch | CatchUp | Dismiss | Look | Reopen
    ) -> None:
        match order:
            case WantBatch():
                self._appender.want(room)
            case CatchUp(session=session):
                if session in self.sinks:
                    self.sinks[session].catch_up(room.name, order.after, order.upto)
            case Dismiss(session=session):
                if session in self.sinks:
                    self.sinks[session].dismiss(room.name)
            case Look():
                self._do(self._look(room, order), f"look {room.name}")
            case Reopen():
                self._do(self._reopen(room), f"reopen {room.name}")

    def _do(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do something in the background, at the latest until the rooms are closed."""
        assert self._tasks is not None, "the rooms are not running"
        task = self._tasks.create_task(work, name=name)
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    def discard(self, room: Room) -> None:
        """Close a room without asking it; its sessions are told, and may join again."""
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
        for sink in tuple(self.sinks.values()):
            if isinstance(sink, _Waiter) and sink.room is room:
                sink.deliver(parcel)
        room.members.clear()
        self._forget(room)

    def _forget(self, room: Room) -> None:
        """Take a room out, and let those who wait for its next version look again."""
        held = self._open.get(room.name)
        if held is not None and held.room is room:
            del self._open[room.name]
            held.changed.set()
            if self._bus is not None:
                if held.relayed:
                    self._relay(held, [Gone()])
                self._bus.unsubscribe(room.name)

    async def _reopen(self, room: Room) -> None:
        """Load a room anew after its commit failed; heal by itself when the store does."""
        attempt = 0
        while True:
            try:
                opened = await self.log.open(room.name)
            except StoreError:
                attempt += 1
                if attempt == _REOPEN_ATTEMPTS:
                    _log.error("the store does not answer; %r is read-only", room.name)
                    self.tell(room, StoreLost())
                pause = _REOPEN_PAUSE_S if attempt < _REOPEN_ATTEMPTS else _STORE_RETRY_S
                await asyncio.sleep(pause)
                continue
            if opened is None or opened.document.deleted_at_ms is not None:
                self.tell(room, Broken())
            else:
                self.tell(room, Reopened(opened))
            if room.broken:
                _log.error("%r does not load; it is served no more", room.name)
                self._forget(room)
            else:
                self.tell(room, StoreFound())
            return

    # --- other processes ------------------------------------------------------------------------

    def received(self, document: str, payload: bytes) -> None:
        """A message on the bus; perhaps nonsense, perhaps a lie."""
        held = self._open.get(document)
        news = decode_news(payload)
        if held is None or news is None or self._closing:
            return
        if not isinstance(news, Sealed):
            self.tell(held.room, Announced(news.version if isinstance(news, Appended) else None))
        elif news.sender != held.sender and self._relay_key is not None:
            parts = unseal(self._relay_key, document, news)
            if parts is not None:
                self.tell(held.room, RelayReceived(news.sender, news.number, parts))

    def subscribed(self, document: str) -> None:
        """What was said about a document before may have been lost.

        After an outage of the bus this is so for all at once: they are checked together.
        """
        self._unsure.add(document)
        self._doubt.set()
        held = self._open.get(document)
        if held is not None and self._relay_key is not None and not self._closing:
            self.tell(held.room, Connected(held.sender))

    def changed(self, document: str) -> None:
        """Have all processes look what is new about a document besides its events."""
        room = self.find(document)
        if room is not None:
            self.tell(room, Announced())
        if self._bus is not None:
            self._bus.publish(document, encode_news(Changed()))

    def _relay(self, held: _Open, parts: Sequence[Part]) -> None:
        """Tell the rooms of this document in other processes."""
        assert self._bus is not None, "rooms relay nothing before they are connected"
        assert self._relay_key is not None, "they are connected once it is known"
        name = held.room.name
        for packed in pack(parts):
            held.relayed += 1
            sealed = seal(self._relay_key, name, held.sender, held.relayed, packed)
            self._bus.publish(name, encode_news(sealed))

    async def _learn_relay_key(self) -> None:
        while self._relay_key is None:
            try:
                self._relay_key = await self.log.relay_key()
            except StoreError as error:
                _log.warning("presence is not shared with other processes yet: %s", error)
                await asyncio.sleep(_STORE_RETRY_S)
        for held in list(self._open.values()):
            self.tell(held.room, Connected(held.sender))

    async def _look(self, room: Room, order: Look) -> None:
        try:
            followed = await self.log.follow(room.key, order.after, self.limits.page_events)
        except StoreError as error:
            _log.warning("%r could not be followed: %s", room.name, error)
            followed = None
        if self.find(room.name) is room:
            self.tell(room, Found(followed))

    async def _check_heads(self) -> None:
        """Find what the bus has lost: where it was gone at once, the others in turn."""
        clock = asyncio.get_running_loop().time
        interval_s = self._head_check_interval_s or math.inf
        due = clock() + interval_s
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due if due < math.inf else None):
                    await self._doubt.wait()
            self._doubt.clear()
            unsure, self._unsure = self._unsure, set()
            names: Collection[str] = unsure
            if clock() >= due:
                names = list(self._open)
                due = clock() + interval_s
            rooms = [held.room for name in names if (held := self._open.get(name)) is not None]
            for start in range(0, len(rooms), _HEADS_AT_ONCE):
                part = rooms[start : start + _HEADS_AT_ONCE]
                try:
                    heads = await self.log.heads([room.key for room in part])
                except StoreError as error:
                    _log.warning("the heads could not be checked: %s", error)
                    due = min(due, clock() + _STORE_RETRY_S)
                    break
                for room in part:
                    if _is_behind(room, heads.get(room.key)) and self.find(room.name) is room:
                        self.tell(room, Announced())

    # --- for requests that wait -----------------------------------------------------------------

    async def submit(self, room: Room, submission: Submission) -> Ack:
        """Submit on behalf of a request, and wait; returns only after the commit.

        Cancelling stops the waiting, not the submission.

        Raises:
            QuireError: it was refused.
        """
        waiter = _Waiter(room)
        self.sinks[submission.session] = waiter
        try:
            self.take(room, submission)
            return await waiter.answer
        finally:
            del self.sinks[submission.session]

    async def wait_beyond(self, name: str, version: int) -> int:
        """Wait until a document has a version after `version`; returns its head.

        Raises:
            QuireError: the document is gone, or cannot be opened.
        """
        while True:
            room = await self.open(name)
            if room.version > version:
                return room.version
            held = self._open[name]
            held.changed.clear()
            await held.changed.wait()

    async def settle(self) -> None:
        """Wait until all that was submitted is committed."""
        await self._appender.settle()

    # --- housekeeping ---------------------------------------------------------------------------

    async def _tick(self) -> None:
        elapsed = 0.0
        while True:
            await asyncio.sleep(_TICK_S)
            elapsed += _TICK_S
            ticking, self._ticking = self._ticking, {}
            if elapsed >= _SLOW_TICK_S:
                elapsed = 0.0
                ticking |= {name: held.room for name, held in self._open.items()}
            for room in ticking.values():
                if room.members or room.wants_ticks:
                    self.tell(room, Tick())

    async def _unload(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._unload_after_s))
            before = time.monotonic() - self._unload_after_s
            for name, held in list(self._open.items()):
                if held.idle_since < before and not held.room.members and held.room.is_clean:
                    await self._close(name, held)

    async def _close(self, name: str, held: _Open) -> None:
        """Unload a room; what it knows beyond its last checkpoint is kept for the next opening."""
        room = held.room
        try:
            if room.version - room.document.checkpointed >= _MIN_TAIL:
                await self.log.save_checkpoint(room.key, room.document.checkpoint())
        except (StoreError, ReplicaBrokenError) as error:
            _log.warning("no checkpoint of %r: %s", name, error)
        await self.titles.refresh([room])
        if not room.members and room.is_clean and self._open.get(name) is held:
            self._forget(room)


def _is_behind(room: Room, head: DocumentRecord | None) -> bool:
    return head is not None and (
        head.version > room.version
        or head.epoch != room.epoch
        or (head.deleted_at_ms is not None and not room.deleted)
    )


_MIN_TAIL = 64
"""Fewer events than this after a checkpoint are quicker to replay than to save again."""


class _Waiter:
    """The sink of one request."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.answer: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()

    def deliver(self, parcel: Parcel) -> None:
        message = parcel.message
        if self.answer.done():
            return
        if isinstance(message, Ack):
            self.answer.set_result(message)
        elif isinstance(message, ErrorMessage):
            self.answer.set_exception(
                QuireError(message.code, message.message, retryable=message.retryable)
            )

    def settled(self, size: int) -> None:
        pass

    def catch_up(self, doc: str, after: int, upto: int) -> None:
        pass

    def dismiss(self, doc: str) -> None:
        pass
