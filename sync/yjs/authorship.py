"""The rules of authorship: which user may write under which CRDT client id (P9).

A client id is bound to the first user who writes under it, for ever. But peers also deliver structs
that others wrote: after a lost log, over BroadcastChannel or WebRTC, from a file. So the sender of
a struct is not always its author. Authorship is decided by the client id that a session announces
in its awareness: that is the id of its own Yjs document, and stock clients announce it when they
connect, before they write. A session that announces no id counts as the author of the edits that
it sends, of one client id at a time; it never counts as the author of its answer to a sync step 1.

See `docs/decisions/0015-delivering-is-not-authoring.md`.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from msgspec import Struct


class Claims(Protocol):
    """The client ids that sessions announce as their own."""

    def own(self, session: str) -> int | None:
        """Return the client id that a session announces as its own; None if it announces none."""

    def claimant(self, client: int) -> str | None:
        """Return the id of the user who announces a client id; None if nobody does."""


class _NoClaims:
    def own(self, session: str) -> int | None:
        return None

    def claimant(self, client: int) -> str | None:
        return None


NO_CLAIMS: Final[Claims] = _NoClaims()


class Shares(Struct, frozen=True):
    """The authors of an update's new structs."""

    bound: tuple[int, ...] = ()
    """Client ids under which the sender writes for the first time; they are bound to its user."""
    foreign: frozenset[int] = frozenset()
    """Client ids of other users; new structs under them are not taken from this sender."""
    is_forged: bool = False
    """True if the sender writes under another user's client id, instead of delivering for it."""
    is_contested: bool = False
    """True if the sender writes under an unbound client id that another user announces.

    The refusal is retryable: the other user may stop announcing it.
    """


def share(
    clients: Iterable[int],
    owners: Mapping[int, str],
    claims: Claims,
    *,
    session: str,
    user_id: str,
    is_past: bool,
) -> Shares:
    """Decide to which users the new structs of an update belong.

    Args:
        clients: the CRDT client ids of the update's new structs.
        owners: the user to whom each client id is bound.
        is_past: True if the update answers a sync step 1: it holds all that the log lacks, structs
            of other users included.
    """
    free: list[int] = []
    owned: list[int] = []
    claimed: list[int] = []
    for client in clients:
        owner = owners.get(client)
        if owner is None:
            claimant = claims.claimant(client)
            (free if claimant in (None, user_id) else claimed).append(client)
        elif owner != user_id:
            owned.append(client)
    own = claims.own(session)
    if own is None:
        bound = free if len(free) == 1 and not is_past else []
        is_forged = bool(owned) and not is_past
        is_contested = bool(claimed) and not is_past
    else:
        bound = [own] if own in free else []
        is_forged = own in owned
        is_contested = own in claimed
    return Shares(tuple(bound), frozenset((*owned, *claimed)), is_forged, is_contested)
