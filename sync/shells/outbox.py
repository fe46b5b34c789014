"""What is on its way to one socket: bounded in bytes, written by one task.

Overflow policy: everything that the log can give again is dropped, and each document it belonged
to is reported as lagging; once the socket has taken the rest, the documents are caught up from the
log. So a slow reader costs bounded memory and misses nothing.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

Frame = dict[str, Any]
"""An ASGI `websocket.send` message; one object is shared by all who are sent the same."""


@dataclass(slots=True)
class _Entry:
    frame: Frame
    size: int
    doc: str
    upto: int
    droppable: bool


class SlowConsumerError(Exception):
    """The socket took nothing for too long."""


class Outbox:
    """The outbox of one socket.

    Args:
        send: writes one frame; returns when the transport has taken it.
        max_bytes: past it, what can be dropped is dropped.
        timeout_s: how long one frame may take before `run` raises.
        lagged: called with (document, version sent last) for each document that lost something.
        drained: called when everything has been written.
    """

    def __init__(
        self,
        send: Callable[[Frame], Awaitable[None]],
        *,
        max_bytes: int,
        timeout_s: float,
        lagged: Callable[[str], None],
        sent: Callable[[str, int], None],
        drained: Callable[[], None],
    ) -> None:
        self._send = send
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._lagged = lagged
        self._sent = sent
        self._drained = drained
        self._entries: deque[_Entry] = deque()
        self._ready = asyncio.Event()
        self._room: asyncio.Future[None] | None = None
        self._last: Exception | None = None
        self.bytes = 0
        """Bytes that wait, the frame being written included."""

    @property
    def is_full(self) -> bool:
        return self.bytes > self._max_bytes

    @property
    def is_empty(self) -> bool:
        return self.bytes == 0

    def put_nowait(
        self, frame: Frame, size: int, doc: str = "", upto: int = -1, *, droppable: bool = False
    ) -> None:
        """Queue a frame; drops what can be dropped if that is too much.

        Args:
            upto: once it is written, `sent(doc, upto)` is called; -1 for none.
        """
        if self.bytes and self.bytes + size > self._max_bytes:
            self._overflow()
            if droppable:
                self._lagged(doc)
                return
        self._entries.append(_Entry(frame, size, doc, upto, droppable))
        self.bytes += size
        self._ready.set()

    def _overflow(self) -> None:
        dropped = [entry for entry in self._entries if entry.droppable]
        if not dropped:
            return
        self._entries = deque(entry for entry in self._entries if not entry.droppable)
        self.bytes -= sum(entry.size for entry in dropped)
        for doc in dict.fromkeys(entry.doc for entry in dropped):
            self._lagged(doc)

    async def run(self) -> None:
        """Write until cancelled; cancelling loses what is queued.

        Raises:
            SlowConsumerError: the socket took nothing for `timeout_s`.
            Exception: what `finish` was given, once everything before it is written.
        """
        while True:
            await self._ready.wait()
            while self._entries:
                entry = self._entries.popleft()
                try:
                    async with asyncio.timeout(self._timeout_s):
                        await self._send(entry.frame)
                except TimeoutError:
                    raise SlowConsumerError from None
                self.bytes -= entry.size
                if entry.upto >= 0:
                    self._sent(entry.doc, entry.upto)
                self._make_room()
            if self._last is not None:
                raise self._last
            self._ready.clear()
            self._drained()

    def finish(self, error: Exception) -> None:
        """Have `run` raise this once what is queued is written."""
        self._last = error
        self._ready.set()

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
