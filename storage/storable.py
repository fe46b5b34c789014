"""Texts that a database can keep: PostgreSQL has no NUL, and neither database a lone surrogate.

SQLite would keep NUL, but its own functions and its shell end a text there.
"""

from sync.port import StoreError


def is_storable(text: str) -> bool:
    """Return whether both databases keep a text as it is."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def require_storable(*texts: str | None) -> None:
    """Raise `StoreError` for a text that cannot be stored; its message does not repeat it."""
    if not all(text is None or is_storable(text) for text in texts):
        raise StoreError("a text with NUL or a lone surrogate cannot be stored")


def escape_unstorable(text: str) -> str:
    r"""Return a text with `\x00` for NUL, and as `\udfff` what is half a character."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", r"\x00")
