"""Texts that a database can keep: PostgreSQL has no NUL, and neither database a lone surrogate.

SQLite would keep NUL, but its own functions and its shell end a text there.
"""

from sync.port import StoreError
from sync.text.delta import valid_text


def is_storable(text: str) -> bool:
    """Return whether both databases keep a text as it is."""
    return valid_text(text)


def require_storable(*texts: str | None) -> None:
    """Raise `StoreError` for a text that cannot be stored; its message does not repeat it."""
    if not all(text is None or is_storable(text) for text in texts):
        raise StoreError("a text with NUL or a lone surrogate cannot be stored")


def escape_unstorable(text: str) -> str:
    r"""Return a text with `\x00` for NUL, and as `\udfff` what is half a character."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", r"\x00")
