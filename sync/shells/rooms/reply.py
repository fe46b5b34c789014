"""The reply of a room to the submission of a request."""

import asyncio
from collections.abc import Callable

from sync.error import QuireError
from sync.room.room import Room
from sync.wire.message import Ack, ErrorMessage, Outgoing


class Reply:
    """The reply to one submission; kept until the room answers, even if the request is cancelled.

    Args:
        room: the room that has the submission.
        settled: called once, when the room no longer has the submission.
        answered: called once, with the answer.
    """

    def __init__(
        self, room: Room, *, settled: Callable[[], None], answered: Callable[[], None]
    ) -> None:
        self.room = room
        self._settled: Callable[[], None] | None = settled
        self._answered = answered
        self._answer: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()

    async def wait(self) -> Ack:
        """Wait for the answer; cancelling does not withdraw the submission.

        Raises:
            QuireError: the submission was refused.
        """
        return await self._answer

    def settle(self) -> None:
        """Note that the room no longer has the submission; further calls do nothing."""
        settled, self._settled = self._settled, None
        if settled is not None:
            settled()

    def take(self, message: Outgoing) -> None:
        """Take a message of the room, which is the answer if it is an ack or an error."""
        if isinstance(message, Ack):
            self._answered()
            if not self._answer.done():
                self._answer.set_result(message)
        elif isinstance(message, ErrorMessage):
            self._answered()
            if not self._answer.done():
                self._answer.set_exception(_refusal(message))


def _refusal(message: ErrorMessage) -> QuireError:
    after_s = message.retry_after_s
    return QuireError(
        message.code,
        message.message,
        retryable=message.retryable,
        retry_after_s=after_s if isinstance(after_s, int | float) else None,
    )
