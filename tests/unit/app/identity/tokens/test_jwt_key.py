"""Keys as the settings give them: secrets, PEM, files; and the check of those settings."""

import json
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from app.identity.tokens.jwt_key import read_algorithms, read_key, read_secret
from app.setting_row import SettingsError
from app.settings import Settings

SECRET = "needle, a secret of 32 bytes or more"
RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")


def pem(key: RSAKey | ECKey | OKPKey, *, private: bool = False) -> str:
    return key.as_pem(private=private).decode()


def test_text_is_a_secret_for_hs256() -> None:
    key = read_key(SECRET)
    assert isinstance(key, OctKey)
    assert key.raw_value == SECRET.encode()
    assert read_algorithms("", key) == ("HS256",)


@pytest.mark.parametrize("private", [False, True])
def test_pem_is_a_public_key_for_its_algorithm(private: bool) -> None:
    for key, algorithm in ((RSA, "RS256"), (EC, "ES256")):
        read = read_key(pem(key, private=private))
        assert not read.is_private
        assert read.thumbprint() == key.thumbprint()
        assert read_algorithms("", read) == (algorithm,)
        assert read_algorithms(f" {algorithm} ,", read) == (algorithm,)


def test_secret_of_a_file_has_no_line_end(tmp_path: Path) -> None:
    file = tmp_path / "key"
    for end in ("", "\n", "\r\n"):
        file.write_bytes((SECRET + end).encode())
        assert read_secret(f"@{file}") == SECRET
    file.write_text(pem(EC))
    assert isinstance(read_key(f"@{file}"), ECKey)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"needle", "at least 32 bytes"),
        (b"", "at least 32 bytes"),
        (b"\xff" * 40, "not UTF-8"),
        (b"needle" * 20_000, "more than"),
        (b"-----BEGIN PUBLIC KEY-----\nneedle\n-----END PUBLIC KEY-----\n", "no RSA key"),
        (pem(ECKey.generate_key("P-384")).encode(), "no RSA key"),
        (pem(OKPKey.generate_key("Ed25519")).encode(), "no RSA key"),
    ],
)
def test_key_that_cannot_be_used_is_refused_unrepeated(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=complaint) as caught:
        read_key(f"@{file}")
    assert "needle" not in str(caught.value)


def test_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read_secret(f"@{tmp_path / 'missing'}")


@pytest.mark.parametrize(
    ("algorithms", "key"),
    [
        ("RS256", OctKey.import_key(SECRET)),
        ("HS256", RSA),
        ("HS256,RS256", RSA),
        ("ES256", RSA),
        ("none", RSA),
        ("none", OctKey.import_key(SECRET)),
        ("RS512", RSA),
        ("HS256", None),
        ("rs256", None),
    ],
)
def test_algorithm_that_is_not_the_keys_is_refused(
    algorithms: str, key: OctKey | RSAKey | None
) -> None:
    with pytest.raises(ValueError, match="is not one that the key is for"):
        read_algorithms(algorithms, key)


def test_fetched_keys_are_public_ones() -> None:
    assert read_algorithms("", None) == ("RS256", "ES256")
    assert read_algorithms("ES256", None) == ("ES256",)


# --- the settings -------------------------------------------------------------------------------

JWT = {"auth": "jwt", "jwt_issuer": "https://wiki.example.org", "jwt_key": SECRET}
OIDC = {"auth": "oidc", "oidc_issuer": "https://login.example.org", "oidc_client_id": "quire"}


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ({**JWT, "jwt_key": ""}, "needs jwt_key or jwt_jwks_url"),
        ({**JWT, "jwt_issuer": ""}, "needs jwt_issuer"),
        ({**JWT, "jwt_audience": ""}, "needs jwt_audience"),
        ({**JWT, "jwt_key": "needle"}, "jwt_key: a secret has at least 32 bytes"),
        ({**JWT, "jwt_key": "@/missing/file"}, "jwt_key: the file /missing/file cannot be read"),
        ({**JWT, "jwt_jwks_url": "https://e.org/keys"}, "give one of them"),
        ({**JWT, "jwt_key": "", "jwt_jwks_url": "http://e.org/keys"}, "not an https address"),
        ({**JWT, "jwt_algorithms": "none"}, "jwt_algorithms: 'none' is not one"),
        ({**OIDC, "oidc_issuer": ""}, "needs oidc_issuer"),
        ({**OIDC, "oidc_client_id": ""}, "needs oidc_client_id"),
        ({**OIDC, "oidc_issuer": "http://login.example.org"}, "oidc_issuer: not an https address"),
        ({**OIDC, "oidc_scopes": "profile"}, "`openid` is not among them"),
        ({**OIDC, "oidc_client_secret": "@/missing/file"}, "oidc_client_secret: the file"),
    ],
)
def test_server_does_not_start_with_settings_that_cannot_work(
    flags: dict[str, object], complaint: str
) -> None:
    with pytest.raises(SettingsError, match=complaint) as caught:
        Settings.load(flags, environment={}, env_file=None)
    assert "needle" not in str(caught.value)


@pytest.mark.parametrize("flags", [JWT, OIDC, {**OIDC, "oidc_client_secret": "s"}])
def test_settings_that_can_work_are_taken(flags: dict[str, object]) -> None:
    assert Settings.load(flags, environment={}, env_file=None).auth_mode == flags["auth"]


def test_settings_show_no_secret() -> None:
    shown = repr(Settings.load(JWT, environment={}, env_file=None))
    shown += repr(Settings.load({**OIDC, "oidc_client_secret": "needle"}, environment={}))
    assert "needle" not in shown
    assert "needle" not in json.dumps(shown)
