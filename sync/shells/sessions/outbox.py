"""The outbox of one socket: a queue of frames, bounded in bytes.

A frame is written at once if the transport takes it without waiting. Otherwise it is queued, and
one task writes until the queue is empty.

Overflow policy: frames that the log can give again are dropped, and their documents are reported as
lagging. Once the socket has taken the other frames, these documents are caught up from the log. So
a slow reader costs bounded memory and misses nothing. Frames that the log cannot give again
(presence, answers) are kept up to a second bound; beyond that, the socket is closed.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sync.shells.rooms.sink import Frame
from sync.wire.message import Ack

HARD_BYTES: Final = 16 << 20
"""The second bound: bytes that may wait in excess of `max_outbox_bytes`."""


def _takes_nothing(*_: Frame) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Wire:
    """The connection to one socket: the functions that write frames, and the bound."""

    send: Callable[[Frame], Awaitable[None]]
    """Writes one frame; returns when the transport has taken it."""
    max_outbox_bytes: int
    """Bytes that may wait to be written; beyond that, droppable frames are dropped."""
    write_nowait: Callable[[Frame], bool] = _takes_nothing
    """Writes a frame if the transport takes it without waiting; returns True if it did."""
    write_pair_nowait: Callable[[Frame, Frame], bool] = _takes_nothing
    """Writes two frames likewise, in one call of the kernel; both or none."""


Topic = TypeVar("Topic")
"""The subject of frames, a document's feed; lost frames are reported by topic."""


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
        spawn: starts a task that the session owns, unless the session is ending. An exception in
            the task ends the session: `SlowConsumerError`, or the argument of `finish`.
        lagged: called with each topic that lost frames, and the acks among these frames.
        sent: called with (topic, version) after the frame that brings the version is written.
        drained: called when all frames are written.
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
        "write_pair_nowait",
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
        """Writes a frame past the queue, and returns True if it did; only while `is_idle`."""
        self.write_pair_nowait = wire.write_pair_nowait
        """Writes two frames likewise; both or none."""
        self.is_idle = True
        """True if no frame waits or is being written, so that a frame cannot overtake another."""
        self._spawn = spawn
        self._max_bytes = wire.max_outbox_bytes
        self._lagged = lagged
        self._sent = sent
        self._drained = drained
        self._entries: deque[_Entry[Topic]] | None = None
        """The queue, newest last. An idle outbox has no queue, task or event, to save memory."""
        self._droppable = 0
        """The number of droppable frames in the queue."""
        self._room: asyncio.Future[None] | None = None
        self._last: Exception | None = None
        self._writing_since: float | None = None
        self._writer: asyncio.Task[None] | None = None
        self._too_slow = False
        self.bytes = 0
        """Bytes that wait, including the frame that is being written."""

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
        """Write a frame, or queue it; beyond the bound, drop all droppable frames.

        Args:
            upto: after the write `sent(topic, upto)` is called; -1: it is not called.
            droppable: True if the log can give the frame again; then it has a topic.
            ack: the ack that the frame carries, which the log cannot always give again.
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
        # A write must be under way, else `drained` would never be called.
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
        """Write until the queue is empty; cancelling loses the queued frames."""
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

        The session calls this at intervals: a timer for each frame would cost more than the frame.
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
        """End the session with this exception once all queued frames are written."""
        self._last = error
        self._write_soon()

    async def wait_for_room(self, below: int | None = None) -> None:
        """Wait until at most `below` bytes wait; None: until the outbox is not full."""
        limit = self._max_bytes if below is None else below
        while self.bytes > limit:
            if self._room is None:
                self._room = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._room)

    def _make_room(self) -> None:
        if self._room is not None:
            self._room.set_result(None)
            self._room = None
