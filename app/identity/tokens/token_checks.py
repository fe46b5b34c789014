"""The parts that check tokens of every kind, and the sign-in at a provider, wired."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from app.identity.identifier import Renewer, Verifier
from app.identity.tokens.api_token import ApiTokens
from app.identity.tokens.ticket import Tickets
from app.identity.tokens.user_directory import UserDirectory
from app.settings import Settings
from storage.identity.sql_identity import SqlIdentity

if TYPE_CHECKING:
    from app.identity.provider.oidc_sign_in import OidcSignIn
    from app.identity.tokens.issuer_http import IssuerHttp

SEAL_KEY: Final = "oidc"
"""The name of the key that signs pending sign-ins."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class TokenChecks:
    """The tokens of an installation, as one process checks them. `aclose` when done."""

    tickets: Tickets
    api_tokens: ApiTokens
    json_web_token: Verifier | None
    """None: unless `--auth jwt`."""
    directory: UserDirectory
    """Looks again whether a user of a JSON Web Token is shut out."""
    oidc: "OidcSignIn | None"
    """None: unless `--auth oidc`."""
    _http: "IssuerHttp | None"

    @classmethod
    async def open(
        cls,
        identity: SqlIdentity,
        settings: Settings,
        renew: Renewer,
        clock: Clock = time.time,
    ) -> Self:
        """Wire the parts that the settings ask for; nobody else is asked anything yet.

        Args:
            renew: looks whether what a principal had shown still stands.
            clock: UTC, seconds since the epoch.

        Raises:
            StoreError: the store does not answer.
            ValueError: a key cannot be read; `Settings.load` has found that already.
        """
        tickets = Tickets(
            identity,
            clock,
            renew,
            return_s=settings.ticket_return_s,
            per_minute=settings.tickets_per_minute,
        )
        api_tokens = ApiTokens(identity, clock)
        directory = UserDirectory(identity, clock)
        if settings.auth_mode not in ("jwt", "oidc"):
            return cls(tickets, api_tokens, None, directory, None, None)
        # Imported only here, as below: they cost a quarter of a second.
        from app.identity.tokens.issuer_http import IssuerHttp

        http = IssuerHttp()
        if settings.auth_mode == "jwt":
            verifier = _jwt(settings, http, clock, directory)
            return cls(tickets, api_tokens, verifier, directory, None, http)
        oidc = await _oidc(identity, settings, http, clock)
        return cls(tickets, api_tokens, None, directory, oidc, http)

    async def aclose(self) -> None:
        """Close the connections to issuers."""
        if self._http is not None:
            await self._http.aclose()


def _jwt(
    settings: Settings, http: "IssuerHttp", clock: Clock, directory: UserDirectory
) -> Verifier:
    from app.identity.tokens.json_web_token import JwtRules, JwtVerifier
    from app.identity.tokens.jwt_key import read_algorithms, read_key
    from app.identity.tokens.remote_keys import RemoteKeys
    from app.identity.tokens.signed_token import FixedKeys

    async def address() -> str:
        return settings.jwt_jwks_url

    key = read_key(settings.jwt_key) if settings.jwt_key else None
    source = RemoteKeys(address, http, time.monotonic) if key is None else FixedKeys(key)
    algorithms = read_algorithms(settings.jwt_algorithms, key)
    rules = JwtRules(settings.jwt_issuer, settings.jwt_audience, algorithms)
    return JwtVerifier(rules, source, clock, directory).identify


async def _oidc(
    identity: SqlIdentity, settings: Settings, http: "IssuerHttp", clock: Clock
) -> "OidcSignIn":
    from app.identity.provider.oidc_sign_in import OidcSignIn
    from app.identity.provider.openid_provider import OidcClient, OpenIdProvider
    from app.identity.provider.pending_sign_in import SignInSeal
    from app.identity.tokens.jwt_key import read_secret

    client = OidcClient(
        settings.oidc_issuer,
        settings.oidc_client_id,
        read_secret(settings.oidc_client_secret),
        settings.oidc_scopes,
    )
    seal = SignInSeal(await identity.signing_key(SEAL_KEY))
    return OidcSignIn(OpenIdProvider(client, http, clock), seal, identity, clock)
