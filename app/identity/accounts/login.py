"""Logins: what an account is signed in with, beside its password."""

import re
from typing import Final

from sync.error import ErrorCode, QuireError

MAX_LOGIN_CHARS: Final = 64
LOGIN_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}"
"""ASCII alone: no two logins look the same, and none hides a character."""
_LOGIN: Final = re.compile(LOGIN_PATTERN)


def clean_login(login: str) -> str | None:
    """Return a login in the one form in which it is stored; None: nobody can have it."""
    typed = login.strip(" ")
    return typed.lower() if _LOGIN.fullmatch(typed) else None


def require_login(login: str) -> str:
    """Return a new login in the form in which it is stored.

    Raises:
        QuireError: `invalid_message`: no login can be like that.
    """
    cleaned = clean_login(login)
    if cleaned is None:
        raise QuireError(
            ErrorCode.INVALID_MESSAGE,
            f"A login is 1 to {MAX_LOGIN_CHARS} of A-Z a-z 0-9 . _ @ + - and starts with one of "
            "A-Z a-z 0-9; upper and lower case are the same.",
        )
    return cleaned
