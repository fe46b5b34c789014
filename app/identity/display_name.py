"""Display names and colours: what others see of a user.

Names are short, printable, and cannot mislead: no control characters, no bidirectional overrides,
NFC.
"""

import unicodedata
from hashlib import blake2b
from typing import Final

from sync.error import ErrorCode, QuireError

MAX_NAME_CHARS: Final = 64

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
_MAX_RAW_CHARS: Final = 1_024
"""Longer names are refused unread: nothing that is cut away makes a name of such a text."""


def clean_name(name: str) -> str:
    """Return a display name as others may see it: NFC, on one line, without invisible characters.

    Raises:
        QuireError: `auth_failed`: nothing is left, or it is too long.
    """
    if len(name) > _MAX_RAW_CHARS:
        raise QuireError(ErrorCode.AUTH_FAILED, f"A name has at most {MAX_NAME_CHARS} characters.")
    cleaned = visible_line(name)
    if not cleaned:
        raise QuireError(ErrorCode.AUTH_FAILED, "A name has at least one visible character.")
    if len(cleaned) > MAX_NAME_CHARS:
        raise QuireError(ErrorCode.AUTH_FAILED, f"A name has at most {MAX_NAME_CHARS} characters.")
    return cleaned


def visible_line(text: str) -> str:
    """Return a text in NFC, on one line, without invisible characters; empty: nothing is left."""
    if text.isascii() and text.isprintable():
        kept = text  # as most are
    else:
        kept = "".join(
            char
            for char in unicodedata.normalize("NFC", text)
            if char in _JOINERS or unicodedata.category(char) not in _REFUSED_CATEGORIES
        )
    cleaned = " ".join(kept.split())
    return cleaned if cleaned.strip("\u200c\u200d") else ""


def color_of(identity: str) -> str:
    """Return the colour of a user: the same one for the same id, whatever the name is."""
    digest = blake2b(identity.encode(), digest_size=1, person=b"quire.color").digest()
    return PALETTE[digest[0] % len(PALETTE)]
