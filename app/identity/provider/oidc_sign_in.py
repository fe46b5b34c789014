"""Signing in at the provider (`--auth oidc`): the way there, and back as a user of this server.

Whom the provider identifies is added to the users, or found among them, under an id that is
derived from issuer and subject; names and addresses of mail prove nothing.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from app.identity.display_name import color_of
from app.identity.provider.openid_provider import OidcIdentity, OpenIdProvider, SignInFailed
from app.identity.provider.pending_sign_in import PendingSignIn, SignInSeal
from app.identity.provider.sign_in_answer import CallbackAnswer, NotSignedIn, Problem
from app.identity.tokens.issuer_http import IssuerRefused, IssuerUnreachable
from app.identity.tokens.known_user import derived_id
from storage.identity.identity_record import TakenError, UserRecord

_log = logging.getLogger(__name__)

Clock = Callable[[], float]


class UserStore(Protocol):
    """The part of `SqlIdentity` that a sign-in needs."""

    async def put_user(self, user: UserRecord) -> None: ...

    async def user(self, user_id: str) -> UserRecord | None: ...


class OidcSignIn:
    """Signs users in at the provider that the settings name."""

    def __init__(
        self,
        provider: OpenIdProvider,
        seal: SignInSeal,
        users: UserStore,
        clock: Clock,
    ) -> None:
        self.seal = seal
        self._provider = provider
        self._users = users
        self._clock = clock

    async def begin(self, next_path: str | None, redirect_uri: str) -> tuple[str, PendingSignIn]:
        """Return the address to send a browser to, and what it is to keep meanwhile.

        Raises:
            NotSignedIn: the provider does not answer.
        """
        pending = PendingSignIn.begin(next_path)
        try:
            return await self._provider.authorization_url(pending, redirect_uri), pending
        except (IssuerUnreachable, IssuerRefused) as error:
            _log.warning("the provider of identities: %s", error)
            raise NotSignedIn(Problem.UNAVAILABLE) from None

    async def finish(
        self, pending: PendingSignIn, answer: CallbackAnswer, redirect_uri: str
    ) -> UserRecord:
        """Return the user that the provider has identified, as it is stored now.

        Raises:
            NotSignedIn: it has identified nobody who may come in.
            StoreError: the user cannot be stored.
        """
        try:
            identity = await self._identify(pending, answer, redirect_uri)
        except SignInFailed as failed:
            _log.warning("a sign-in failed: %s", failed)
            raise NotSignedIn(Problem.FAILED) from None
        except (IssuerUnreachable, IssuerRefused) as error:
            _log.warning("the provider of identities: %s", error)
            raise NotSignedIn(Problem.UNAVAILABLE) from None
        return await self._known(identity)

    async def end_session_url(self, return_to: str) -> str | None:
        """Return where the provider's own session is ended; None: it offers no such place."""
        try:
            return await self._provider.end_session_url(return_to)
        except (IssuerUnreachable, IssuerRefused) as error:
            _log.warning("the provider of identities: %s", error)
            return None

    async def _identify(
        self, pending: PendingSignIn, answer: CallbackAnswer, redirect_uri: str
    ) -> OidcIdentity:
        # Before the error is believed: it may be another provider's, too.
        self._provider.require_issuer(answer.issuer)
        if answer.error is not None:
            is_denied = answer.error == "access_denied"
            raise NotSignedIn(Problem.DENIED if is_denied else Problem.FAILED)
        return await self._provider.identify(
            pending, answer.code or "", redirect_uri, answer.issuer
        )

    async def _known(self, identity: OidcIdentity) -> UserRecord:
        user_id = derived_id("oidc", identity.issuer, identity.subject)
        at_ms = int(self._clock() * 1000)
        user = UserRecord(
            user_id,
            "oidc",
            identity.name,
            color_of(user_id),
            created_at_ms=at_ms,
            seen_at_ms=at_ms,
            issuer=identity.issuer,
            subject=identity.subject,
        )
        try:
            await self._users.put_user(user)
        except TakenError:
            raise AssertionError("the id is derived from issuer and subject") from None
        stored = await self._users.user(user_id)
        if stored is None or stored.is_disabled:
            raise NotSignedIn(Problem.DISABLED)
        return stored
