"""Text of strangers, made safe to store, print and read: bounded, without control characters."""

import re
from typing import Final

_UNSAFE: Final = (
    "\x00-\x1f\x7f-\x9f"  # controls: line ends, terminal escapes
    "\u00ad\u200b\u2060-\u2065\ufeff\ufff9-\ufffb"  # not seen at all
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # turn the direction of what stands around them
    "\u2028\u2029"  # line ends, to some programs
    "\ud800-\udfff"  # half a character; cannot be encoded
    "\U000e0000-\U000e007f"  # tags: a hidden second text
)
_ANY: Final = re.compile(f"[{_UNSAFE}]")
_NOT_IN_LINES: Final = re.compile(f"(?![\n\t])[{_UNSAFE}]")
_NAMED: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def safe_text(text: str, max_chars: int, *, keep_lines: bool = False) -> str:
    """Return a text with its unsafe characters escaped, and cut, which it then says at its end.

    Args:
        max_chars: the most characters of the text that are kept.
        keep_lines: line feeds and tabs stay as they are.
    """
    left = len(text) - max_chars
    kept = text if left <= 0 else text[:max_chars]
    clean = (_NOT_IN_LINES if keep_lines else _ANY).sub(_escape, kept)
    return clean if left <= 0 else f"{clean}…[{left} more]"


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    number = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x1_0000 else f"\\U{number:08x}"
