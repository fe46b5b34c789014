"""Identity in open mode, where a name is not proved.

Without a guest's cookie the same name is the same user. Names are shown to others, so they are
short, printable, and cannot mislead: no control characters, no bidirectional overrides, NFC.
"""

import unicodedata
from dataclasses import replace
from hashlib import blake2b
from typing import Final
from urllib.parse import unquote

from app.identity.credential import Credentials
from app.identity.principal import Principal
from sync.error import ErrorCode, QuireError
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


def named_principal(shown: Credentials) -> Principal:
    """Return the principal of a name in open mode, or of no name.

    A client of a Yjs dialect that gives no name is anonymous: it is shown under the name in its
    awareness.

    Raises:
        QuireError: `auth_failed`: not a usable name.
    """
    user = named_user(DEFAULT_NAME if shown.name is None else shown.name)
    if shown.name is None and shown.door in ("y-websocket", "hocuspocus"):
        user = replace(user, anonymous=True)
    return Principal(user, "named", is_signed_in=True, may_create=True)


def decode_name_header(raw: str | None) -> str | None:
    """Return the name that an HTTP request gives in `X-Quire-Name`; None: it gives none.

    Raises:
        QuireError: `auth_failed`: not percent-encoded UTF-8.
    """
    if raw is None:
        return None
    try:
        return unquote(raw, errors="strict")
    except UnicodeDecodeError:
        raise QuireError(ErrorCode.AUTH_FAILED, f"{NAME_HEADER} is not UTF-8.") from None
