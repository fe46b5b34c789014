"""Guests: people with a chosen name and no account, whom a signed cookie makes the same tomorrow.

The cookie holds the guest's id and name, signed with a key that all processes of an installation
share. The server stores nothing about a guest. Whoever does not have the cookie cannot be that
guest: the id is never taken from anything else.
"""

import secrets
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

import msgspec
from itsdangerous import BadData, URLSafeSerializer

from app.identity.credential import Credentials
from app.identity.display_name import PALETTE, clean_name, color_of
from app.identity.guest_name import draw_name
from app.identity.principal import Principal
from sync.error import QuireError
from sync.shells.clock import now_ms
from sync.user import User

GUEST_PREFIX: Final = "guest-"
GUEST_DAYS: Final = 400
"""The life of the cookie since it was last renewed; browsers keep none for longer."""
KEY_NAME: Final = "guest_cookie"
"""The signing key's name among the secrets of an installation."""
_DAY_MS: Final = 86_400_000
_RENEWAL_MS: Final = 7 * _DAY_MS
_MAX_COOKIE_CHARS: Final = 3_000
"""A cookie of ours is shorter: a name has 64 characters, of at most 12 as they are encoded."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest, as its cookie says."""

    id: str
    name: str
    issued_at_ms: int
    """The moment at which the cookie was made: UTC, milliseconds since the epoch."""
    color: str = ""
    """The colour that the guest has chosen, of the palette; empty: the one of its id."""

    @property
    def user(self) -> User:
        """The guest as others see it; unless chosen, the colour goes with the id."""
        return User(self.id, self.name, self.color or color_of(self.id))

    @property
    def expires_at_ms(self) -> int:
        """The moment at which the cookie ends, unless it is renewed."""
        return self.issued_at_ms + GUEST_DAYS * _DAY_MS

    def is_due(self, at_ms: int) -> bool:
        """Return whether the cookie is to be renewed."""
        return at_ms - self.issued_at_ms >= _RENEWAL_MS


def new_guest(name: str | None, at_ms: int) -> Guest:
    """Return a new guest, with an id of 128 random bits.

    Raises:
        QuireError: `auth_failed`: not a usable name.
    """
    chosen = draw_name() if name is None else clean_name(name)
    return Guest(GUEST_PREFIX + secrets.token_hex(16), chosen, at_ms)


def renamed_guest(guest: Guest, name: str, at_ms: int, color: str | None = None) -> Guest:
    """Return the same guest under another name, and in another colour if one is chosen.

    Args:
        color: one of the palette.

    Raises:
        QuireError: `auth_failed`: not a usable name.
    """
    chosen = guest.color if color is None else color
    return replace(guest, name=clean_name(name), issued_at_ms=at_ms, color=chosen)


class _Content(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """The content of a cookie; without a chosen colour it is shorter by one field."""

    id: str
    name: str
    issued_at_ms: int
    color: str = ""


class GuestCookies:
    """Writes and reads the cookies of guests.

    Args:
        key: the installation's; a cookie that another key has signed is none.
        is_open: open mode: guests may do what whoever is signed in may do.
    """

    def __init__(self, key: bytes, *, is_open: bool) -> None:
        self._is_open = is_open
        self._serializer = URLSafeSerializer(
            key, salt="quire.guest", signer_kwargs={"digest_method": sha256}
        )

    def encode(self, guest: Guest) -> str:
        """Return the value of a guest's cookie."""
        chosen = [guest.color] if guest.color else []
        return str(self._serializer.dumps([guest.id, guest.name, guest.issued_at_ms, *chosen]))

    def decode(self, cookie: str, at_ms: int) -> Guest | None:
        """Return the guest of a cookie; None: it is not of this installation, or has ended."""
        if len(cookie) > _MAX_COOKIE_CHARS or not cookie.isascii():
            return None
        try:
            content = msgspec.convert(self._serializer.loads(cookie), _Content)
            name = clean_name(content.name)
            color = content.color if content.color in PALETTE else ""
            guest = Guest(content.id, name, content.issued_at_ms, color)
        except (BadData, QuireError, ValueError):
            return None
        return guest if at_ms < guest.expires_at_ms else None

    def principal(self, guest: Guest) -> Principal:
        """Return a guest as the doors know it."""
        return Principal(
            guest.user,
            "guest",
            is_signed_in=self._is_open,
            may_create=self._is_open,
            expires_at_ms=guest.expires_at_ms,
        )

    async def verify(self, cookie: str, _: Credentials) -> Principal | None:
        """Return the principal of a cookie; None: it proves nothing."""
        guest = self.decode(cookie, now_ms())
        return None if guest is None else self.principal(guest)
