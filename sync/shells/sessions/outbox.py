"""What is on its way to one socket: bounded in bytes, written at once while the transport takes it
without waiting, else by one task while there is something.

Overflow policy: everything that the log can give again is dropped, and each document it belonged
to is reported as lagging; once the socket has taken the rest, the documents are caught up from the
log. So a slow reader costs bounded memory and misses nothing. What the log cannot give (presence,
answers) waits beyond the bound, up to a second one; then the socket is given up.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sync.shells.rooms.sink import Frame
from sync.wire.message import Ack

HARD_BYTES: Final = 16 << 20
"""So much more than `max_bytes` may wait when one more frame comes."""


def _takes_nothing(_: Frame) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Wire:
    """How frames are written to one socket."""

    send: Callable[[Frame], Awaitable[None]]
    """Writes one frame; returns when the transport has taken it."""
    max_outbox_bytes: int
    """How much may wait to be written before what can be dropped is dropped."""
    write_nowait: Callable[[Frame], bool] = _takes_nothing
    """Writes one if the transport takes it without waiting; returns whether it did."""


Topic = TypeVar("Topic")
"""What frames are about: lost frames are reported under it."""


@dataclass(slots=True)
class _Entry(Generic[Topic]):
    frame: Frame
    size: int
    topic: Topic | None
    upto: int
    droppable: bool
    ack: Ack | None


class SlowConsumerError(Exception):
    """The socket took nothing for too long."""


class Outbox(Generic[Topic]):
    """The outbox of one socket.

    Args:
        spawn: starts a task that the session owns, unless the session is ending. What the task
            raises ends the session: `SlowConsumerError`, or what `finish` was given.
        lagged: called with each topic that lost something, and those of its lost acks that were
            given to `put_nowait`.
        sent: called with (topic, version) once what brings that version is written.
        drained: called when everything has been written.
    """

    __slots__ = (
        "_drained",
        "_droppable",
        "_entries",
        "_lagged",
        "_last",
        "_max_bytes",
        "_room",
        "_send",
        "_sent",
        "_spawn",
        "_too_slow",
        "_writer",
        "_writing_since",
        "bytes",
        "is_idle",
        "write_nowait",
    )

    def __init__(
        self,
        wire: Wire,
        *,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None] | None],
        lagged: Callable[[Topic, tuple[Ack, ...]], None],
        sent: Callable[[Topic, int], None],
        drained: Callable[[], None],
    ) -> None:
        self._send = wire.send
        self.write_nowait = wire.write_nowait
        """Writes a frame past the queue and returns whether it did; only while `is_idle`."""
        self.is_idle = True
        """Whether nothing waits and nothing is being written: a frame overtakes none."""
        self._spawn = spawn
        self._max_bytes = wire.max_outbox_bytes
        self._lagged = lagged
        self._sent = sent
        self._drained = drained
        self._entries: deque[_Entry[Topic]] | None = None
        """Newest last. An idle outbox has no queue, no task and no event: there are many."""
        self._droppable = 0
        """How many of them can be dropped."""
        self._room: asyncio.Future[None] | None = None
        self._last: Exception | None = None
        self._writing_since: float | None = None
        self._writer: asyncio.Task[None] | None = None
        self._too_slow = False
        self.bytes = 0
        """Bytes that wait, the frame being written included."""

    @property
    def is_full(self) -> bool:
        return self.bytes > self._max_bytes

    @property
    def is_empty(self) -> bool:
        return self.bytes == 0

    def put_nowait(
        self,
        frame: Frame,
        size: int,
        topic: Topic | None = None,
        upto: int = -1,
        droppable: bool = False,
        ack: Ack | None = None,
    ) -> None:
        """Write a frame, or queue it; drops what can be dropped if that is too much.

        Args:
            upto: once it is written, `sent(topic, upto)` is called; -1 for none.
            droppable: it has a topic, and the log can give it again.
            ack: what the frame says, if it is one: the log may not give it again.
        """
        if self.is_idle and self.write_nowait(frame):
            if upto >= 0 and topic is not None:
                self._sent(topic, upto)
            return
        if self.bytes and self.bytes + size > self._max_bytes:
            self._overflow()
            if droppable and topic is not None:
                self._lagged(topic, () if ack is None else (ack,))
                return
        if self._entries is None:
            self._entries = deque()
        self._entries.append(_Entry(frame, size, topic, upto, droppable, ack))
        self._droppable += droppable
        self.bytes += size
        if self.bytes - size > self._max_bytes + HARD_BYTES:
            self._give_up()
        self._write_soon()

    def _overflow(self) -> None:
        if not self._droppable:
            return
        waiting = deque(self._entries or ())
        # Something has to be on its way, or nobody would be told that all is written.
        first = [waiting.popleft()] if self._writing_since is None else []
        dropped = [entry for entry in waiting if entry.droppable]
        self._entries = deque((*first, *(entry for entry in waiting if not entry.droppable)))
        self._droppable -= len(dropped)
        self.bytes -= sum(entry.size for entry in dropped)
        lost: dict[int, tuple[Topic, list[Ack]]] = {}
        for entry in dropped:
            assert entry.topic is not None, "what can be dropped has a topic"
            _, acks = lost.setdefault(id(entry.topic), (entry.topic, []))
            if entry.ack is not None:
                acks.append(entry.ack)
        for topic, acks in lost.values():
            self._lagged(topic, tuple(acks))

    def _write_soon(self) -> None:
        self.is_idle = False
        if self._writer is None:
            self._writer = self._spawn(self._write())

    async def _write(self) -> None:
        """Write until nothing waits; cancelling loses what is queued."""
        try:
            await self._write_all()
        except asyncio.CancelledError:
            if self._too_slow:
                raise SlowConsumerError from None
            raise
        finally:
            self._writer = None
            self.is_idle = not self._entries

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._entries:
            entry = self._entries.popleft()
            self._droppable -= entry.droppable
            self._writing_since = loop.time()
            await self._send(entry.frame)
            self._writing_since = None
            self.bytes -= entry.size
            if entry.upto >= 0 and entry.topic is not None:
                self._sent(entry.topic, entry.upto)
            self._make_room()
            if not self._entries and self._last is None:
                self._entries = None
                self._drained()
        if self._last is not None:
            raise self._last

    def give_up_if_stalled(self, timeout_s: float) -> None:
        """End the session if the frame being written has not been taken for `timeout_s`.

        Called now and then from outside: a timer for each frame would cost more than the frame.
        """
        since = self._writing_since
        if since is None or self._writer is None:
            return
        if asyncio.get_running_loop().time() - since >= timeout_s:
            self._give_up()

    def _give_up(self) -> None:
        if self._writer is not None:
            self._too_slow = True
            self._writer.cancel()

    def finish(self, error: Exception) -> None:
        """End the session with this once what is queued is written."""
        self._last = error
        self._write_soon()

    async def wait_for_room(self, below: int | None = None) -> None:
        """Wait until no more than `below` bytes wait (default: until it is not full)."""
        limit = self._max_bytes if below is None else below
        while self.bytes > limit:
            if self._room is None:
                self._room = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._room)

    def _make_room(self) -> None:
        if self._room is not None:
            self._room.set_result(None)
            self._room = None
