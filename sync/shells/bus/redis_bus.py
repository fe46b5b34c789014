"""The bus over Redis' publish and subscribe.

    publish ──▶ queue ──▶ connection ──▶ Redis ──▶ connection ──▶ listener
                        (`_Publisher`)           (`_Subscriber`)

Each connection is kept by one task, which makes it again for ever: pauses grow, with full jitter,
from 0.1 s to 5 s. A connection from which nothing has come for a while is asked with a PING; if
nothing comes for that long again, it is dead. What is lost meanwhile is lost: the SQL log has it.

Redis itself bounds what waits for a slow subscriber (`client-output-buffer-limit pubsub`, 32 MB by
default) and closes its connection past that.
"""

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from sync.port import MAX_BUS_PAYLOAD_BYTES, BusCounters, BusListener
from sync.shells.bus.listener import SafeListener
from sync.shells.bus.redis_connection import LOST, Command, Dialer, RedisConnection
from sync.shells.bus.redis_url import RedisUrl, parse_redis_url

_log = logging.getLogger(__name__)

MAX_QUEUED_MESSAGES: Final = 10_000
"""The most messages that wait to be published; further ones are dropped and counted."""
MAX_QUEUED_BYTES: Final = 8 << 20
"""The same in bytes of names and payloads."""

_BATCH_COMMANDS: Final = 500
_BATCH_BYTES: Final = 256 << 10
_FAIR_ANSWERS: Final = 64
"""Answers taken at a stretch before others on the event loop have their turn."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The times of a `RedisBus`, in seconds."""

    connect_timeout_s: float = 5.0
    """The time limit for a host to accept a connection and answer on it."""
    silence_s: float = 5.0
    """The silence after which a connection is sent a PING; after twice this it is closed."""
    least_backoff_s: float = 0.1
    """The longest pause before the first try to connect again; it doubles with each try."""
    most_backoff_s: float = 5.0
    """The longest pause of all. A connection that lasted for this long resets the pauses."""
    close_s: float = 1.0
    """The time that closing waits for messages that are still to be published."""


DEFAULT_PACE: Final = Pace()


class RedisBus:
    """The bus of one process.

    Args:
        url: see `sync.shells.bus.redis_url`.
        prefix: of the channels' names; what follows is the document. By default `quire:doc:`, and
            `quire:7:doc:` in database 7, so that several installations can share one Redis.

    Raises:
        ValueError: the URL cannot be used; the message repeats nothing of it.
    """

    def __init__(self, url: str, *, prefix: str | None = None, pace: Pace = DEFAULT_PACE) -> None:
        where = parse_redis_url(url)
        if prefix is None:
            prefix = f"quire:{where.db}:doc:" if where.db else "quire:doc:"
        self.counters = BusCounters()
        self._prefix = prefix.encode()
        self._pace = pace
        self._publisher = _Publisher(where, pace, self.counters)
        self._subscriber = _Subscriber(where, pace, self.counters)
        self._was_run = False

    @property
    def is_up(self) -> bool:
        return self._publisher.is_up and self._subscriber.is_up

    def publish(self, document: str, payload: bytes) -> None:
        if len(payload) > MAX_BUS_PAYLOAD_BYTES:
            self.counters.oversized += 1
        else:
            self._publisher.put_nowait(self._channel(document), payload)

    def subscribe(self, document: str) -> None:
        self._subscriber.want(self._channel(document), document)

    def unsubscribe(self, document: str) -> None:
        self._subscriber.unwant(self._channel(document))

    @asynccontextmanager
    async def listening(self, listener: BusListener) -> AsyncIterator[None]:
        assert not self._was_run, "a bus is run once"
        self._was_run = True
        self._subscriber.listener = SafeListener(listener)
        tasks = [
            asyncio.create_task(link.keep(), name=f"redis {link.what}")
            for link in (self._publisher, self._subscriber)
        ]
        try:
            yield
        finally:
            try:
                await self._publisher.settle(self._pace.close_s)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks, timeout=self._pace.connect_timeout_s)

    def _channel(self, document: str) -> bytes:
        return self._prefix + document.encode()


class _Link(ABC):
    """One connection to Redis, made again whenever it is lost."""

    what: str
    """Its purpose, as logs name it."""

    def __init__(self, where: RedisUrl, pace: Pace, counters: BusCounters) -> None:
        self.is_up = False
        self.counters = counters
        self.wake = asyncio.Event()
        """Set while there is something to send."""
        self._where = where
        self._pace = pace
        self._dialer = Dialer(where, timeout_s=pace.connect_timeout_s)
        self._was_up = False
        self._is_missed = False
        self._asks = False

    @abstractmethod
    def begin(self) -> None:
        """Prepare for a new connection."""

    @abstractmethod
    def take(self) -> list[Command]:
        """Return a bounded number of commands to send now; empty if there are none."""

    @abstractmethod
    def answer(self, answer: Any) -> None:
        """Take an answer or a message that has arrived."""

    @abstractmethod
    def end(self) -> None:
        """Give up what was in transit on a lost connection."""

    async def keep(self) -> None:
        """Keep a connection up until cancelled, making another after any failure."""
        loop = asyncio.get_running_loop()
        bound = self._pace.least_backoff_s
        while True:
            began = loop.time()
            try:
                await self._use_one()
            except LOST as why:
                self._miss(why)
            except Exception:  # noqa: BLE001
                _log.exception("the %s connection to Redis failed unforeseen", self.what)
            if loop.time() - began > self._pace.most_backoff_s:
                bound = self._pace.least_backoff_s
            await asyncio.sleep(random.uniform(0.0, bound))
            bound = min(bound * 2, self._pace.most_backoff_s)

    async def _use_one(self) -> None:
        """Make a connection and use it until it is lost; raises why it was."""
        connection = await self._dialer.dial()
        # Not a task group: on Python 3.11, one whose task fails leaves its parent marked as
        # cancelled, and may hide that it really was.
        halves = [
            asyncio.create_task(self._read(connection), name=f"redis {self.what}, reading"),
            asyncio.create_task(self._write(connection), name=f"redis {self.what}, writing"),
        ]
        try:
            self._greet()
            self.begin()
            self.wake.set()
            await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.is_up = False
            self.end()
            for half in halves:
                half.cancel()
            await connection.close()
            endings = await asyncio.gather(*halves, return_exceptions=True)
        for why in endings:
            if isinstance(why, Exception):
                raise why

    async def _read(self, connection: RedisConnection) -> None:
        count = 0
        silent = False
        while True:
            answer = await connection.receive(self._pace.silence_s)
            if answer is not None:
                silent = False
                self.answer(answer)
            elif silent:
                raise TimeoutError("it does not answer")
            else:
                # Not dead yet: this process may itself have stood still for that long.
                silent = self._asks = True
                self.wake.set()
            count += 1
            if count % _FAIR_ANSWERS == 0:
                # What has already arrived is read without waiting.
                await asyncio.sleep(0)

    async def _write(self, connection: RedisConnection) -> None:
        while True:
            await self.wake.wait()
            self.wake.clear()
            if self._asks:
                self._asks = False
                await connection.send([("PING",)])
            while commands := self.take():
                await connection.send(commands)
                await asyncio.sleep(0)

    def _greet(self) -> None:
        if self._was_up:
            self.counters.reconnects += 1
        self.is_up = self._was_up = True
        self._is_missed = self._asks = False
        _log.info("the %s connection to Redis at %s is up", self.what, self._where)

    def _miss(self, why: Exception) -> None:
        """Log a failure once, not with every try."""
        level = logging.DEBUG if self._is_missed else logging.WARNING
        self._is_missed = True
        _log.log(
            level,
            "no %s connection to Redis at %s, trying until there is: %s",
            self.what,
            self._where,
            str(why) or type(why).__name__,
        )


class _Publisher(_Link):
    """The connection that publishes: sends queued messages in batches."""

    what = "publishing"

    def __init__(self, where: RedisUrl, pace: Pace, counters: BusCounters) -> None:
        super().__init__(where, pace, counters)
        self._queue: deque[tuple[bytes, bytes]] = deque()
        self._queued_bytes = 0
        self._unanswered = 0
        self._settled = asyncio.Event()
        self._settled.set()

    def put_nowait(self, channel: bytes, payload: bytes) -> None:
        """Queue a message; if that cannot be, drop it."""
        size = len(channel) + len(payload)
        is_full = (
            len(self._queue) >= MAX_QUEUED_MESSAGES or self._queued_bytes + size > MAX_QUEUED_BYTES
        )
        if is_full or not self.is_up:
            self.counters.dropped += 1
            return
        self._queue.append((channel, payload))
        self._queued_bytes += size
        self._settled.clear()
        self.wake.set()

    async def settle(self, timeout_s: float) -> None:
        """Wait until all is sent or lost, no longer than that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._settled.wait()

    def begin(self) -> None:
        assert not self._queue, "nothing is queued while there is no connection"

    def take(self) -> list[Command]:
        commands: list[Command] = []
        size = 0
        while self._queue and len(commands) < _BATCH_COMMANDS and size < _BATCH_BYTES:
            channel, payload = self._queue.popleft()
            size += len(channel) + len(payload)
            commands.append(("PUBLISH", channel, payload))
        self._queued_bytes -= size
        self._unanswered += len(commands)
        return commands

    def answer(self, answer: Any) -> None:
        if not isinstance(answer, int):
            return
        self.counters.published += 1
        self._unanswered -= 1
        if not self._unanswered and not self._queue:
            self._settled.set()

    def end(self) -> None:
        self.counters.dropped += self._unanswered + len(self._queue)
        self._queue.clear()
        self._queued_bytes = self._unanswered = 0
        self._settled.set()


class _Subscriber(_Link):
    """The connection that subscribes: keeps the subscriptions equal to what is wanted.

    Redis does and confirms commands in the order in which they are sent, so the last one about a
    channel decides; only its confirmation is passed on.
    """

    what = "subscribing"

    def __init__(self, where: RedisUrl, pace: Pace, counters: BusCounters) -> None:
        super().__init__(where, pace, counters)
        self.listener: SafeListener | None = None
        self._wanted: dict[bytes, str] = {}
        """The document of each channel."""
        self._changed: dict[bytes, None] = {}
        """The channels whose wanted state Redis has not been told yet."""
        self._subscribed: set[bytes] = set()
        """The channels for which SUBSCRIBE was the last command sent."""
        self._unconfirmed: dict[bytes, int] = {}
        """The number of SUBSCRIBEs without confirmation, by channel."""

    def want(self, channel: bytes, document: str) -> None:
        if channel not in self._wanted:
            self._wanted[channel] = document
            self._change(channel)

    def unwant(self, channel: bytes) -> None:
        if self._wanted.pop(channel, None) is not None:
            self._change(channel)

    def _change(self, channel: bytes) -> None:
        if self.is_up:
            self._changed[channel] = None
            self.wake.set()

    def begin(self) -> None:
        self._changed = dict.fromkeys(self._wanted)

    def take(self) -> list[Command]:
        added: list[bytes] = []
        removed: list[bytes] = []
        while self._changed and len(added) + len(removed) < _BATCH_COMMANDS:
            channel, _ = self._changed.popitem()
            if channel in self._wanted:
                added.append(channel)
                self._subscribed.add(channel)
                self._unconfirmed[channel] = self._unconfirmed.get(channel, 0) + 1
            elif channel in self._subscribed:
                removed.append(channel)
                self._subscribed.discard(channel)
        commands: list[Command] = [("SUBSCRIBE", *added)] if added else []
        return [*commands, ("UNSUBSCRIBE", *removed)] if removed else commands

    def answer(self, answer: Any) -> None:
        match answer:
            case [b"message", bytes(channel), bytes(payload)]:
                self._hear(channel, payload)
            case [b"subscribe", bytes(channel), _]:
                self._confirm(channel)
            case _:
                pass

    def _hear(self, channel: bytes, payload: bytes) -> None:
        document = self._wanted.get(channel)
        if document is None or self.listener is None:
            return
        if len(payload) > MAX_BUS_PAYLOAD_BYTES:
            self.counters.oversized += 1
        else:
            self.counters.received += 1
            self.listener.received(document, payload)

    def _confirm(self, channel: bytes) -> None:
        left = self._unconfirmed.pop(channel, 1) - 1
        if left > 0:
            self._unconfirmed[channel] = left
            return
        document = self._wanted.get(channel)
        # With a change under way, this confirms what is no longer so; the change brings another.
        if document is not None and channel not in self._changed and self.listener is not None:
            self.listener.subscribed(document)

    def end(self) -> None:
        self._changed.clear()
        self._subscribed.clear()
        self._unconfirmed.clear()
