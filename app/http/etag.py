"""Versions as entity tags: `"812"` (RFC 9110, section 8.8.3)."""

import re
from typing import Final

from sync.error import ErrorCode, QuireError
from sync.names import MAX_INTEGER

_TAG: Final = re.compile(r'"?([0-9]{1,16})"?')
_ANY_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')


def etag(version: int) -> str:
    """Return the entity tag of a version's text."""
    return f'"{version}"'


def matches(if_none_match: str | None, version: int) -> bool:
    """Return whether an `If-None-Match` names this version."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or str(version) in _ANY_TAG.findall(if_none_match)


def read_if_match(if_match: str) -> int | None:
    """Return the version in an `If-Match`; None for `*`, which any head matches.

    Raises:
        QuireError: `invalid_message`: it is neither one version nor `*`.
    """
    stripped = if_match.strip()
    if stripped == "*":
        return None
    match = _TAG.fullmatch(stripped)
    if match is None or int(match[1]) > MAX_INTEGER:
        raise QuireError(ErrorCode.INVALID_MESSAGE, 'If-Match takes one version, such as "812".')
    return int(match[1])
