"""Local accounts: signing in with a login and a password, and changing the password.

A wrong login, a wrong password and a disabled account cannot be told apart, neither by the answer
nor by the time that it takes.
"""

from typing import Final

from msgspec.structs import replace

from app.identity.accounts.login import clean_login
from app.identity.accounts.passwords import Passwords, require_good_password
from app.identity.accounts.web_sessions import Client, SignedIn, WebSessions
from app.identity.attempts import Attempts
from app.identity.principal import Principal
from storage.identity.identity_record import UserRecord
from storage.identity.sql_identity import SqlIdentity
from sync.error import ErrorCode, QuireError
from sync.shells.clock import now_ms

_NO_SUCH: Final = "There is no account with this login and this password."
_OTHER_PASSWORD: Final = "The current password is another one."


class Accounts:
    """The accounts of an installation. Every method may raise `StoreError`."""

    def __init__(
        self,
        identity: SqlIdentity,
        sessions: WebSessions,
        passwords: Passwords,
        attempts: Attempts,
    ) -> None:
        self._identity = identity
        self._sessions = sessions
        self._passwords = passwords
        self._attempts = attempts

    async def sign_in(self, login: str, password: str, client: Client) -> SignedIn:
        """Start a session for whoever knows the password of a login.

        Raises:
            QuireError: `auth_failed`: no such account; `rate_limited`: too many attempts with this
                login or from this address.
        """
        self._attempts.count_address(client.address)
        cleaned = clean_login(login)
        counted = cleaned or login[:64]
        self._attempts.count_login(counted, client.address)
        user = None if cleaned is None else await self._identity.user_by_login(cleaned)
        if not await self._knows(user, password) or user is None:
            raise QuireError(ErrorCode.AUTH_FAILED, _NO_SUCH)
        self._attempts.forget_login(counted, client.address)
        user = await self._rehash(user, password)
        return await self.start(user, password, client)

    async def change_password(
        self, principal: Principal, current: str, new: str, client: Client
    ) -> SignedIn:
        """Give an account another password; ends its sessions, and starts a new one.

        Raises:
            QuireError: `auth_failed`: the current password is another one; `invalid_message`: the
                new one breaks a rule; `forbidden`: it has none, or it is not the account itself
                that asks; `rate_limited`.
        """
        if principal.kind != "account" or principal.session_id is None:
            raise QuireError(ErrorCode.FORBIDDEN, "Only who has signed in here has a password.")
        self._attempts.count_address(client.address)
        user = await self._identity.user(principal.user.id)
        login = (user.login if user is not None else None) or ""
        self._attempts.count_login(login, client.address)
        if not await self._knows(user, current) or user is None or user.password_hash is None:
            raise QuireError(ErrorCode.AUTH_FAILED, _OTHER_PASSWORD)
        self._attempts.forget_login(login, client.address)
        require_good_password(new, login=login)
        hashed = await self._passwords.hash(new)
        before = user.password_hash
        if not await self._identity.change_password(user.id, before, hashed, now_ms()):
            # Changed meanwhile; what was checked is not the current one any more.
            raise QuireError(ErrorCode.AUTH_FAILED, _OTHER_PASSWORD)
        return await self.start(replace(user, password_hash=hashed), new, client)

    async def start(self, user: UserRecord, password: str, client: Client) -> SignedIn:
        """Start a session of a user whose password this is.

        Raises:
            QuireError: `auth_failed`: it is not any more.
        """
        started = await self._sessions.start(user, client)
        # Meanwhile the password may have been changed, or the account disabled, which has ended all
        # sessions but this one.
        now = await self._identity.user(user.id)
        has_changed = now is None or now.is_disabled or now.password_hash != user.password_hash
        if has_changed and not await self._knows(now, password):
            await self._sessions.end(user.id, started.principal.session_id or "")
            raise QuireError(ErrorCode.AUTH_FAILED, _NO_SUCH)
        return started

    async def _knows(self, user: UserRecord | None, password: str) -> bool:
        """Return whether a user has this password; takes as long if there is no such user."""
        known = None if user is None else user.password_hash
        matches = await self._passwords.verify(known, password)
        return matches and user is not None and known is not None and not user.is_disabled

    async def _rehash(self, user: UserRecord, password: str) -> UserRecord:
        if user.password_hash is None or not self._passwords.is_outdated(user.password_hash):
            return user
        hashed = await self._passwords.hash(password)
        # Changed meanwhile, the new password is not to be replaced by the old one.
        replaced = await self._identity.rehash_password(user.id, user.password_hash, hashed)
        return replace(user, password_hash=hashed) if replaced else user
