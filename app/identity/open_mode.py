"""Identity and permissions in open mode, where a name is not proved.

The same name is the same user, everybody may create and edit documents, and the user who created a
document owns it. Names are shown to others, so they are short, printable, and cannot mislead:
no control characters, no bidirectional overrides, NFC.
"""

import unicodedata
from dataclasses import replace
from hashlib import blake2b
from typing import Final
from urllib.parse import unquote

from starlette.requests import HTTPConnection

from sync.error import CloseCode, ErrorCode, QuireError
from sync.names import Role
from sync.user import User

MAX_NAME_CHARS: Final = 64
NAME_HEADER: Final = "X-Quire-Name"
"""Open mode: the author of an HTTP request, percent-encoded UTF-8."""
DEFAULT_NAME: Final = "Guest"

PALETTE: Final = (
    "#d91f2f",
    "#ba4e0f",
    "#916808",
    "#5e780d",
    "#178028",
    "#0e7e62",
    "#0c7a8f",
    "#1670c9",
    "#4d61e6",
    "#844fe0",
    "#b625d3",
    "#cf1e85",
)
"""Twelve hues of one luminance: white text on each has a contrast of 5:1."""

_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS: Final = frozenset({"\u200c", "\u200d"})


def clean_name(name: str) -> str:
    """Return a display name as others may see it: NFC, on one line, without invisible characters.

    Raises:
        QuireError: `auth_failed`: nothing is left, or it is too long.
    """
    kept = "".join(
        char
        for char in unicodedata.normalize("NFC", name)
        if char in _JOINERS or unicodedata.category(char) not in _REFUSED_CATEGORIES
    )
    cleaned = " ".join(kept.split())
    if not cleaned.strip("\u200c\u200d"):
        raise QuireError(ErrorCode.AUTH_FAILED, "A name has at least one visible character.")
    if len(cleaned) > MAX_NAME_CHARS:
        raise QuireError(ErrorCode.AUTH_FAILED, f"A name has at most {MAX_NAME_CHARS} characters.")
    return cleaned


def named_user(name: str) -> User:
    """Return the user of a name; id and colour are derived from the name."""
    cleaned = clean_name(name)
    digest = blake2b(cleaned.encode(), digest_size=9, person=b"quire.user").digest()
    return User(f"open-{digest.hex()}", cleaned, PALETTE[digest[0] % len(PALETTE)])


class OpenGatekeeper:
    """Identity and permissions in open mode."""

    def authenticate(self, token: str | None, name: str | None) -> User:
        """Return the user that an `auth` message names.

        Raises:
            QuireError: `auth_failed`: a token, which open mode cannot check, or no usable name.
        """
        if token is not None:
            raise QuireError(
                ErrorCode.AUTH_FAILED,
                "This server runs in open mode and takes a name, no token.",
                close_code=CloseCode.NOT_AUTHENTICATED,
            )
        return named_user(DEFAULT_NAME if name is None else name)

    def admit(self, token: str | None, name: str | None) -> User:
        """Return the user of a Yjs dialect's client, by the `name` in the address of its socket.

        Clients of these dialects send tokens unasked; open mode ignores them. A client that gives
        no name is anonymous, and is shown under the name in its awareness.

        Raises:
            QuireError: `auth_failed`: not a usable name.
        """
        if name is None:
            return replace(named_user(DEFAULT_NAME), anonymous=True)
        return named_user(name)

    def user_for_request(self, request: HTTPConnection) -> User:
        """Return the user that an HTTP request names in `X-Quire-Name`.

        Raises:
            QuireError: `auth_failed`: not a usable name.
        """
        raw = request.headers.get(NAME_HEADER)
        if raw is None:
            return named_user(DEFAULT_NAME)
        try:
            return named_user(unquote(raw, errors="strict"))
        except UnicodeDecodeError:
            raise QuireError(ErrorCode.AUTH_FAILED, f"{NAME_HEADER} is not UTF-8.") from None

    def role(self, user: User, owner_id: str) -> Role:
        """Return the role of a user in a document."""
        return "owner" if owner_id == user.id else "editor"

    def may_create(self, user: User) -> bool:
        """Return whether a user may create documents."""
        return True
