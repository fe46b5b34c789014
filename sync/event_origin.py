"""The origin of an event: which door it came through, as the name of its session says.

The server names every session, so an origin cannot be claimed. Sessions of sockets have names
without a hyphen.
"""

import re
from typing import Final, Literal

Origin = Literal["live", "request", "restore", "repair"]
"""`live`: over a socket; `request`: over HTTP, as programs, agents and the command line write;
`restore`: it brought an old version back; `repair`: the server made it, before another event."""

REQUEST_PREFIX: Final = "http-"
RESTORE_PREFIX: Final = "restore-"
REPAIR_SESSION: Final = "repair"

_restored = re.compile(r"restore-(0|[1-9][0-9]{0,15})-", re.ASCII).match


def request_session(token: str) -> str:
    """Return the session of one request; `token` is of that request alone."""
    return REQUEST_PREFIX + token


def restore_session(version: int, token: str) -> str:
    """Return the session of one request that brings a version back."""
    return f"{RESTORE_PREFIX}{version}-{token}"


def origin_of(session: str) -> Origin:
    """Return the origin of the events of a session."""
    if session == REPAIR_SESSION:
        return "repair"
    if session.startswith(REQUEST_PREFIX):
        return "request"
    return "live" if restored_version(session) is None else "restore"


def restored_version(session: str) -> int | None:
    """Return the version that the events of a session brought back; None: it is no restore."""
    found = _restored(session)
    return None if found is None else int(found[1])
