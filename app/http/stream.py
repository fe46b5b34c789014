"""The count of open event streams of one process, so that there is a bound on them."""

from typing import Annotated

from fastapi import Depends, Request

from app.identity.open_mode import DEFAULT_NAME
from app.identity.principal import Principal
from sync.error import ErrorCode, QuireError
from sync.shells.rooms.tally import Tally


class EventStreams:
    """The open streams, with their bounds.

    Args:
        most: streams of the process.
        per_user: of one user.
        per_address: from one address.
    """

    def __init__(self, most: int, *, per_user: int, per_address: int) -> None:
        self._most = most
        self._by_user = Tally(per_user)
        self._by_address = Tally(per_address)
        self.count = 0

    def enter(self, user: str, address: str) -> None:
        """Count a stream in; empty keys stand for nobody in particular.

        Raises:
            QuireError: `rate_limited`: there is no room for it; it is not counted.
        """
        if self.count >= self._most:
            raise _too_many("Too many event streams are open.")
        if not self._by_user.enter(user):
            raise _too_many("You have too many event streams open.")
        if not self._by_address.enter(address):
            self._by_user.leave(user)
            raise _too_many("Too many event streams are open from this address.")
        self.count += 1

    def leave(self, user: str, address: str) -> None:
        """Count out a stream that has ended."""
        self._by_user.leave(user)
        self._by_address.leave(address)
        self.count -= 1


def stream_user(principal: Principal) -> str:
    """Return the key of the user whose stream it is; empty for those who say no name."""
    nameless = principal.kind == "named" and principal.user.name == DEFAULT_NAME
    if not principal.is_proven or principal.user.anonymous or nameless:
        return ""
    return principal.user.id


def _too_many(text: str) -> QuireError:
    return QuireError(ErrorCode.RATE_LIMITED, text, retryable=True)


async def _streams_of(request: Request) -> EventStreams:
    streams: EventStreams = request.app.state.event_streams
    return streams


StreamsOf = Annotated[EventStreams, Depends(_streams_of)]
