"""A provider that lies, errs or is silent: nobody is signed in by its answers."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from typing import Any, Final

import pytest
from joserfc import jwt
from joserfc.jwk import Key, OctKey, RSAKey

from app.identity.provider.openid_provider import (
    OidcClient,
    OidcIdentity,
    OpenIdProvider,
    SignInFailed,
)
from app.identity.provider.pending_sign_in import PendingSignIn
from app.identity.tokens.issuer_http import IssuerHttp, IssuerUnreachable
from tests.integration.issuer import Answer, Asked, Issuer

pytestmark = pytest.mark.anyio

KEY: Final = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER: Final = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
SECRET: Final = "needle-in-the-haystack, a secret of 32 bytes"
PENDING: Final = PendingSignIn.begin("/d/notes")
BACK: Final = "http://quire.test/auth/oidc/callback"


class Lying:
    """A provider whose answers a test bends."""

    def __init__(self, issuer: Issuer, http: IssuerHttp) -> None:
        self.issuer = issuer
        self.claims: dict[str, Any] = {
            "iss": issuer.url,
            "aud": "quire",
            "sub": "ada",
            "nonce": PENDING.nonce,
            "name": "Ada",
            "iat": int(time.time()),
            "exp": int(time.time()) + 60,
        }
        self.metadata: dict[str, Any] = {
            "issuer": issuer.url,
            "authorization_endpoint": f"{issuer.url}/auth",
            "token_endpoint": f"{issuer.url}/token",
            "jwks_uri": f"{issuer.url}/keys",
            "userinfo_endpoint": f"{issuer.url}/me",
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        self.key: Key = KEY
        self.algorithm = "RS256"
        self.id_token: str | None = None
        issuer.answer("/.well-known/openid-configuration", lambda _: _json(self.metadata))
        issuer.answer("/keys", {"keys": [KEY.as_dict(private=False)]})
        issuer.answer("/token", self._token)
        self.client = OidcClient(issuer.url, "quire", SECRET, "openid profile")
        self._http = http

    def provider(self, client: OidcClient | None = None) -> OpenIdProvider:
        return OpenIdProvider(client or self.client, self._http, time.time)

    async def identify(self, issuer: str | None = None) -> OidcIdentity:
        return await self.provider().identify(PENDING, "a-code", BACK, issuer)

    async def reason(self) -> str:
        """Return why nobody was identified; it repeats neither secret nor code nor token."""
        with pytest.raises(SignInFailed) as caught:
            await self.identify()
        for hidden in ("needle", "a-code", PENDING.nonce, PENDING.verifier, "ey"):
            assert hidden not in str(caught.value)
        return str(caught.value)

    def without(self, name: str) -> None:
        del self.claims[name]

    def _token(self, _: Asked) -> Answer:
        token = self.id_token or jwt.encode(
            {"alg": self.algorithm, "kid": "one"}, self.claims, self.key, [self.algorithm]
        )
        return _json({"id_token": token, "access_token": "an-access-token", "token_type": "Bearer"})


def _json(content: Any) -> Answer:
    return Answer(json.dumps(content).encode())


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as running:
        yield running


@pytest.fixture
async def lying(issuer: Issuer) -> AsyncIterator[Lying]:
    async with IssuerHttp() as http:
        yield Lying(issuer, http)


async def test_honest_answer_identifies(lying: Lying) -> None:
    identity = await lying.identify()
    assert identity == OidcIdentity(lying.issuer.url, "ada", "Ada")
    asked = next(each for each in lying.issuer.requests if each.path == "/token")
    assert asked.method == "POST"
    assert asked.form == {
        "grant_type": ["authorization_code"],
        "code": ["a-code"],
        "redirect_uri": [BACK],
        "code_verifier": [PENDING.verifier],
    }
    assert asked.headers["authorization"].startswith("Basic ")
    assert not asked.query


async def test_client_proves_itself_as_the_provider_asks(lying: Lying) -> None:
    lying.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    await lying.identify()
    public = OidcClient(lying.issuer.url, "quire", "", "openid")
    await lying.provider(public).identify(PENDING, "a-code", BACK, None)
    by_post, by_name = [each for each in lying.issuer.requests if each.path == "/token"]
    assert by_post.form["client_secret"] == [SECRET]
    assert by_name.form["client_id"] == ["quire"]
    assert "client_secret" not in by_name.form
    assert "authorization" not in by_name.headers


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "iat", "nonce"])
async def test_id_token_without_a_needed_claim_is_refused(lying: Lying, name: str) -> None:
    lying.without(name)
    assert name in await lying.reason()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nonce", "another"),
        ("nonce", ""),
        ("nonce", None),
        ("nonce", ["a"]),
        ("iss", "http://evil.example.org"),
        ("aud", "another"),
        ("aud", ["another"]),
        ("aud", []),
        pytest.param("exp", int(time.time()) - 60, id="exp-past"),
        ("exp", "tomorrow"),
        pytest.param("iat", int(time.time()) + 3600, id="iat-future"),
        pytest.param("nbf", int(time.time()) + 3600, id="nbf-future"),
        ("azp", "another"),
        ("sub", ""),
        ("sub", 5),
        ("sub", "x" * 300),
        ("sub", "a\0b"),
        ("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
    ],
)
async def test_id_token_with_an_unacceptable_claim_is_refused(
    lying: Lying, name: str, value: object
) -> None:
    lying.claims[name] = value
    assert (await lying.reason()).startswith("the ID token: ")


async def test_audience_of_several_needs_the_authorized_party(lying: Lying) -> None:
    lying.claims["aud"] = ["quire", "another"]
    assert "azp" in await lying.reason()
    lying.claims["azp"] = "quire"
    assert (await lying.identify()).subject == "ada"


async def test_hash_of_the_access_token_is_compared(lying: Lying) -> None:
    half = sha256(b"an-access-token").digest()[:16]
    lying.claims["at_hash"] = urlsafe_b64encode(half).rstrip(b"=").decode()
    assert (await lying.identify()).subject == "ada"


async def test_id_token_of_another_key_is_refused(lying: Lying) -> None:
    lying.key = OTHER
    assert "signature" in await lying.reason()


@pytest.mark.parametrize("offered", [["RS256"], ["RS256", "HS256", "none"], ["HS256"], ["none"]])
async def test_id_token_that_anybody_could_have_made_is_refused(
    lying: Lying, offered: list[str]
) -> None:
    lying.metadata["id_token_signing_alg_values_supported"] = offered
    lying.key, lying.algorithm = OctKey.import_key(SECRET), "HS256"
    assert "algorithm" in await lying.reason()
    head = urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    body = urlsafe_b64encode(json.dumps(lying.claims).encode()).rstrip(b"=").decode()
    lying.id_token = f"{head}.{body}."
    assert "algorithm" in await lying.reason()


async def test_algorithm_that_the_provider_does_not_offer_is_refused(lying: Lying) -> None:
    lying.algorithm = "PS256"
    assert "algorithm" in await lying.reason()


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "ey" * 20_000, 'x"y'])
async def test_id_token_that_is_none_is_refused(lying: Lying, token: str) -> None:
    lying.id_token = token or "-"
    await lying.reason()


@pytest.mark.parametrize(
    "content",
    [{}, {"access_token": "a"}, {"id_token": 5}, {"id_token": None}, {"error": "invalid_grant"}],
)
async def test_answer_without_an_id_token_is_refused(lying: Lying, content: dict[str, Any]) -> None:
    lying.issuer.answer("/token", content)
    assert "no ID token" in await lying.reason()


async def test_code_that_is_refused_identifies_nobody(lying: Lying) -> None:
    refusal = Answer(b'{"error":"invalid_grant","error_description":"needle"}', 400)
    lying.issuer.answer("/token", lambda _: refusal)
    assert "400" in await lying.reason()


@pytest.mark.parametrize("code", ["", "x" * 3000])
async def test_code_that_is_none_is_not_sent(lying: Lying, code: str) -> None:
    with pytest.raises(SignInFailed):
        await lying.provider().identify(PENDING, code, BACK, None)
    assert lying.issuer.asked("/token") == 0


async def test_answer_of_another_issuer_is_refused_before_its_code_is_sent(lying: Lying) -> None:
    with pytest.raises(SignInFailed, match="another issuer"):
        await lying.identify("http://evil.example.org")
    lying.metadata["authorization_response_iss_parameter_supported"] = True
    with pytest.raises(SignInFailed, match="another issuer"):
        await lying.identify(None)
    assert lying.issuer.asked("/token") == 0
    assert (await lying.identify(lying.issuer.url)).subject == "ada"


async def test_name_comes_from_userinfo_if_the_token_has_none(lying: Lying) -> None:
    lying.without("name")
    lying.issuer.answer("/me", {"sub": "ada", "name": "Countess"})
    assert (await lying.identify()).name == "Countess"
    asked = next(each for each in lying.issuer.requests if each.path == "/me")
    assert asked.headers["authorization"] == "Bearer an-access-token"


async def test_userinfo_of_another_user_is_passed_over(lying: Lying) -> None:
    lying.without("name")
    lying.issuer.answer("/me", {"sub": "bob", "name": "Bob"})
    assert (await lying.identify()).name == "User"
    lying.issuer.answer("/me", lambda _: Answer(b"{}", 403))
    assert (await lying.identify()).name == "User"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", "http://evil.example.org"),
        ("issuer", None),
        ("token_endpoint", "http://evil.example.org/token"),
        ("token_endpoint", "ftp://127.0.0.1/token"),
        ("token_endpoint", None),
        ("jwks_uri", "http://10.0.0.1/keys"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("end_session_endpoint", "http://evil.example.org/"),
        ("id_token_signing_alg_values_supported", "RS256"),
    ],
)
async def test_metadata_that_is_not_its_own_is_refused(
    lying: Lying, name: str, value: object
) -> None:
    lying.metadata[name] = value
    with pytest.raises(IssuerUnreachable):
        await lying.identify()
    assert lying.issuer.asked("/token") == 0


async def test_silent_provider_identifies_nobody(lying: Lying) -> None:
    lying.issuer.answer("/keys", lambda _: Answer(b"{}", 500))
    with pytest.raises(IssuerUnreachable):
        await lying.identify()
    lying.issuer.answer("/token", lambda _: Answer(b"{}", 503))
    with pytest.raises(IssuerUnreachable):
        await lying.identify()


async def test_metadata_is_asked_for_once(lying: Lying) -> None:
    provider = lying.provider()
    for _ in range(3):
        await provider.authorization_url(PENDING, BACK)
        await provider.identify(PENDING, "a-code", BACK, None)
    assert lying.issuer.asked("/.well-known/openid-configuration") == 1
    assert lying.issuer.asked("/keys") == 1
