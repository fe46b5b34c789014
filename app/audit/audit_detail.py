"""The detail of an audit record: small, of JSON values, without secrets and control characters."""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from app.logs.redaction import REDACTED, is_secret_name, redacted_text

MAX_TEXT_CHARS: Final = 200
"""The most characters of a name, an address, or a value."""
MAX_ITEMS: Final = 20
"""The most values in a detail, and in a list or an object in it."""
_MAX_DEPTH: Final = 2
_MAX_WORD_CHARS: Final = 16
_MAX_NUMBER: Final = 1 << 53


def audit_name(name: str) -> str:
    """Return an id, a name or an address for an audit record."""
    # They come again and again.
    return _short_name(name) if len(name) <= MAX_TEXT_CHARS else _name(name)


def _name(name: str) -> str:
    return redacted_text(name, MAX_TEXT_CHARS, is_name=True)


_short_name = lru_cache(maxsize=2_048)(_name)


def audit_text(text: str) -> str:
    """Return a value of a detail for an audit record."""
    # Nearly all are roles, doors and codes: of each there are a few.
    return _word(text) if len(text) <= _MAX_WORD_CHARS else redacted_text(text, MAX_TEXT_CHARS)


@lru_cache(maxsize=256)
def _word(text: str) -> str:
    return redacted_text(text, MAX_TEXT_CHARS)


def audit_detail(detail: Mapping[str, object]) -> dict[str, Any]:
    """Return what is stored of a detail; never raises."""
    return _object(detail, _MAX_DEPTH)


def _object(given: Mapping[Any, object], depth: int) -> dict[str, Any]:
    items = list(given.items())[:MAX_ITEMS]
    return {
        audit_name(str(name)): REDACTED if is_secret_name(str(name)) else _value(value, depth)
        for name, value in items
        if value is not None
    }


def _value(value: object, depth: int) -> Any:
    match value:
        case None | bool():
            return value
        case int() if abs(value) <= _MAX_NUMBER:
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case Mapping() if depth > 0:
            return _object(value, depth - 1)
        case list() | tuple() | set() | frozenset() if depth > 0:
            return [_value(each, depth - 1) for each in list(value)[:MAX_ITEMS]]
    try:
        return audit_text(str(value))
    except Exception:  # noqa: BLE001 - whatever a value does when it is made a text
        return "(cannot be shown)"
