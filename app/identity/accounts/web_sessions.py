"""The sessions of browsers: a sign-in that lasts, proven by the secret in a cookie.

The secret has 256 random bits, and only its hash is stored. It is made at the sign-in and never
taken from the browser, so nobody can have somebody else sign in under a secret that they know.
"""

import logging
import secrets
from dataclasses import dataclass
from typing import Final, cast

from msgspec.structs import replace

from app.identity.credential import Credentials
from app.identity.principal import Kind, Principal
from app.identity.secret_hash import secret_hash
from storage.identity.identity_record import SessionRecord, UserRecord
from storage.identity.sql_identity import SqlIdentity
from storage.storable import escape_unstorable
from sync.port import StoreError
from sync.shells.clock import now_ms
from sync.user import User

_log = logging.getLogger(__name__)

MAX_SESSIONS: Final = 100
"""The bound of the sessions of one user; a further one ends the oldest."""
DAY_MS: Final = 86_400_000
_EXTENSION_MS: Final = 3_600_000
"""The least time between two extensions: each is a write."""
_MAX_SECRET_CHARS: Final = 100
_MAX_AGENT_CHARS: Final = 300
_MAX_ADDRESS_CHARS: Final = 100


@dataclass(frozen=True, slots=True)
class Client:
    """The browser that signs in, as far as it is shown in the list of one's sessions."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in: who it is from now on, and the cookie that proves it."""

    principal: Principal
    secret: str


class WebSessions:
    """Starts, finds and ends sessions.

    Args:
        days: how long a session lasts after it was last used.
        kind: of the users who sign in here. Sessions of others, from before `--auth` was changed,
            prove nothing; None: nobody signs in.
    """

    def __init__(self, identity: SqlIdentity, *, days: int, kind: Kind | None) -> None:
        self._identity = identity
        self._kind = kind
        self.lifetime_ms = days * DAY_MS

    async def start(self, user: UserRecord, client: Client) -> SignedIn:
        """Start a session of a user who has proven its identity; returns after the commit."""
        at_ms = now_ms()
        open_sessions = await self._identity.sessions(user.id)
        for oldest in open_sessions[: max(0, len(open_sessions) - MAX_SESSIONS + 1)]:
            await self._identity.end_session(oldest.secret_hash, at_ms)
        secret = secrets.token_urlsafe(32)
        session = SessionRecord(
            secret_hash=secret_hash(secret),
            id=secrets.token_hex(8),
            user_id=user.id,
            created_at_ms=at_ms,
            expires_at_ms=at_ms + self.lifetime_ms,
            seen_at_ms=at_ms,
            address=escape_unstorable(client.address[:_MAX_ADDRESS_CHARS]),
            agent=escape_unstorable(client.agent[:_MAX_AGENT_CHARS]),
        )
        await self._identity.start_session(session)
        return SignedIn(_principal(session, user), secret)

    async def verify(self, secret: str, _: Credentials) -> Principal | None:
        """Return the principal of a cookie, and extend its session; None: it proves nothing.

        Raises:
            StoreError: the store does not answer.
        """
        if len(secret) > _MAX_SECRET_CHARS:
            return None
        at_ms = now_ms()
        found = await self._identity.session(secret_hash(secret), at_ms)
        if found is None:
            return None
        session, user = found
        if user.kind != self._kind:
            return None
        if at_ms - session.seen_at_ms >= _EXTENSION_MS:
            session = await self._extend(session, at_ms)
        return _principal(session, user)

    async def renew(self, principal: Principal) -> Principal | None:
        """Return the principal of a session as it is now; None: the session has ended.

        Raises:
            StoreError: the store does not answer.
        """
        user = await self._identity.user(principal.user.id)
        if user is None or user.is_disabled or user.kind != self._kind:
            return None
        for session in await self.sessions(user.id):
            if session.id == principal.session_id:
                return _principal(session, user)
        return None

    async def sessions(self, user_id: str) -> list[SessionRecord]:
        """Return the sessions of a user that have not ended, the one last seen first."""
        at_ms = now_ms()
        found = await self._identity.sessions(user_id)
        alive = [session for session in found if session.expires_at_ms > at_ms]
        return sorted(alive, key=lambda session: session.seen_at_ms, reverse=True)

    async def end(self, user_id: str, session_id: str) -> bool:
        """End a session of a user, and its sockets; False: the user has no such session."""
        for session in await self._identity.sessions(user_id):
            if session.id == session_id:
                return await self._identity.end_session(session.secret_hash, now_ms())
        return False

    async def end_all(self, user_id: str) -> int:
        """End all sessions of a user, and their sockets; return how many."""
        return await self._identity.end_sessions(user_id, now_ms())

    async def _extend(self, session: SessionRecord, at_ms: int) -> SessionRecord:
        expires_at_ms = at_ms + self.lifetime_ms
        try:
            await self._identity.extend_session(session.secret_hash, expires_at_ms, at_ms)
        except StoreError as error:
            # The session holds: a store that cannot be written can still be read.
            _log.warning("a session was not extended: %s", error)
            return session
        return replace(session, expires_at_ms=expires_at_ms, seen_at_ms=at_ms)


def user_of(record: UserRecord) -> User:
    """Return a stored user as others see it."""
    return User(record.id, record.name, record.color)


def _principal(session: SessionRecord, user: UserRecord) -> Principal:
    return Principal(
        user_of(user),
        cast(Kind, user.kind),
        is_signed_in=True,
        may_create=True,
        expires_at_ms=session.expires_at_ms,
        session_id=session.id,
        is_operator=user.is_operator,
    )
