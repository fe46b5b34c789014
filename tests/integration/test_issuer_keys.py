"""Keys of an issuer over real HTTP: fetched, kept, renewed when they rotate, never too often."""

import gzip
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import anyio
import pytest
from joserfc import jws, jwt
from joserfc.jwk import Key, OctKey, RSAKey

from app.identity.credential import Credentials
from app.identity.tokens import issuer_http
from app.identity.tokens.issuer_http import (
    MAX_ANSWER_BYTES,
    IssuerHttp,
    IssuerRefused,
    IssuerUnreachable,
    is_safe_url,
)
from app.identity.tokens.json_web_token import JwtRules, JwtVerifier
from app.identity.tokens.remote_keys import MAX_AGE_S, MAX_KEYS, MIN_PAUSE_S, REFRESH_S, RemoteKeys
from app.identity.tokens.signed_token import KeysUnavailable
from sync.error import ErrorCode, QuireError
from tests.integration.issuer import Answer, Issuer
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

OLD: Final = RSAKey.generate_key(2048, {"kid": "old", "use": "sig", "alg": "RS256"})
NEW: Final = RSAKey.generate_key(2048, {"kid": "new", "use": "sig", "alg": "RS256"})
SHOWN: Final = Credentials("http")


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as running:
        running.answer("/keys", key_set(OLD))
        yield running


@pytest.fixture
async def http() -> AsyncIterator[IssuerHttp]:
    async with IssuerHttp() as client:
        yield client


def key_set(*keys: Key) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


def remote(issuer: Issuer, http: IssuerHttp, clock: Clock) -> RemoteKeys:
    async def address() -> str:
        return f"{issuer.url}/keys"

    return RemoteKeys(address, http, clock)


async def ids(keys: RemoteKeys, key_id: str | None) -> list[str | None]:
    return [key.kid for key in await keys.keys(key_id)]


def token(key: Key, **claims: Any) -> str:
    now = int(time.time())
    content = {"iss": "https://e.org", "aud": "quire", "sub": "ada", "exp": now + 60, **claims}
    return jwt.encode({"alg": "RS256", "kid": key.kid}, content, key, ["RS256"])


async def test_token_of_a_new_key_is_taken_once_the_issuer_publishes_it(
    issuer: Issuer, http: IssuerHttp
) -> None:
    clock = Clock()
    rules = JwtRules("https://e.org", "quire", ("RS256",))
    verifier = JwtVerifier(rules, remote(issuer, http, clock), time.time)
    old, new = token(OLD), token(NEW)
    before = await verifier.identify(old, SHOWN)
    assert before is not None
    with pytest.raises(QuireError, match="no key is known"):
        await verifier.identify(new, SHOWN)
    issuer.answer("/keys", key_set(NEW, OLD))
    clock.now_s += MIN_PAUSE_S
    after = await verifier.identify(new, SHOWN)
    assert after is not None
    assert after.user == before.user
    assert await verifier.identify(old, SHOWN) == before
    # Withdrawn, it ends with the next refresh.
    issuer.answer("/keys", key_set(NEW))
    clock.now_s += REFRESH_S + 1
    with pytest.raises(QuireError, match="no key is known"):
        await verifier.identify(old, SHOWN)


async def test_key_ids_that_are_made_up_cause_no_more_than_a_request_in_a_while(
    issuer: Issuer, http: IssuerHttp
) -> None:
    clock = Clock()
    keys = remote(issuer, http, clock)
    async with anyio.create_task_group() as tasks:
        for number in range(200):
            tasks.start_soon(ids, keys, f"made-up-{number}")
    assert issuer.asked("/keys") == 1
    clock.now_s += MIN_PAUSE_S
    for number in range(200):
        await keys.keys(f"made-up-{number}")
    assert issuer.asked("/keys") == 2


async def test_known_key_costs_no_request_until_it_is_old(issuer: Issuer, http: IssuerHttp) -> None:
    clock = Clock()
    keys = remote(issuer, http, clock)
    for _ in range(10):
        assert await ids(keys, "old") == ["old"]
        clock.now_s += REFRESH_S / 10
    assert issuer.asked("/keys") == 1
    clock.now_s += 1
    await keys.keys("old")
    assert issuer.asked("/keys") == 2


async def test_keys_outlive_a_silent_issuer_for_a_while_only(
    issuer: Issuer, http: IssuerHttp
) -> None:
    clock = Clock()
    keys = remote(issuer, http, clock)
    await keys.keys("old")
    issuer.answer("/keys", lambda _: Answer(b"{}", 500))
    clock.now_s += MAX_AGE_S - 1
    assert await ids(keys, "old") == ["old"]
    clock.now_s += 2
    with pytest.raises(KeysUnavailable):
        await keys.keys("old")
    issuer.answer("/keys", key_set(OLD))
    clock.now_s += MIN_PAUSE_S
    assert await ids(keys, "old") == ["old"]


async def test_verifier_says_that_it_is_worth_trying_again_without_keys(
    issuer: Issuer, http: IssuerHttp
) -> None:
    issuer.answer("/keys", lambda _: Answer(b"<html>", 503))
    verifier = JwtVerifier(
        JwtRules("https://e.org", "quire", ("RS256",)), remote(issuer, http, Clock()), time.time
    )
    with pytest.raises(QuireError) as caught:
        await verifier.identify(token(OLD), SHOWN)
    assert caught.value.code is ErrorCode.STORE_UNAVAILABLE
    assert caught.value.retryable
    assert caught.value.close_code == 1013


async def test_published_secret_is_passed_over(issuer: Issuer, http: IssuerHttp) -> None:
    secret = OctKey.import_key("a secret of 32 bytes or more, and more", {"kid": "old"})
    published = {"keys": [secret.as_dict(private=True), NEW.as_dict(private=False)]}
    issuer.answer("/keys", published)
    keys = remote(issuer, http, Clock())
    assert await ids(keys, None) == ["new"]
    forged = jws.serialize_compact({"alg": "HS256", "kid": "old"}, b"{}", secret, ["HS256"])
    rules = JwtRules("https://e.org", "quire", ("HS256", "RS256"))
    with pytest.raises(QuireError, match="no key is known"):
        await JwtVerifier(rules, keys, time.time).identify(forged, SHOWN)


@pytest.mark.parametrize(
    "listed",
    [
        [{}],
        [None, 7, "x", []],
        [{"kty": "RSA"}],
        [{"kty": "RSA", "n": "!!", "e": 5}],
        [{"kty": "PQ", "x": "1"}],
        [{"kty": ["RSA"]}],
        [{"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"}],
        [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}],
    ],
)
async def test_key_that_cannot_be_read_spares_the_others(
    issuer: Issuer, http: IssuerHttp, listed: list[Any]
) -> None:
    issuer.answer("/keys", {"keys": [*listed, OLD.as_dict(private=False)]})
    assert await ids(remote(issuer, http, Clock()), None) == ["old"]


@pytest.mark.parametrize(
    "content", [{}, {"keys": {}}, {"keys": [{"kty": "RSA"}] * (MAX_KEYS + 1)}, {"keys": None}]
)
async def test_what_is_no_key_set_gives_no_keys(
    issuer: Issuer, http: IssuerHttp, content: dict[str, Any]
) -> None:
    issuer.answer("/keys", content)
    with pytest.raises(KeysUnavailable):
        await remote(issuer, http, Clock()).keys(None)


# --- the requests themselves --------------------------------------------------------------------


async def test_answer_is_read_no_further_than_its_bound(issuer: Issuer, http: IssuerHttp) -> None:
    issuer.answer("/keys", lambda _: Answer(b" " * (MAX_ANSWER_BYTES + 1)))
    with pytest.raises(IssuerUnreachable, match="more than"):
        await http.get_json(f"{issuer.url}/keys")
    # Also when it is small on the way.
    packed = gzip.compress(b" " * 50_000_000)
    assert len(packed) < MAX_ANSWER_BYTES
    issuer.answer("/keys", lambda _: Answer(packed, 200, {"Content-Encoding": "gzip"}))
    with pytest.raises(IssuerUnreachable, match="more than"):
        await http.get_json(f"{issuer.url}/keys")


async def test_redirect_is_not_followed(issuer: Issuer, http: IssuerHttp) -> None:
    to = {"Location": f"{issuer.url}/elsewhere"}
    issuer.answer("/keys", lambda _: Answer(b"", 302, to))
    with pytest.raises(IssuerUnreachable, match="302"):
        await http.get_json(f"{issuer.url}/keys")
    assert issuer.asked("/elsewhere") == 0


async def test_issuer_that_does_not_answer_is_given_up(
    issuer: Issuer, http: IssuerHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer_http, "TIMEOUT_S", 0.2)
    given_up = threading.Event()

    def answer_too_late(_: object) -> Answer:
        given_up.wait(PATIENCE_S)
        return Answer(b"{}")

    issuer.answer("/keys", answer_too_late)
    with pytest.raises(IssuerUnreachable, match="within"):
        await http.get_json(f"{issuer.url}/keys")
    given_up.set()


@pytest.mark.parametrize("body", [b"", b"[]", b"nothing", b"[" * 100_000, b"\xff", b'"x"'])
async def test_answer_that_is_no_object_is_refused(
    issuer: Issuer, http: IssuerHttp, body: bytes
) -> None:
    issuer.answer("/keys", lambda _: Answer(body))
    with pytest.raises(IssuerUnreachable, match="JSON"):
        await http.get_json(f"{issuer.url}/keys")


async def test_refusal_is_told_from_silence(issuer: Issuer, http: IssuerHttp) -> None:
    issuer.answer("/token", lambda _: Answer(b'{"error":"invalid_grant"}', 400))
    with pytest.raises(IssuerRefused):
        await http.post_form(f"{issuer.url}/token", {"code": "x"})


async def test_nobody_listening_is_unreachable(http: IssuerHttp) -> None:
    with Issuer() as gone:
        url = gone.url
    with pytest.raises(IssuerUnreachable):
        await http.get_json(f"{url}/keys")


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://login.example.org/keys", True),
        ("http://login.example.org/keys", False),
        ("http://127.0.0.1:8000/keys", True),
        ("http://[::1]:8000/keys", True),
        ("http://localhost/keys", True),
        ("http://localhost.evil.org/keys", False),
        ("http://127.0.0.1.evil.org/keys", False),
        ("http://10.0.0.1/keys", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("https://user@login.example.org/keys", False),
        ("https://login.example.org:99999/keys", False),
        ("ftp://127.0.0.1/keys", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("", False),
    ],
)
async def test_address_is_taken_over_tls_or_on_this_machine(url: str, is_safe: bool) -> None:
    assert is_safe_url(url) is is_safe


async def test_other_machine_never_leads_to_this_one() -> None:
    outside = "https://login.example.org"
    assert not is_safe_url("http://127.0.0.1/keys", beside=outside)
    assert not is_safe_url("https://localhost/keys", beside=outside)
    assert is_safe_url("http://127.0.0.1/keys", beside="http://127.0.0.1:9")
