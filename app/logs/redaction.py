"""Redaction: secrets are replaced, wherever they stand in a text.

Nothing is meant to put a secret, or the text of a document, into a log or into the audit trail.
This is the second line, for exceptions of libraries, addresses and headers. It would rather take
too much than too little.
"""

import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Final, NamedTuple

from app.logs.safe_text import safe_text

REDACTED: Final = "[redacted]"
_WORDS: Final = (
    *("password", "passwd", "passphrase", "pwd", "secret", "token", "ticket", "credential"),
    *("api_key", "api-key", "apikey", "private_key", "private-key", "privatekey", "jwt_key"),
    *("authorization", "cookie", "assertion", "nonce", "verifier", "quire_session", "quire_guest"),
)
"""The words in the names of values that are secrets."""
_NAMES: Final = rf"[a-z0-9_.-]{{0,32}}(?:{'|'.join(_WORDS)})[a-z0-9_.-]{{0,32}}"
_MARGIN_CHARS: Final = 4_000
"""The length that is redacted beyond a bound, so that no half of a secret stands at the bound."""
_LEAST_RANDOM_CHARS: Final = 32
"""Shorter runs of letters and digits are names; secrets of 192 bits have that many characters."""
_LEAST_HEX_CHARS: Final = 48
_HEX: Final = frozenset("0123456789abcdef")
_RANDOM_CHANGES: Final = 1 / 3
"""The share of neighbours of different kinds (a, A, 1) from which on a run is random.

In random ones it is 0.6, in names of many words 0.3 at most."""


class _Rule(NamedTuple):
    """One kind of secret.

    Its pattern is compiled only for the first text that has a mark: to compile all of them would
    make a start 30 ms slower, and to try all of them a record as well.
    """

    marks: tuple[str, ...]
    """One of these, in lower case, is in every text that has such a secret."""
    pattern: str
    replacement: str | Callable[[re.Match[str]], str]


def redact(text: str, *, is_name: bool = False) -> str:
    """Return a text with everything in it replaced that looks like a secret.

    Those are tickets, tokens, cookies, authorization headers, passwords in URLs, hashes of
    passwords, private keys, and random runs of characters; and values that the database was given,
    since they may be the text of a document. Its cost grows with the length of the text: cut first.

    Args:
        is_name: the text is an id or a name, which may well be random.
    """
    lowered = text.lower()
    if any(map(lowered.__contains__, _MARKS)):
        for marks, pattern, replacement in _RULES:
            if any(map(lowered.__contains__, marks)):
                text = _compiled(pattern).sub(replacement, text)
    if len(text) >= _LEAST_RANDOM_CHARS and not is_name:
        text = _compiled(_RUN).sub(_redact_random, text)
    return text


def redacted_text(
    text: str, max_chars: int, *, keep_lines: bool = False, is_name: bool = False
) -> str:
    """Return a text without secrets, bounded and made safe; see `redact` and `safe_text`."""
    left = len(text) - max_chars
    clean = redact(text[: max_chars + _MARGIN_CHARS], is_name=is_name)
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
    return any(map(name.lower().__contains__, _WORDS))


def _redact_random(found: re.Match[str]) -> str:
    run = found.group()
    kinds = [
        "a" if c.islower() else "A" if c.isupper() else "1" if c.isdigit() else "" for c in run
    ]
    kinds = [kind for kind in kinds if kind]
    changes = sum(a != b for a, b in pairwise(kinds))
    is_hex = len(run) >= _LEAST_HEX_CHARS and set(run.lower()) <= _HEX
    is_mixed = len(set(kinds)) == (2 if is_hex else 3)
    return REDACTED if is_mixed and changes >= _RANDOM_CHANGES * len(kinds) else run


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_VALUE: Final = r"('(?:[^'\\]|\\.)*'?|\"(?:[^\"\\]|\\.)*\"?"
"""The beginning of a group: a value in quotes, or up to the end of the text if they are not closed.

The group is not closed either: an alternative may follow."""
_RUN: Final = rf"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{{{_LEAST_RANDOM_CHARS},}}(?![A-Za-z0-9_-])"
_RULES: Final = (
    # A private key, however its lines end here.
    _Rule(
        ("private key-----",),
        r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|\Z)",
        REDACTED,
    ),
    # SQLAlchemy's and PostgreSQL's ways to repeat what was to be stored.
    _Rule(("[parameters: ",), r"\[parameters: [^\n]*", f"[parameters: {REDACTED}]"),
    _Rule(
        ("detail:", "context:"),
        r"(?<![A-Za-z])(DETAIL|CONTEXT):.*",
        rf"\1: {REDACTED}",
    ),
    # A header as uvicorn shows it, (b'cookie', b'a=b; c=d'), and a header line.
    _Rule(
        ("authorization", "cookie"),
        r"(?i)(b?['\"](?:proxy-)?(?:authorization|cookie|set-cookie)['\"]\s{0,4}[,:]\s{0,4}b?)"
        rf"{_VALUE})",
        rf"\1'{REDACTED}'",
    ),
    _Rule(
        ("authorization", "cookie"),
        r"(?i)\b((?:proxy-)?authorization|set-cookie|cookie)(\s{0,4}:\s{0,4})[^\r\n'\"]+",
        rf"\1\2{REDACTED}",
    ),
    _Rule(
        ("bearer", "basic"),
        r"(?i)\b(bearer|basic)(\s+)[a-z0-9._~+/=-]{6,}",
        rf"\1\2{REDACTED}",
    ),
    # scheme://user:password@host, the password with any character, up to the last @.
    _Rule(
        ("@",),
        r"\b([A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s:/@?#'\"]{0,200}):[^\s'\"]{1,500}@",
        rf"\1:{REDACTED}@",
    ),
    # The secret of an invitation or a share link.
    _Rule(("#",), r"(/(?:l|join)/?#)[^\s'\"<>]+", rf"\1{REDACTED}"),
    _Rule(("_",), r"\bq[a-z]_[A-Za-z0-9_-]{6,}", REDACTED),
    # The secret of a webhook.
    _Rule(("whsec_",), r"\bwhsec_[A-Za-z0-9+/=_-]{6,}", REDACTED),
    _Rule(
        ("eyj",),
        r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_=-]*){1,4}",
        REDACTED,
    ),
    _Rule(("$",), r"\$(?:argon2[a-z]*|2[aby]|scrypt|pbkdf2[a-z0-9-]*)\$[^\s'\"]+", REDACTED),
    # name=value and "name": "value".
    _Rule(
        _WORDS,
        rf"(?i)(?<![a-z0-9_])({_NAMES})(['\"]?\s{{0,4}}[=:]\s{{0,4}})"
        rf"{_VALUE}|[^\s&;,'\")\]}}]+)",
        rf"\1\2{REDACTED}",
    ),
    # In a query, where these words mean what nobody else may have.
    _Rule(
        ("code=", "state=", "key="),
        r"([?&](?:code|state|key)=)[^\s&#'\"]+",
        rf"\1{REDACTED}",
    ),
)
_MARKS: Final = tuple(dict.fromkeys(mark for rule in _RULES for mark in rule.marks))
"""The marks of all kinds; nearly every text has none of them."""
