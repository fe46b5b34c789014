"""The count of open event streams of one process, so that there is a bound on them."""

from typing import Annotated

from fastapi import Depends, Request

from sync.error import ErrorCode, QuireError


class EventStreams:
    """The number of open streams, with its bound."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.count = 0

    def require_room(self) -> None:
        """Raise `QuireError` (`rate_limited`) if the bound is reached."""
        if self.count >= self._most:
            raise QuireError(
                ErrorCode.RATE_LIMITED, "Too many event streams are open.", retryable=True
            )


async def _streams_of(request: Request) -> EventStreams:
    streams: EventStreams = request.app.state.event_streams
    return streams


StreamsOf = Annotated[EventStreams, Depends(_streams_of)]
