"""Redaction: secrets are replaced, wherever they stand in a text.

Nothing is meant to put a secret, or the text of a document, into a log or into the audit trail.
This is the second line, for exceptions of libraries, addresses and headers. It would rather take
too much than too little.
"""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from app.logs.safe_text import safe_text

REDACTED: Final = "[redacted]"
_NAMES: Final = (
    r"(?:[a-z0-9_.-]{0,32}(?:password|passwd|passphrase|secret|token|ticket|api_?-?key|private_?-?key"
    r"|authorization|cookie|credential|assertion)[a-z0-9_.-]{0,32}|quire_session|quire_guest"
    r"|code_verifier|nonce|pwd|jwt_key)"
)
_MARGIN_CHARS: Final = 4_000
"""The length that is redacted beyond a bound, so that no half of a secret stands at the bound."""
_LEAST_RANDOM_CHARS: Final = 32
"""Shorter runs of letters and digits are names; secrets of 192 bits have that many characters."""
_RANDOM_CHANGES: Final = 0.4
"""The share of neighbours of different kinds (a, A, 1) from which on a run is random.

In random ones it is 0.6, in names of many words 0.3 at most."""

Replacement = str | Callable[[re.Match[str]], str]


def redact(text: str) -> str:
    """Return a text with everything in it replaced that looks like a secret.

    Those are tickets, tokens, cookies, authorization headers, passwords in URLs, hashes of
    passwords, private keys, and random runs of characters; and values that the database was given,
    since they may be the text of a document. Its cost grows with the length of the text: cut first.
    """
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def redacted_text(text: str, max_chars: int, *, keep_lines: bool = False) -> str:
    """Return a text without secrets, bounded and made safe; see `safe_text`."""
    left = len(text) - max_chars
    clean = redact(text[: max_chars + _MARGIN_CHARS])
    if left > _MARGIN_CHARS:
        # At the end of what was looked at may stand the first half of a secret.
        clean = clean[:-_MARGIN_CHARS]
    if left <= 0:
        # What is redacted may have become longer; nothing of it is cut.
        return safe_text(clean, len(clean), keep_lines=keep_lines)
    kept = clean[:max_chars]
    return f"{safe_text(kept, max_chars, keep_lines=keep_lines)}…[{left} more]"


def is_secret_name(name: str) -> bool:
    """Return whether a value of that name is a secret."""
    return _NAME.fullmatch(name) is not None


def _redact_random(found: re.Match[str]) -> str:
    run = found.group()
    kinds = [
        "a" if c.islower() else "A" if c.isupper() else "1" if c.isdigit() else "" for c in run
    ]
    kinds = [kind for kind in kinds if kind]
    changes = sum(a != b for a, b in pairwise(kinds))
    is_mixed = len(set(kinds)) == 3 or (len(set(kinds)) == 2 and _HEX.fullmatch(run) is not None)
    return REDACTED if is_mixed and changes >= _RANDOM_CHANGES * len(kinds) else run


_HEX: Final = re.compile(r"[0-9a-fA-F]{48,}")
_NAME: Final = re.compile(_NAMES, re.IGNORECASE)
_RULES: Final[tuple[tuple[re.Pattern[str], Replacement], ...]] = (
    # A private key, however its lines end here.
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|\Z)", re.DOTALL),
        REDACTED,
    ),
    # SQLAlchemy's and PostgreSQL's ways to repeat what was to be stored.
    (re.compile(r"\[parameters: [^\n]*"), f"[parameters: {REDACTED}]"),
    (re.compile(r"(?<![A-Za-z])(DETAIL|CONTEXT):.*"), rf"\1: {REDACTED}"),
    # A header line or a header as uvicorn shows it: (b'cookie', b'a=b; c=d').
    (
        re.compile(
            r"(?i)(b?['\"](?:proxy-)?(?:authorization|cookie|set-cookie)['\"]\s{0,4}[,:]\s{0,4}b?)"
            r"('(?:[^'\\]|\\.)*'?|\"(?:[^\"\\]|\\.)*\"?)"
        ),
        rf"\1'{REDACTED}'",
    ),
    (
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|set-cookie|cookie)(\s{0,4}:\s{0,4})[^\r\n'\"]+"
        ),
        rf"\1\2{REDACTED}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)(\s+)[a-z0-9._~+/=-]{6,}"), rf"\1\2{REDACTED}"),
    # scheme://user:password@host, the password with any character, up to the last @.
    (
        re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s:/@?#'\"]{0,200}):[^\s'\"]{1,500}@"),
        rf"\1:{REDACTED}@",
    ),
    # The secret of an invitation or a share link.
    (re.compile(r"(/(?:l|join)/?#)[^\s'\"<>]+"), rf"\1{REDACTED}"),
    (re.compile(r"\bq[a-z]_[A-Za-z0-9_-]{6,}"), REDACTED),
    (re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_=-]*){1,4}"), REDACTED),
    (re.compile(r"\$(?:argon2[a-z]*|2[aby]|scrypt|pbkdf2[a-z0-9-]*)\$[^\s'\"]+"), REDACTED),
    # name=value and "name": "value".
    (
        re.compile(
            rf"(?i)(?<![a-z0-9_])({_NAMES})(['\"]?\s{{0,4}}[=:]\s{{0,4}})"
            r"('(?:[^'\\]|\\.)*'?|\"(?:[^\"\\]|\\.)*\"?|[^\s&;,'\")\]}]+)"
        ),
        rf"\1\2{REDACTED}",
    ),
    # In a query, where these words mean what nobody else may have.
    (re.compile(r"([?&](?:code|state|key)=)[^\s&#'\"]+"), rf"\1{REDACTED}"),
    (
        re.compile(rf"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{{{_LEAST_RANDOM_CHARS},}}(?![A-Za-z0-9_-])"),
        _redact_random,
    ),
)
