"""The life of one open socket: its tasks, its frames one after another, and its end.

    open ──(a task fails, or the peer is gone)──▶ ending ──(every task is over)──▶ closed

A socket has a task only while something waits: a frame that cannot be handled at once, a message
that the transport does not take. An idle one has none, which is most of what it would take in
memory. A task that fails ends the socket: the other tasks are cancelled and waited for.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, Protocol

from app.logs.log_context import start_context
from sync.shells.sessions.socket import Socket

_log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Handle = Callable[[Any], Awaitable[None]]


class DisconnectedError(Exception):
    """The peer is gone."""


class Line(Protocol):
    """The connection below a socket."""

    async def attend(self, handle: Handle) -> None:
        """Pass on the messages that wait, one after another."""
        ...

    def send(self, message: Any, /) -> Awaitable[None]:
        """Send an ASGI message."""
        ...

    def detach(self) -> None:
        """Pass on nothing any more."""
        ...

    def finish(self) -> None:
        """Let the connection end: the socket is closed."""
        ...


class PlainLine:
    """The connection below a socket under any ASGI server.

    Args:
        receive: waits for the next message.
        send: sends one.
    """

    def __init__(
        self,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        self._receive = receive
        self.send = send
        self.is_finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the application may return."""

    async def attend(self, handle: Handle) -> None:
        """Pass on messages for ever."""
        while True:
            await handle(await self._receive())

    def detach(self) -> None:
        """Pass on nothing any more; whoever attends is cancelled."""

    def finish(self) -> None:
        """End the wait of the application, so that its coroutine returns."""
        if not self.is_finished.done():
            self.is_finished.set_result(None)


class SocketLife:
    """The life of one socket. It owns the session's tasks.

    Args:
        since_s: the time at which it began, by `time.monotonic`.
        address: what it is counted under.
        ticket: the ticket that it was opened with, and that its client will come back with.
        on_end: called once, when no task is left, with the error that has ended it.
    """

    __slots__ = (
        "_error",
        "_on_end",
        "_running",
        "address",
        "line",
        "session",
        "since_s",
        "ticket",
    )

    def __init__(
        self,
        session: Socket,
        line: Line,
        *,
        since_s: float,
        address: str,
        ticket: str | None,
        on_end: Callable[["SocketLife", BaseException], Awaitable[None]],
    ) -> None:
        self.session = session
        self.since_s = since_s
        self.address = address
        self.ticket = ticket
        self.line = line
        self._on_end = on_end
        self._running: set[asyncio.Task[None]] | None = None
        """Its tasks; None while there are none."""
        self._error: BaseException | None = None
        """The first error; with it the end begins."""

    def begin(self) -> "asyncio.Task[None]":
        """Open the session, and handle the first frames."""
        self.session.open(self)
        return self.create_task(self._begin())

    def wake(self) -> None:
        """Handle the frames that wait, now that nobody does."""
        if self._error is None:
            self.create_task(self._attend())

    def create_task(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Start a task that ends with the socket.

        Raises:
            RuntimeError: the socket is ending.
        """
        if self._error is not None:
            raise RuntimeError("the socket is ending")
        task = asyncio.get_running_loop().create_task(work)
        if self._running is None:
            self._running = set()
        self._running.add(task)
        task.add_done_callback(self._is_over)
        return task

    async def _begin(self) -> None:
        start_context(session=self.session.id)
        await self.session.start()
        await self.line.attend(self._handle)

    async def _attend(self) -> None:
        user = self.session.user
        if user is None:
            start_context(session=self.session.id)
        else:
            start_context(session=self.session.id, user=user.id)
        await self.line.attend(self._handle)

    async def _handle(self, message: Message) -> None:
        if message["type"] == "websocket.disconnect":
            raise DisconnectedError
        data = message.get("bytes")
        await self.session.receive(message["text"] if data is None else data)

    def _is_over(self, task: "asyncio.Task[None]") -> None:
        assert self._running is not None, "the task was one of them"
        self._running.discard(task)
        if not self._running:
            self._running = None
        if task.cancelled():
            self.end(asyncio.CancelledError())
        elif (error := task.exception()) is not None:
            self.end(error)

    def end(self, error: BaseException) -> None:
        """Begin the end; of several errors the first counts."""
        if self._error is not None:
            return
        self._error = error
        self.line.detach()
        running = self._running or ()
        for task in running:
            task.cancel()
        try:
            self.session.close()
        except Exception:  # noqa: BLE001 - the socket ends all the same
            _log.exception("session %s could not leave", self.session.id)
        closing = asyncio.get_running_loop().create_task(self._close(error, list(running)))
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)

    async def _close(self, error: BaseException, running: "list[asyncio.Task[None]]") -> None:
        if running:
            await asyncio.wait(running)
        try:
            await self._on_end(self, error)
        except Exception:  # noqa: BLE001 - nobody waits for it
            _log.exception("session %s could not be closed", self.session.id)


_closing: "set[asyncio.Task[None]]" = set()
"""The tasks that close sockets; the loop itself would let go of them."""
