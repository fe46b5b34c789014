"""The reviews of open sockets: who their peers are, and which roles they have, asked again.

A change may concern all sockets at once. Each document of a socket then waits here at most once,
and so many are looked up at a time as one query of the store answers.
"""

import asyncio
import logging
from collections.abc import Awaitable, Iterable, Sequence
from itertools import islice
from typing import Final, TypeVar

from app.identity.principal import Principal
from app.identity.watch import Change
from sync.error import CloseCode
from sync.shells.sessions.gatekeeper import Identity
from sync.shells.sessions.socket import RENEWAL_LEAD_MS, Attendance, Socket

_log = logging.getLogger(__name__)

_ROLES_AT_ONCE: Final = 250
_IDENTITIES_AT_ONCE: Final = 20
"""Each is a query of its own."""
_LONGEST_QUIET_MS: Final = 60_000
"""The time after which a socket is looked at again, whatever it has said of itself."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class SocketReviews:
    """The reviews of one process that wait to be made."""

    def __init__(self) -> None:
        self._roles: dict[Attendance, Socket] = {}
        self._identities: dict[Socket, None] = {}
        self._wake = asyncio.Event()

    def ask_for_role(self, socket: Socket, attendance: Attendance) -> None:
        """Have a role reviewed soon, by a look at the store that begins after this call."""
        self._roles[attendance] = socket
        self._wake.set()

    def ask_for_identity(self, socket: Socket) -> None:
        """Have it asked soon who the peer of a socket is now."""
        self._identities[socket] = None
        self._wake.set()

    def ask_if_due(self, socket: Socket, now_ms: int) -> None:
        """Have reviewed what was to hold only until now."""
        if now_ms < socket.quiet_until_ms:
            return
        for attendance in socket.due(now_ms):
            self.ask_for_role(socket, attendance)
        if socket.is_renewal_due(now_ms):
            self.ask_for_identity(socket)
        socket.quiet_until_ms = _quiet_until_ms(socket, now_ms)

    def changed(self, sockets: Iterable[Socket], changes: Sequence[Change] | None) -> None:
        """Have reviewed whatever changes concern.

        Args:
            changes: None: all may have changed.
        """
        concern = None if changes is None else _Concern(changes)
        for socket in sockets:
            for attendance in socket.attendances():
                user_id = attendance.identity.user.id
                if concern is None or concern.has_role(attendance.room.key, user_id):
                    self.ask_for_role(socket, attendance)
            if concern is None or any(map(concern.has_identity, socket.identities())):
                self.ask_for_identity(socket)

    async def run(self) -> None:
        """Make the reviews, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._identities or self._roles:
                sockets = _take(self._identities, _IDENTITIES_AT_ONCE)
                await _all((socket, socket.renew()) for socket, _ in sockets)
                roles = _take(self._roles, _ROLES_AT_ONCE)
                await _all((socket, socket.review(role)) for role, socket in roles)


class _Concern:
    """The documents, users, sessions and tokens that some changes are about."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._roles = {(change.document_key, change.user_id) for change in changes}
        self._users = {each.user_id for each in changes if each.document_key is None} - {None}
        self._sessions = {change.session_id for change in changes} - {None}
        self._tokens = {change.token_id for change in changes} - {None}

    def has_role(self, key: int, user_id: str) -> bool:
        """Return whether the role of a user in a document may have changed."""
        return (key, user_id) in self._roles or (key, None) in self._roles or user_id in self._users

    def has_identity(self, identity: Identity) -> bool:
        """Return whether an identity may have ended, or may be allowed something else."""
        assert isinstance(identity, Principal), "the gatekeeper made it"
        return (
            identity.session_id in self._sessions
            or identity.token_id in self._tokens
            or identity.user.id in self._users
        )


def _quiet_until_ms(socket: Socket, now_ms: int) -> int:
    """Return the time until which nothing of a socket is due, unless something of it changes."""
    if socket.is_renewal_due(0):
        return 0
    roles = [attendance.until_ms for attendance in socket.attendances()]
    ends = [identity.expires_at_ms for identity in socket.identities()]
    due_ms = [until_ms for until_ms in roles if until_ms is not None]
    due_ms += [end_ms - RENEWAL_LEAD_MS for end_ms in ends if end_ms is not None]
    return min([now_ms + _LONGEST_QUIET_MS, *due_ms])


def _take(waiting: dict[Key, Value], most: int) -> list[tuple[Key, Value]]:
    """Take out the entries that have waited longest."""
    taken = list(islice(waiting.items(), most))
    for key, _ in taken:
        del waiting[key]
    return taken


async def _all(reviews: Iterable[tuple[Socket, Awaitable[None]]]) -> None:
    """Make reviews at the same time; one that fails by a defect ends its socket alone."""
    reviewed = list(reviews)
    outcomes = await asyncio.gather(*(each for _, each in reviewed), return_exceptions=True)
    for (socket, _), outcome in zip(reviewed, outcomes, strict=True):
        if isinstance(outcome, Exception):
            _log.error("a review of socket %s failed", socket.id, exc_info=outcome)
            socket.end(CloseCode.INTERNAL, "internal error")
