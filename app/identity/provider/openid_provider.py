"""An OpenID Connect provider, as a client of it sees one: discovery, code, ID token, userinfo.

The authorization code flow with PKCE (RFC 7636), state and nonce; see also RFC 9700. What a
provider signs symmetrically, or not at all, is not taken.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import quote_plus

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError
from msgspec import Struct, ValidationError, convert, field

from app.identity.provider.pending_sign_in import PendingSignIn
from app.identity.tokens.issuer_http import (
    IssuerHttp,
    IssuerRefused,
    IssuerUnreachable,
    is_safe_url,
)
from app.identity.tokens.known_user import shown_name
from app.identity.tokens.remote_keys import RemoteKeys
from app.identity.tokens.signed_token import LEEWAY_S, KeysUnavailable, TokenRefused, verify

ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""Those of ID tokens; a provider's own list narrows it."""
METADATA_AGE_S: Final = 3_600.0
MAX_SUBJECT_CHARS: Final = 255
"""OpenID Connect Core, section 2."""
MAX_CODE_CHARS: Final = 2_048
_WELL_KNOWN: Final = "/.well-known/openid-configuration"

Clock = Callable[[], float]


class SignInFailed(Exception):
    """The provider's answer proves nothing; the message says why, for the log."""


class OidcClient(Struct, frozen=True):
    """The registration of this server at the provider."""

    issuer: str
    client_id: str
    client_secret: str
    """Empty: a public client."""
    scopes: str


class OidcIdentity(Struct, frozen=True):
    """Somebody whom the provider has identified."""

    issuer: str
    subject: str
    name: str


class Metadata(Struct, frozen=True):
    """The part of the provider's metadata that is used; OpenID Connect Discovery, section 3."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    id_token_signing_alg_values_supported: list[str] = field(default_factory=lambda: ["RS256"])
    token_endpoint_auth_methods_supported: list[str] = field(
        default_factory=lambda: ["client_secret_basic"]
    )
    authorization_response_iss_parameter_supported: bool = False

    @property
    def endpoints(self) -> Sequence[str]:
        """Every address that it names."""
        named = (self.userinfo_endpoint, self.end_session_endpoint)
        needed = (self.authorization_endpoint, self.token_endpoint, self.jwks_uri)
        return [*needed, *(address for address in named if address is not None)]


class _Tokens(Struct, frozen=True):
    """The answer of the token endpoint; a token type other than Bearer is not understood."""

    id_token: str
    access_token: str = ""
    token_type: str = "Bearer"


class OpenIdProvider:
    """The provider that the settings name.

    Every method raises `IssuerUnreachable`, or `IssuerRefused`, where it must ask the provider.

    Args:
        clock: UTC, seconds since the epoch.
    """

    def __init__(
        self,
        client: OidcClient,
        http: IssuerHttp,
        clock: Clock,
        *,
        monotonic: Clock = time.monotonic,
    ) -> None:
        self._client = client
        self._http = http
        self._clock = clock
        self._monotonic = monotonic
        self._metadata: Metadata | None = None
        self._read_at = 0.0
        self._keys = RemoteKeys(self._jwks_uri, http, monotonic)

    async def authorization_url(self, pending: PendingSignIn, redirect_uri: str) -> str:
        """Return the address at the provider to which a browser goes to sign in."""
        metadata = await self._discovered()
        url: str = prepare_grant_uri(
            metadata.authorization_endpoint,
            self._client.client_id,
            "code",
            redirect_uri,
            self._client.scopes,
            pending.state,
            nonce=pending.nonce,
            code_challenge=create_s256_code_challenge(pending.verifier),  # type: ignore[no-untyped-call]
            code_challenge_method="S256",
        )
        return url

    async def identify(
        self, pending: PendingSignIn, code: str, redirect_uri: str, issuer: str | None
    ) -> OidcIdentity:
        """Return the identity for a code that the provider gave a browser.

        Args:
            issuer: the `iss` beside the code (RFC 9207); None: there was none.

        Raises:
            SignInFailed: it proves nothing.
        """
        metadata = await self._discovered()
        self.require_issuer(
            issuer, is_needed=metadata.authorization_response_iss_parameter_supported
        )
        if not 0 < len(code) <= MAX_CODE_CHARS:
            raise SignInFailed("the code is not usable")
        tokens = await self._exchange(metadata, pending, code, redirect_uri)
        claims = await self._checked(metadata, tokens, pending.nonce)
        subject = claims["sub"]
        named = await self._profile(metadata, tokens, claims)
        name = shown_name(
            *(_text(named, key) for key in ("name", "preferred_username", "nickname"))
        )
        return OidcIdentity(self._client.issuer, subject, name)

    def require_issuer(self, issuer: str | None, *, is_needed: bool = False) -> None:
        """Raise `SignInFailed` if an answer comes from another provider than the one asked."""
        if issuer is None and not is_needed:
            return
        if issuer != self._client.issuer:
            raise SignInFailed("the answer comes from another issuer")

    async def end_session_url(self, return_to: str) -> str | None:
        """Return the address at which the provider's own session is ended; None: there is none."""
        endpoint = (await self._discovered()).end_session_endpoint
        if endpoint is None:
            return None
        asked = {"post_logout_redirect_uri": return_to, "client_id": self._client.client_id}
        url: str = add_params_to_uri(endpoint, list(asked.items()))
        return url

    # --- how ------------------------------------------------------------------------------------

    async def _discovered(self) -> Metadata:
        now = self._monotonic()
        if self._metadata is None or now - self._read_at > METADATA_AGE_S:
            address = self._client.issuer.rstrip("/") + _WELL_KNOWN
            self._metadata = read_metadata(await self._http.get_json(address), self._client.issuer)
            self._read_at = now
        return self._metadata

    async def _jwks_uri(self) -> str:
        return (await self._discovered()).jwks_uri

    async def _exchange(
        self, metadata: Metadata, pending: PendingSignIn, code: str, redirect_uri: str
    ) -> _Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": pending.verifier,
        }
        client = self._client
        post = partial(self._http.post_form, metadata.token_endpoint)
        try:
            if not client.client_secret:
                answer = await post(form | {"client_id": client.client_id})
            elif "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
                answer = await post(
                    form, (_quoted(client.client_id), _quoted(client.client_secret))
                )
            else:
                secret = {"client_id": client.client_id, "client_secret": client.client_secret}
                answer = await post(form | secret)
            tokens = convert(answer, _Tokens)
        except IssuerRefused as refused:
            raise SignInFailed(f"the code was not taken: {refused}") from None
        except ValidationError:
            raise SignInFailed("there is no ID token in the answer") from None
        if tokens.token_type.lower() != "bearer":
            raise SignInFailed("the access token is of an unknown type")
        return tokens

    async def _checked(self, metadata: Metadata, tokens: _Tokens, nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token; OpenID Connect Core, section 3.1.3.7."""
        offered = metadata.id_token_signing_alg_values_supported
        algorithms = [name for name in ALGORITHMS if name in offered]
        client = self._client
        try:
            verified = await verify(tokens.id_token, self._keys, algorithms)
            claims = CodeIDToken(
                verified.claims,
                verified.header,
                {"iss": {"value": client.issuer}, "aud": {"value": client.client_id}},
                {
                    "nonce": nonce,
                    "client_id": client.client_id,
                    "access_token": tokens.access_token,
                },
            )
            claims.validate(int(self._clock()), LEEWAY_S)
        except KeysUnavailable as error:
            raise IssuerUnreachable(str(error)) from None
        except TokenRefused as refused:
            raise SignInFailed(f"the ID token: {refused}") from None
        except (JoseError, ValueError, TypeError, OverflowError) as error:
            # Only which claim: what its value is may be somebody's secret.
            name = getattr(error, "claim", None) or type(error).__name__
            raise SignInFailed(f"the ID token: {name} is not acceptable") from None
        if not 0 < len(claims["sub"]) <= MAX_SUBJECT_CHARS or not claims["sub"].isprintable():
            raise SignInFailed("the ID token: `sub` is not usable")
        return dict(claims)

    async def _profile(
        self, metadata: Metadata, tokens: _Tokens, claims: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the claims that hold a name; many providers have it in userinfo only."""
        if _text(claims, "name") or metadata.userinfo_endpoint is None or not tokens.access_token:
            return claims
        bearer = {"Authorization": f"Bearer {tokens.access_token}"}
        try:
            profile = await self._http.get_json(metadata.userinfo_endpoint, bearer)
        except IssuerRefused:
            return claims
        # Core, section 5.3.2: or it may be another user's.
        return profile if profile.get("sub") == claims["sub"] else claims


def read_metadata(content: dict[str, Any], issuer: str) -> Metadata:
    """Return the metadata of an issuer.

    Raises:
        IssuerUnreachable: it is another's (Discovery, section 4.3), or names no usable address.
    """
    try:
        metadata = convert(content, Metadata)
    except ValidationError:
        raise IssuerUnreachable("its metadata is not complete") from None
    if metadata.issuer != issuer:
        raise IssuerUnreachable("its metadata is another issuer's")
    if not all(is_safe_url(address, beside=issuer) for address in metadata.endpoints):
        raise IssuerUnreachable("its metadata names an address that is not https")
    return metadata


def _quoted(text: str) -> str:
    """Return an id or secret as HTTP Basic carries it; RFC 6749, section 2.3.1."""
    return quote_plus(text)


def _text(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) else None
