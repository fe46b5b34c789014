"""JSON Web Tokens of the embedding application: which prove who somebody is, and which do not."""

import hmac
import json
import warnings
from base64 import urlsafe_b64encode
from typing import Any, Final, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from app.identity.credential import Credentials
from app.identity.principal import Principal
from app.identity.tokens.json_web_token import MAX_CLAIMS, JwtRules, JwtVerifier
from app.identity.tokens.signed_token import MAX_TOKEN_BYTES, FixedKeys
from sync.error import ErrorCode, QuireError
from sync.permission import Claim
from tests.unit.app.identity.immediate import result_of

NOW_S: Final = 1_800_000_000
SECRET: Final = OctKey.import_key("a secret of 32 bytes or more, and more")
RSA: Final = RSAKey.generate_key(2048)
OTHER_RSA: Final = RSAKey.generate_key(2048)
EC: Final = ECKey.generate_key("P-256")
SHOWN: Final = Credentials("http")
CLAIMS: Final[dict[str, Any]] = {
    "iss": "https://wiki.example.org",
    "aud": "quire",
    "sub": "ada",
    "exp": NOW_S + 60,
}


def public(key: Key) -> Key:
    return type(key).import_key(key.as_dict(private=False))


def rules(*algorithms: str) -> JwtRules:
    return JwtRules("https://wiki.example.org", "quire", algorithms)


def signed(
    claims: dict[str, Any], key: Key = SECRET, algorithm: str = "HS256", **header: Any
) -> str:
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    return jwt.encode({"alg": algorithm, **header}, claims, key, [algorithm], registry)


def raw(header: Any, payload: bytes, signature: bytes = b"x") -> str:
    parts = (json.dumps(header).encode() if not isinstance(header, bytes) else header, payload)
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, signature))


def signed_bytes(payload: bytes) -> str:
    return jws.serialize_compact({"alg": "HS256"}, payload, SECRET, ["HS256"])


def identify(token: str, *keys: Key, algorithms: tuple[str, ...] = ("HS256",)) -> Principal:
    verifier = JwtVerifier(rules(*algorithms), FixedKeys(*(keys or (SECRET,))), lambda: NOW_S)
    principal = result_of(verifier.identify(token, SHOWN))
    assert principal is not None
    return principal


def reason(token: str, *keys: Key, algorithms: tuple[str, ...] = ("HS256",)) -> str:
    with pytest.raises(QuireError) as caught:
        identify(token, *keys, algorithms=algorithms)
    assert caught.value.code is ErrorCode.AUTH_FAILED
    assert caught.value.close_code == 4401
    return caught.value.message


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CLAIMS.items() if key != name}


# --- what proves somebody -----------------------------------------------------------------------


def test_token_identifies_its_subject_until_it_expires() -> None:
    grants = {"documents": {"notes": "editor", "team-*": "viewer"}, "create": True}
    claims = {**CLAIMS, "name": "Ada Lovelace", "color": "#AA00ff", "quire": grants}
    principal = identify(signed(claims))
    assert principal.user.name == "Ada Lovelace"
    assert principal.user.color == "#aa00ff"
    assert principal.kind == "jwt"
    assert principal.is_signed_in
    assert not principal.is_operator
    assert principal.may_create
    assert principal.claims == (Claim("notes", "editor"), Claim("team-*", "viewer"))
    assert principal.expires_at_ms == (NOW_S + 60 + 10) * 1000


def test_same_subject_is_the_same_user_whatever_its_name() -> None:
    first = identify(signed({**CLAIMS, "name": "Ada"})).user
    second = identify(signed({**CLAIMS, "name": "Countess", "exp": NOW_S + 3600})).user
    other = identify(signed({**CLAIMS, "sub": "bob", "name": "Ada"})).user
    assert first.id == second.id != other.id
    assert first.color == second.color


def test_token_without_grants_gives_none() -> None:
    principal = identify(signed(CLAIMS))
    assert principal.claims == ()
    assert not principal.may_create


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256")])
def test_public_key_checks_what_its_private_one_signed(key: Key, algorithm: str) -> None:
    principal = identify(signed(CLAIMS, key, algorithm), public(key), algorithms=("RS256", "ES256"))
    assert principal.kind == "jwt"


def test_audience_may_be_one_of_several() -> None:
    assert identify(signed({**CLAIMS, "aud": ["wiki", "quire"]})).kind == "jwt"


def test_key_of_a_file_serves_whatever_key_id_the_issuer_writes() -> None:
    assert identify(signed(CLAIMS, kid="2026-11")).kind == "jwt"


def test_key_is_chosen_by_its_id() -> None:
    one = RSAKey.import_key(RSA.as_dict(private=False), {"kid": "one"})
    two = RSAKey.import_key(OTHER_RSA.as_dict(private=False), {"kid": "two"})
    token = signed(CLAIMS, OTHER_RSA, "RS256", kid="two")
    assert identify(token, one, two, algorithms=("RS256",)).kind == "jwt"
    crossed = signed(CLAIMS, OTHER_RSA, "RS256", kid="one")
    assert "signature" in reason(crossed, one, two, algorithms=("RS256",))


def test_clocks_may_differ_a_little() -> None:
    assert identify(signed({**CLAIMS, "exp": NOW_S - 9})).kind == "jwt"
    assert identify(signed({**CLAIMS, "nbf": NOW_S + 9, "iat": NOW_S + 9})).kind == "jwt"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Zoë 😀", "Zoë 😀"),
        ("Zoe\u0308", "Zoë"),
        ("مريم", "مريم"),
        ("  two \n lines ", "two lines"),
        ("\u202eevil", "evil"),
        ("x" * 100, "x" * 64),
        ("\u200b", "User"),
        ("", "User"),
        (None, "User"),
    ],
)
def test_name_is_shown_as_others_may_see_it(name: str | None, shown: str) -> None:
    assert identify(signed({**CLAIMS, "name": name})).user.name == shown


# --- what does not ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["exp", "aud", "iss", "sub"])
def test_token_without_a_needed_claim_is_refused(name: str) -> None:
    assert name in reason(signed(without(name)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", "https://evil.example.org"),
        ("iss", ["https://wiki.example.org"]),
        ("iss", "https://wiki.example.org/"),
        ("aud", "other"),
        ("aud", ["other"]),
        ("aud", []),
        ("aud", {"quire": 1}),
        ("aud", "quire2"),
        ("sub", ""),
        ("sub", 7),
        ("sub", "x" * 256),
        ("exp", NOW_S - 11),
        ("exp", 0),
        ("exp", str(NOW_S + 60)),
        ("exp", True),
        ("exp", 1e300),
        ("exp", 10**400),
        ("nbf", NOW_S + 11),
        ("nbf", "soon"),
        ("iat", NOW_S + 3600),
        ("name", 7),
        ("name", {"first": "Ada"}),
        ("color", "red"),
        ("color", "#ff00f"),
        ("color", "#ff00ff\n"),
        ("color", 0xFF00FF),
        ("quire", []),
        ("quire", "all"),
        ("quire", {"create": 1}),
        ("quire", {"create": "true"}),
        ("quire", {"documents": ["notes"]}),
        ("quire", {"documents": {"notes": "admin"}}),
        ("quire", {"documents": {"notes": ["editor"]}}),
        ("quire", {"documents": {"notes": None}}),
        ("quire", {"documents": {"../notes": "editor"}}),
        ("quire", {"documents": {"*-notes": "editor"}}),
        ("quire", {"documents": {"": "editor"}}),
        ("quire", {"documents": {f"n{n}": "viewer" for n in range(MAX_CLAIMS + 1)}}),
    ],
)
def test_token_with_an_unacceptable_claim_is_refused(name: str, value: object) -> None:
    assert reason(signed({**CLAIMS, name: value})).startswith("The token is refused: ")


def test_time_that_is_not_a_number_never_is_in_the_future() -> None:
    payload = json.dumps({**CLAIMS, "exp": float("nan")}).encode()
    assert b"NaN" in payload
    assert "JSON" in reason(signed_bytes(payload))
    assert "JSON" in reason(signed_bytes(payload.replace(b"NaN", b"Infinity")))


@pytest.mark.parametrize("name", ["none", "None", "NONE", "", "nOnE"])
def test_unsigned_token_is_refused(name: str) -> None:
    payload = json.dumps(CLAIMS).encode()
    assert "algorithm" in reason(raw({"alg": name}, payload, b""))
    # Also where somebody has named it in the settings past their check.
    reason(raw({"alg": name}, payload, b""), SECRET, algorithms=("none",))


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_public_key_is_not_taken_for_a_secret(form: Literal["PEM", "DER"]) -> None:
    # As an attacker does it who has the public key; by hand, since the library refuses to.
    secret = RSA.as_bytes(encoding=form, private=False)
    head, payload, _ = raw({"alg": "HS256"}, json.dumps(CLAIMS).encode()).split(".")
    mac = hmac.digest(secret, f"{head}.{payload}".encode(), "sha256")
    forged = f"{head}.{payload}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    assert "algorithm" in reason(forged, public(RSA), algorithms=("RS256",))
    assert "no key" in reason(forged, public(RSA), algorithms=("RS256", "HS256"))


def test_token_of_another_key_is_refused() -> None:
    token = signed(CLAIMS, OTHER_RSA, "RS256")
    assert "signature" in reason(token, public(RSA), algorithms=("RS256",))


def test_algorithm_outside_the_settings_is_refused() -> None:
    token = signed(CLAIMS, RSA, "RS512")
    assert "algorithm" in reason(token, public(RSA), algorithms=("RS256",))


def test_weak_key_checks_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        weak = RSAKey.generate_key(1024)
        token = signed(CLAIMS, weak, "RS256")
        assert "no key" in reason(token, public(weak), algorithms=("RS256",))
    short = OctKey.import_key("31 bytes are one too few, yes!!")
    assert len(short.raw_value) == 31
    assert "no key" in reason(signed(CLAIMS, short), short)


def test_key_that_the_token_brings_along_is_not_looked_at() -> None:
    mine = OTHER_RSA.as_dict(private=False)
    for header in ({"jwk": mine}, {"jku": "https://evil.example.org/keys"}, {"x5u": "https://e.x"}):
        token = signed(CLAIMS, OTHER_RSA, "RS256", **header)
        assert "signature" in reason(token, public(RSA), algorithms=("RS256",))


def test_two_keys_that_fit_are_one_too_many_without_an_id() -> None:
    token = signed(CLAIMS, RSA, "RS256")
    assert "no key" in reason(token, public(RSA), public(OTHER_RSA), algorithms=("RS256",))


@pytest.mark.parametrize(
    "kid", ["../../etc/passwd", "x' OR 1=1 --", "http://evil.example.org/k", "unknown"]
)
def test_key_id_is_only_compared(kid: str) -> None:
    known = RSAKey.import_key(RSA.as_dict(private=False), {"kid": "one"})
    token = signed(CLAIMS, OTHER_RSA, "RS256", kid=kid)
    assert "no key" in reason(token, known, algorithms=("RS256",))


@pytest.mark.parametrize("kid", [7, ["one"], {"a": 1}, "x" * 201, True])
def test_key_id_that_is_no_short_text_is_refused(kid: object) -> None:
    reason(raw({"alg": "HS256", "kid": kid}, json.dumps(CLAIMS).encode()))


def test_critical_extension_is_refused() -> None:
    headers: list[dict[str, Any]] = [
        {"crit": ["exp"], "exp": 1},
        {"crit": ["alg"]},
        {"crit": []},
        {"crit": 5},
        {"b64": True},
        {"b64": False},
        {"b64": False, "crit": ["b64"]},
    ]
    for header in headers:
        # Signed as it should be, but for the header.
        head, payload, _ = raw({"alg": "HS256", **header}, json.dumps(CLAIMS).encode()).split(".")
        mac = hmac.digest(SECRET.raw_value, f"{head}.{payload}".encode(), "sha256")
        signature = urlsafe_b64encode(mac).rstrip(b"=").decode()
        assert "The token is refused" in reason(f"{head}.{payload}.{signature}")


def test_huge_token_is_refused_unread() -> None:
    huge = signed({**CLAIMS, "name": "x" * MAX_TOKEN_BYTES})
    assert "longer than" in reason(huge)
    assert "longer than" in reason("." * 50_000_000)


def test_signature_that_was_changed_is_refused() -> None:
    head, payload, signature = signed(CLAIMS).split(".")
    assert "signature" in reason(f"{head}.{payload}.{signature[:-4]}AAAA")
    assert "signature" in reason(f"{head}.{payload}.")
    other = signed({**CLAIMS, "sub": "bob"}).split(".")[1]
    assert "signature" in reason(f"{head}.{other}.{signature}")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"7",
        b'"text"',
        b"{",
        b'{"iss"',
        b"\xff\xfe",
        b'{"sub": "\\ud800"}',
        b'{"a":' * 2000,
        b"[" * 5000,
        b"null",
    ],
)
def test_signed_payload_that_is_no_json_object_is_refused(payload: bytes) -> None:
    assert "JSON" in reason(signed_bytes(payload))


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "...", "a.b.c", "é.é.é", "a.b.c.d.e", "\0.\0.\0", " ", "🙂.🙂.🙂"],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    reason(token)


HEADERS = [b"[]", b"7", b"null", b'"x"', b"{", b"[" * 1000, b'{"alg":[]}', b'{"alg":{}}', b"{}"]


@pytest.mark.parametrize("header", [*HEADERS, b'{"alg":"HS256","typ":7}', b"\xff"])
def test_header_that_is_no_header_is_refused(header: bytes) -> None:
    reason(raw(header, json.dumps(CLAIMS).encode()))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
_names = st.sampled_from(["iss", "aud", "sub", "exp", "nbf", "iat", "name", "color", "quire"])


@given(changes=st.dictionaries(_names, _json, max_size=3))
def test_any_signed_claims_identify_or_are_refused(changes: dict[str, Any]) -> None:
    payload = json.dumps({**CLAIMS, **changes}).encode("utf-8", "surrogatepass")
    try:
        principal = identify(signed_bytes(payload))
    except QuireError as error:
        code = error.code
        assert code is ErrorCode.AUTH_FAILED
    else:
        assert 0 < len(principal.user.name) <= 64
        assert len(principal.user.color) == 7


@given(header=_json, payload=st.binary(max_size=50), signature=st.binary(max_size=50))
def test_any_unsigned_token_is_refused(header: Any, payload: bytes, signature: bytes) -> None:
    reason(raw(header, payload, signature))


@given(token=st.text(max_size=100))
def test_any_text_is_refused(token: str) -> None:
    reason(token)


def test_refusal_repeats_nothing_of_the_token() -> None:
    for token in (
        signed({**CLAIMS, "iss": "needle"}),
        signed({**CLAIMS, "color": "needle"}),
        signed({**CLAIMS, "quire": {"documents": {"needle/": "editor"}}}),
        raw({"alg": "needle"}, b"needle"),
        raw({"alg": "HS256", "kid": "needle"}, b"needle"),
    ):
        assert "needle" not in reason(token)
