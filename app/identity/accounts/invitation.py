"""Invitations: links that are used once, to become a user or to choose a new password.

The secret of a link travels in the fragment of its address, which browsers send to no server. Only
its hash is stored, so a link is shown once: to whoever made it.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from app.identity.accounts.accounts import Accounts
from app.identity.accounts.login import require_login
from app.identity.accounts.passwords import Passwords, require_good_password
from app.identity.accounts.web_sessions import DAY_MS, Client, SignedIn, WebSessions
from app.identity.attempts import Attempts
from app.identity.display_name import color_of
from app.identity.secret_hash import secret_hash
from app.service.service_error import ServiceCode, ServiceError
from storage.fullness import FullError
from storage.identity.identity_record import (
    InvitationKind,
    InvitationRecord,
    TakenError,
    UserRecord,
)
from storage.identity.sql_identity import SqlIdentity
from sync.shells.clock import now_ms

DEFAULT_DAYS: Final = 7
MAX_DAYS: Final = 365
MAX_INVITATIONS: Final = 1_000
"""The bound of the invitations that are open at once."""
OPERATOR: Final = "operator"
"""The creator of invitations that were made on the command line."""
_GONE: Final = "This invitation is not valid, or not any more."


@dataclass(frozen=True, slots=True)
class Issued:
    """A new invitation, and the secret of its link, which is not kept."""

    invitation: InvitationRecord
    secret: str

    def url(self, public_root: str) -> str:
        """Return the link, below the address of the start page."""
        return f"{public_root}/join#{self.secret}"


async def issue_invitation(
    identity: SqlIdentity,
    *,
    created_by: str,
    is_operator: bool = False,
    days: int = DEFAULT_DAYS,
    user_id: str | None = None,
) -> Issued:
    """Create an invitation to become a user; with `user_id`, to choose that user's new password.

    Raises:
        ServiceError: `too_many`: there are as many open ones as there may be.
        StoreError: the store does not answer.
    """
    issued = _new_invitation(created_by, is_operator=is_operator, days=days, user_id=user_id)
    try:
        await identity.create_invitation(issued.invitation, most=MAX_INVITATIONS)
    except FullError:
        raise ServiceError(
            ServiceCode.TOO_MANY, f"There are {MAX_INVITATIONS} open invitations; revoke some."
        ) from None
    return issued


async def offer_ownership(identity: SqlIdentity) -> Issued | None:
    """Create an operator's invitation in an installation that has neither an operator nor one.

    A link that was shown at an earlier start is not replaced while it is valid; its secret is not
    known any more.
    """
    issued = _new_invitation(OPERATOR, is_operator=True, days=DEFAULT_DAYS, user_id=None)
    return issued if await identity.offer_ownership(issued.invitation) else None


def _new_invitation(
    created_by: str, *, is_operator: bool, days: int, user_id: str | None
) -> Issued:
    at_ms = now_ms()
    secret = secrets.token_urlsafe(32)
    kind: InvitationKind = "join" if user_id is None else "reset"
    invitation = InvitationRecord(
        secret_hash=secret_hash(secret),
        id=secrets.token_hex(8),
        kind=kind,
        is_operator=is_operator,
        user_id=user_id,
        created_by=created_by,
        created_at_ms=at_ms,
        expires_at_ms=at_ms + days * DAY_MS,
    )
    return Issued(invitation, secret)


class Invitations:
    """Accepts invitations. Every method may raise `StoreError`."""

    def __init__(
        self,
        identity: SqlIdentity,
        accounts: Accounts,
        sessions: WebSessions,
        passwords: Passwords,
        attempts: Attempts,
    ) -> None:
        self._identity = identity
        self._accounts = accounts
        self._sessions = sessions
        self._passwords = passwords
        self._attempts = attempts

    async def find(self, secret: str, client: Client) -> InvitationRecord:
        """Return an invitation that can still be used.

        Raises:
            ServiceError: `unknown_invitation`.
            QuireError: `rate_limited`: too many attempts from this address.
        """
        self._attempts.count_address(client.address)
        found = await self._identity.invitation(secret_hash(secret), now_ms())
        if found is None:
            raise ServiceError(ServiceCode.UNKNOWN_INVITATION, _GONE)
        return found

    async def join(
        self, secret: str, *, login: str, name: str, password: str, client: Client
    ) -> SignedIn:
        """Make an account of an invitation, and sign it in.

        Args:
            name: as `clean_name` returns it.

        Raises:
            ServiceError: `unknown_invitation`; `name_taken`: the login is somebody's.
            QuireError: `invalid_message`: the login or the password breaks a rule; `rate_limited`.
        """
        invitation = await self.find(secret, client)
        if invitation.kind != "join":
            raise ServiceError(ServiceCode.UNKNOWN_INVITATION, _GONE)
        cleaned = require_login(login)
        require_good_password(password, login=cleaned)
        # Before the slow part; that nobody takes it meanwhile, the store sees to.
        if await self._identity.user_by_login(cleaned) is not None:
            raise _login_taken(cleaned)
        user = await self._new_user(invitation, cleaned, name, password)
        try:
            used = await self._identity.accept_invitation(invitation.secret_hash, user, now_ms())
        except TakenError:
            raise _login_taken(cleaned) from None
        if used is None:
            raise ServiceError(ServiceCode.UNKNOWN_INVITATION, _GONE)
        return await self._sessions.start(user, client)

    async def reset(self, secret: str, *, password: str, client: Client) -> SignedIn:
        """Set the new password of the user of an invitation; ends the user's sessions.

        Raises as `join`.
        """
        invitation = await self.find(secret, client)
        user = await self._identity.user(invitation.user_id or "")
        if invitation.kind != "reset" or user is None or user.is_disabled:
            raise ServiceError(ServiceCode.UNKNOWN_INVITATION, _GONE)
        require_good_password(password, login=user.login or "")
        hashed = await self._passwords.hash(password)
        if await self._identity.reset_password(invitation.secret_hash, hashed, now_ms()) is None:
            raise ServiceError(ServiceCode.UNKNOWN_INVITATION, _GONE)
        await self._revoke_resets(user.id)
        return await self._accounts.start(replace(user, password_hash=hashed), password, client)

    async def _new_user(
        self, invitation: InvitationRecord, login: str, name: str, password: str
    ) -> UserRecord:
        user_id = f"u-{secrets.token_hex(16)}"
        at_ms = now_ms()
        return UserRecord(
            id=user_id,
            kind="account",
            name=name,
            color=color_of(user_id),
            login=login,
            password_hash=await self._passwords.hash(password),
            is_operator=invitation.is_operator,
            created_at_ms=at_ms,
            seen_at_ms=at_ms,
        )

    async def _revoke_resets(self, user_id: str) -> None:
        """Revoke other links with which the password could be set once more."""
        for other in await self._identity.invitations():
            if other.user_id == user_id:
                await self._identity.revoke_invitation(other.id)


def _login_taken(login: str) -> ServiceError:
    return ServiceError(ServiceCode.NAME_TAKEN, f"The login {login} is taken.")
