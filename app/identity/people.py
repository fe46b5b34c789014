"""The parts that know people: guests, accounts, their sessions and invitations, wired."""

from dataclasses import dataclass
from typing import Final, Self

from app.identity.accounts.accounts import Accounts
from app.identity.accounts.invitation import Invitations
from app.identity.accounts.passwords import Passwords
from app.identity.accounts.web_sessions import WebSessions
from app.identity.attempts import AddressAttempts, Attempts
from app.identity.cookie_names import CookieNames
from app.identity.guest import KEY_NAME, GuestCookies
from app.identity.principal import Kind
from app.settings import Settings
from storage.identity.sql_identity import SqlIdentity

_SIGNED_IN: Final[dict[str, Kind]] = {"accounts": "account", "oidc": "oidc"}
"""The users who sign in, by `--auth`."""


@dataclass(frozen=True, slots=True)
class People:
    """The people of an installation, as one process knows them. `close` when done."""

    identity: SqlIdentity
    guests: GuestCookies
    sessions: WebSessions
    accounts: Accounts
    invitations: Invitations
    passwords: Passwords
    redemptions: AddressAttempts
    """The share links that are redeemed."""
    cookies: CookieNames

    @classmethod
    async def open(cls, identity: SqlIdentity, settings: Settings) -> Self:
        """Wire the parts; reads, or at the first start makes, the key that signs guests' cookies.

        Raises:
            StoreError: the store does not answer.
        """
        key = await identity.signing_key(KEY_NAME)
        guests = GuestCookies(key, is_open=settings.auth_mode == "open")
        kind = _SIGNED_IN.get(settings.auth_mode)
        sessions = WebSessions(identity, days=settings.session_days, kind=kind)
        passwords = Passwords()
        attempts = Attempts(
            per_login=settings.sign_in_attempts_per_login,
            per_login_and_address=settings.sign_in_attempts_per_login_and_address,
            per_address=settings.sign_in_attempts_per_address,
        )
        accounts = Accounts(identity, sessions, passwords, attempts)
        invitations = Invitations(identity, accounts, sessions, passwords, attempts)
        redemptions = AddressAttempts(settings.link_redemptions_per_address)
        return cls(
            identity,
            guests,
            sessions,
            accounts,
            invitations,
            passwords,
            redemptions,
            CookieNames.of(key),
        )

    def close(self) -> None:
        """End the threads that hash passwords."""
        self.passwords.close()
