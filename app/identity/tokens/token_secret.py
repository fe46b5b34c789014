"""The secrets of tickets and API tokens: random, known by their beginning, kept as a hash."""

from secrets import token_urlsafe
from typing import Final

from app.identity.credential import Credentials
from sync.error import CloseCode, ErrorCode, QuireError

SECRET_BYTES: Final = 32
MAX_SECRET_CHARS: Final = 100


def new_secret(prefix: str) -> str:
    """Return 32 random bytes as text, with a beginning by which people and scanners know it."""
    return prefix + token_urlsafe(SECRET_BYTES)


def refuse_in_address_of_page(shown: Credentials) -> None:
    """Refuse a lasting secret that a page has put into the address of a socket.

    Addresses end up in logs. A program may, at its own risk; a page asks for a ticket.

    Raises:
        QuireError: `auth_failed`.
    """
    if shown.door == "y-websocket" and shown.origin is not None:
        raise QuireError(
            ErrorCode.AUTH_FAILED,
            "A page puts no token into an address; it asks for a ticket (POST /api/tickets).",
            close_code=CloseCode.NOT_AUTHENTICATED,
        )
