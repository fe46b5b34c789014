"""The messages that wait for the application of one WebSocket.

It stands in for the `asyncio.Queue` of uvicorn's WebSocket, which takes 3.3 kB even while it is
empty, as nearly all of them are.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from uvicorn._types import ASGIReceiveEvent


class Inbox:
    """A queue without a bound for one reader; while it is empty it holds no more than itself."""

    __slots__ = ("_messages", "_waiter", "arrived")

    def __init__(self) -> None:
        self._messages: deque[ASGIReceiveEvent] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.arrived: Callable[[], None] | None = None
        """Called after each message that is added."""

    def empty(self) -> bool:
        """Return True if no message waits."""
        return self._messages is None

    def put_nowait(self, message: ASGIReceiveEvent) -> None:
        """Add a message."""
        if self._messages is None:
            self._messages = deque()
        self._messages.append(message)
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        if self.arrived is not None:
            self.arrived()

    def arrival(self) -> asyncio.Future[None]:
        """Return what is done once there is a message; cancelling it loses none."""
        assert self._messages is None, "there is one"
        self._waiter = asyncio.get_running_loop().create_future()
        return self._waiter

    def get_nowait(self) -> ASGIReceiveEvent:
        """Return the oldest message, of those that there are."""
        assert self._messages is not None, "the reader has waited"
        message = self._messages.popleft()
        if not self._messages:
            self._messages = None
        return message
