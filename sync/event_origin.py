"""The origin of an event: which door it came through, as the name of its session says.

The server names every session, so an origin cannot be claimed. Sessions of sockets have names
without a hyphen.
"""

import re
from hashlib import blake2b
from typing import Final, Literal, NamedTuple

Origin = Literal["live", "request", "restore", "take-back", "repair"]
"""`live`: over a socket; `request`: over HTTP, as programs, agents and the command line write;
`restore`: it brought an old version back; `take-back`: it took events back; `repair`: the server
made it, before another event."""

ALONE: Final[tuple[Origin, ...]] = ("restore", "take-back")
"""Of these origins each event is a sitting of its own."""
REQUEST_PREFIX: Final = "http-"
RESTORE_PREFIX: Final = "restore-"
TAKE_BACK_PREFIX: Final = "take-back-"
REPAIR_SESSION: Final = "repair"
MERGED_SESSION: Final = "merged"
"""Stands for all sessions of sockets in events that were merged."""

_restored = re.compile(r"restore-(0|[1-9][0-9]{0,15})-", re.ASCII).match

_taken_back = re.compile(
    r"take-back-(0|[1-9][0-9]{0,15})-(0|[1-9][0-9]{0,15})-(all|[0-9a-f]{16})-"
    r"(?:at-(0|[1-9][0-9]{0,15})-(0|[1-9][0-9]{0,15})-(0|[1-9][0-9]{0,15})-)?",
    re.ASCII,
).match


class Passage(NamedTuple):
    """A part of a text: what stands at a version from one place to another, or stood between.

    What was deleted right at its ends belongs to it.
    """

    version: int
    start: int
    end: int
    """Code points."""


class TakeBack(NamedTuple):
    """The events that an event took back."""

    after: int
    upto: int
    """Those with `after < version <= upto`."""
    who: str
    """`all`, or the `actor_mark` of whose events they are."""
    place: Passage | None = None
    """The part of the text to which they did it; None: all of it. Its version is not before
    `after`."""

    def has(self, version: int, actor_id: str) -> bool:
        """Return whether an event is one of them."""
        is_theirs = self.who == "all" or self.who == actor_mark(actor_id)
        return self.after < version <= self.upto and is_theirs


def actor_mark(actor_id: str) -> str:
    """Return what stands for a user in the name of a session, where an id of any kind may not."""
    return blake2b(actor_id.encode(), digest_size=8, person=b"quire.actor").hexdigest()


def request_session(token: str) -> str:
    """Return the session of one request; `token` is of that request alone."""
    return REQUEST_PREFIX + token


def restore_session(version: int, token: str) -> str:
    """Return the session of one request that brings a version back."""
    return f"{RESTORE_PREFIX}{version}-{token}"


def take_back_session(taken: TakeBack, token: str) -> str:
    """Return the session of one request that takes events back."""
    place = taken.place
    where = "" if place is None else f"at-{place.version}-{place.start}-{place.end}-"
    return f"{TAKE_BACK_PREFIX}{taken.after}-{taken.upto}-{taken.who}-{where}{token}"


def kept_session(session: str) -> str:
    """Return the name of a session that stands for it in merged events: its origin is kept."""
    if session == REPAIR_SESSION:
        return session
    return MERGED_SESSION if origin_of(session) == "live" else f"{REQUEST_PREFIX}{MERGED_SESSION}"


def origin_of(session: str) -> Origin:
    """Return the origin of the events of a session."""
    if session == REPAIR_SESSION:
        return "repair"
    if session.startswith(REQUEST_PREFIX):
        return "request"
    if taken_back(session) is not None:
        return "take-back"
    return "live" if restored_version(session) is None else "restore"


def restored_version(session: str) -> int | None:
    """Return the version that the events of a session brought back; None: it is no restore."""
    found = _restored(session)
    return None if found is None else int(found[1])


def taken_back(session: str) -> TakeBack | None:
    """Return what the events of a session took back; None: nothing."""
    found = _taken_back(session)
    if found is None:
        return None
    place = None if found[4] is None else Passage(int(found[4]), int(found[5]), int(found[6]))
    return TakeBack(int(found[1]), int(found[2]), found[3], place)
