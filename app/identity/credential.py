"""The credentials of one request or one socket: everything by which it may be known who asks."""

from dataclasses import dataclass
from typing import Final, Literal

SESSION_COOKIE: Final = "quire_session"
GUEST_COOKIE: Final = "quire_guest"
TICKET_PREFIX: Final = "qk_"
API_TOKEN_PREFIX: Final = "qt_"

Door = Literal["http", "quire", "y-websocket", "hocuspocus"]
"""The entrance at which they were shown."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """All that was shown; nothing of it is checked yet."""

    door: Door
    token: str | None = None
    """From `Authorization: Bearer`, or from the first message of a socket."""
    name: str | None = None
    """A name as given; in open mode it identifies."""
    session_cookie: str | None = None
    guest_cookie: str | None = None
    document: str | None = None
    """The one document that the socket is for; None: not known, or several."""
    origin: str | None = None
    address: str = ""
    """The peer's, without its port."""

    @property
    def is_ticket(self) -> bool:
        """True if the token says of itself that it is a ticket."""
        return self.token is not None and self.token.startswith(TICKET_PREFIX)

    @property
    def is_api_token(self) -> bool:
        """True if the token says of itself that it is an API token."""
        return self.token is not None and self.token.startswith(API_TOKEN_PREFIX)

    @property
    def is_json_web_token(self) -> bool:
        """True if the token has the three parts of a signed JSON Web Token."""
        return self.token is not None and self.token.count(".") == 2
