"""The names of the cookies of one installation.

Cookies are sent to every port of a host. Two installations there would overwrite each other's under
one name, so each has names of its own, derived from a key that its processes share.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from app.identity.credential import GUEST_COOKIE, SESSION_COOKIE

_TAG_HEX: int = 8


@dataclass(frozen=True, slots=True)
class CookieName:
    """The name of one cookie, and the one that all installations had for it before."""

    name: str
    old_name: str

    def value_in(self, cookies: Mapping[str, str]) -> str | None:
        """Return what a browser shows; under the old name only if there is none under this one."""
        return cookies.get(self.name, cookies.get(self.old_name))

    def is_old_in(self, cookies: Mapping[str, str]) -> bool:
        """Return whether the value that counts is under the old name."""
        return self.name not in cookies and self.old_name in cookies


@dataclass(frozen=True, slots=True)
class CookieNames:
    """The cookies by which an installation knows a browser."""

    session: CookieName
    guest: CookieName

    @classmethod
    def of(cls, key: bytes) -> Self:
        """Return the names of an installation; they tell nothing of its key."""
        tag = hmac.digest(key, b"names of cookies", "sha256").hex()[:_TAG_HEX]
        return cls(
            CookieName(f"{SESSION_COOKIE}_{tag}", SESSION_COOKIE),
            CookieName(f"{GUEST_COOKIE}_{tag}", GUEST_COOKIE),
        )
