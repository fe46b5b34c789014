"""Who may write under which CRDT client ids: authoring told from delivering (P9).

A client id belongs to one user for ever once it is bound. Peers carry each other's past, though:
after a lost log, over BroadcastChannel or WebRTC, from a file. That a session sends structs of an
id does not say that it made them. The id that the session itself announces in its awareness does:
it is that of its own Yjs document, and stock clients announce it when they connect, before they
write. A session that announces none is taken to be the author of what it sends as an edit, one id
at a time, and never of what it sends in answer to a sync step 1.

See `docs/decisions/0015-delivering-is-not-authoring.md`.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from msgspec import Struct


class Claims(Protocol):
    """The client ids that sessions announce as their own."""

    def own(self, session: str) -> int | None:
        """The id of a session's own document, if it has announced one."""

    def claimant(self, client: int) -> str | None:
        """The id of the user who announces a client id as its own."""


class _NoClaims:
    def own(self, session: str) -> int | None:
        return None

    def claimant(self, client: int) -> str | None:
        return None


NO_CLAIMS: Final[Claims] = _NoClaims()


class Shares(Struct, frozen=True):
    """To whom the new structs of an update belong."""

    bound: tuple[int, ...] = ()
    """Client ids that the sender authors on now for the first time: they become its user's."""
    foreign: frozenset[int] = frozenset()
    """Client ids of other users. The sender may not add to them."""
    is_forged: bool = False
    """Whether the sender writes under an id of another user, rather than carry its structs."""
    is_contested: bool = False
    """The same of an id that is nobody's yet, but that another user announces: it may end so."""


def share(
    clients: Iterable[int],
    owners: Mapping[int, str],
    claims: Claims,
    *,
    session: str,
    user_id: str,
    is_past: bool,
) -> Shares:
    """Decide whose the new structs of an update are.

    Args:
        clients: the CRDT client ids that the update newly authors on.
        owners: the user to whom each client id is bound.
        is_past: whether the update answers a sync step 1, and so holds all that the log lacks.
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
