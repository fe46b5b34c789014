"""Line ends and byte order marks: the one form in which text is stored.

Text from Windows files ends its lines with `\\r\\n`, that from very old Macs with `\\r`, and either
may begin with a byte order mark. A whole text is normalised before it is compared with a stored
one (`normalize_text`), and every text edit once more where it is merged (`normalize_delta`), so a
text event never brings a carriage return into the log. Yjs updates are not changed.
"""

from typing import Final, Literal, TypeAlias

from sync.text.delta import Delta, canonical

Newline: TypeAlias = Literal["lf", "crlf"]
"""The line ends that a reader asks for."""

BYTE_ORDER_MARK: Final = "\ufeff"


def normalize_newlines(text: str) -> str:
    """Return `text` with `\\n` in the place of every `\\r\\n` and every other `\\r`."""
    if "\r" not in text:
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n")


def normalize_text(text: str) -> str:
    """Return a whole text as it is stored: line ends normalised, leading byte order marks gone."""
    return normalize_newlines(text.lstrip(BYTE_ORDER_MARK))


def normalize_delta(delta: Delta, text: str) -> Delta:
    """Return an edit of `text` as it is stored.

    A `\\r` that would stand before a `\\n` in the text after the edit is left out, wherever that
    `\\n` comes from: an editor that turns a text into `\\r\\n` inserts the `\\r` alone. Every other
    `\\r` becomes `\\n`. A byte order mark at the start of what is written into an empty text is
    left out too.

    Args:
        delta: canonical, and fits `text`.

    Returns:
        A canonical delta, the same one if there is nothing to normalise; possibly `()`.
    """
    for op in delta:
        if isinstance(op, str) and ("\r" in op or (not text and op[0] == BYTE_ORDER_MARK)):
            return _normalized(delta, text)
    return delta


def _normalized(delta: Delta, text: str) -> Delta:
    normalized: list[int | str] = []
    at = 0
    for index, op in enumerate(delta):
        if not isinstance(op, str):
            at += abs(op)
            normalized.append(op)
            continue
        if not text:
            op = op.lstrip(BYTE_ORDER_MARK)
        following = delta[index + 1] if index + 1 < len(delta) else 0
        deleted = -following if isinstance(following, int) and following < 0 else 0
        if op.endswith("\r") and text.startswith("\n", at + deleted):
            op = op[:-1]
        normalized.append(normalize_newlines(op))
    return canonical(normalized)


def with_newlines(text: str, newline: Newline) -> str:
    """Return `text` with the line ends that a reader asks for."""
    text = normalize_newlines(text)
    return text.replace("\n", "\r\n") if newline == "crlf" else text


def newline_of(text: str) -> Newline:
    """Return the line ends of a file's text: those of its first line."""
    end = text.find("\n")
    return "crlf" if end > 0 and text[end - 1] == "\r" else "lf"
