"""The rooms of one process, for sockets and requests: their parts, how they are wired, and when
they start and end.

sockets ── tell, take ──▶ Executor ── facts ──▶ Room (sync.room)
requests ─▶ Requests ───────┘  ▲ │ ◀── effects ──┘
                               │ └──▶ Appender (commits), sinks and replies, Announcer (bus)
bus, head checks ─▶ Follower ──┘                         Registry: which rooms are open
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from types import TracebackType
from typing import Final, Self

from sync.limit import Limits
from sync.permission import Grants
from sync.port import Bus, EventLog, StoreError
from sync.room.room import Room
from sync.shells.edit_tracer import EditTracer
from sync.shells.meter import Meter
from sync.shells.rooms.announcer import Announcer
from sync.shells.rooms.executor import Executor
from sync.shells.rooms.follower import Follower
from sync.shells.rooms.registry import Registry
from sync.shells.rooms.request import Requests
from sync.shells.rooms.tally import Tally
from sync.shells.rooms.title_sweep import sweep_titles
from sync.shells.supervisor import Need, Supervisor, log_end

_log = logging.getLogger(__name__)

_STORE_RETRY_S: Final = 1.0


class Rooms(AbstractAsyncContextManager["Rooms"]):
    """All rooms of one process; `async with` runs its appender and housekeeping.

    Its methods are those of its parts, bound here, so that a call costs nothing extra.

    Args:
        log: the event log.
        flush_interval_s: see `Appender`.
        unload_after_s: the time after which an unused room is closed.
        bus: the connection to other processes that serve the same log; None: there are none, or
            only head checks find their events.
        head_check_interval_s: the interval at which open documents are compared with the log, for
            events of other processes; 0: never.
        new_document_grants: the subjects, and their roles, that every new document is shared with.
        give_up: see `Supervisor`.
        tracer: see `EditTracer`.
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
        new_document_grants: Grants = (),
        give_up: Callable[[str], None] = log_end,
        tracer: EditTracer | None = None,
    ) -> None:
        self.log = log
        self.limits = limits
        self.nonce_secret: bytes | None = None
        """The secret of `sync.yjs.nonce`; None until the log has been asked for it."""
        self.draining = False
        """True when the process is about to end; sockets and streams are refused then."""
        self.meter = meter = Meter()
        self.sockets_by_user = Tally(limits.max_sockets_per_user)
        self._supervisor = supervisor = Supervisor(give_up)
        self._bus = bus
        self._announcer = Announcer(bus) if bus is not None else None
        self._registry = registry = Registry(
            log,
            limits,
            unload_after_s=unload_after_s,
            new_document_grants=new_document_grants,
            opened=self._room_opened,
            closed=self._room_closed,
        )
        self._executor = executor = Executor(
            log,
            limits,
            registry,
            self._announcer,
            flush_interval_s=flush_interval_s,
            spawn=supervisor.spawn,
            meter=meter,
            tracer=tracer,
        )
        self._follower = follower = Follower(
            log,
            registry,
            self._announcer,
            tell=executor.hear,
            check_interval_s=head_check_interval_s,
        )
        self._requests = Requests(limits, executor)
        self._checks_heads = bool(head_check_interval_s) or bus is not None
        self._exit = AsyncExitStack()

        self.titles = registry.titles
        self.sinks = executor.sinks
        self.find = registry.find
        self.open = registry.open
        self.create = registry.create
        self.new_document = registry.new_document
        self.wait_beyond = registry.wait_beyond
        self.tell = executor.hear
        self.take = executor.take
        self.discard = executor.discard
        self.settle = executor.appender.settle
        self.submit = self._requests.submit
        self.require_quota = self._requests.require_quota
        self.changed = follower.changed
        self.trouble = supervisor.trouble

    def __len__(self) -> int:
        return len(self._registry.entries)

    def __iter__(self) -> Iterator[Room]:
        return (entry.room for entry in list(self._registry.entries.values()))

    async def __aenter__(self) -> Self:
        if self._bus is not None:
            await self._exit.enter_async_context(self._bus.listening(self._follower))
        run = (await self._exit.enter_async_context(self._supervisor)).run
        # A batch that it has taken is in its hands alone; clients send it again after a restart.
        run("appender", self._executor.appender.run, Need.VITAL)
        run("room ticks", self._executor.tick, Need.ESSENTIAL)
        run("nonce secret", self._learn_nonce_secret, Need.USEFUL)
        run("unloading", self._registry.unload_idle, Need.USEFUL)
        run("titles", self._registry.titles.run, Need.USEFUL)
        run("title sweep", partial(sweep_titles, self.log), Need.USEFUL)
        if self._announcer is not None:
            run("relay key", self._follower.learn_relay_key, Need.USEFUL)
        if self._checks_heads:
            run("head checks", self._follower.check_heads, Need.ESSENTIAL)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._follower.stop()
        self._supervisor.cancel()
        self._registry.cancel_openings()
        self._requests.refuse_all()
        await self._exit.__aexit__(kind, error, trace)

    async def _learn_nonce_secret(self) -> None:
        """Read the secret for made-up ids from the log; try until that succeeds."""
        while self.nonce_secret is None:
            try:
                self.nonce_secret = await self.log.nonce_secret()
            except StoreError as error:
                _log.warning("nonces of ids are drawn at random for now: %s", error)
                await asyncio.sleep(_STORE_RETRY_S)

    def _room_opened(self, room: Room) -> None:
        if self._announcer is not None:
            self._announcer.room_opened(room.name)

    def _room_closed(self, room: Room) -> None:
        if self._announcer is not None:
            self._announcer.room_closed(room.name)
