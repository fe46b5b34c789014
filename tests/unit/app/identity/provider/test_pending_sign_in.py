"""Sign-ins on their way through a provider: the cookie, and the path to go to afterwards."""

import time

import pytest
from itsdangerous import URLSafeTimedSerializer

from app.identity.provider.pending_sign_in import MAX_AGE_S, PendingSignIn, SignInSeal, own_path

SEAL = SignInSeal(b"k" * 32)


def test_sealed_sign_in_comes_back_for_its_state_alone() -> None:
    pending = PendingSignIn.begin("/d/notes")
    sealed = SEAL.seal(pending)
    assert SEAL.open(sealed, pending.state) == pending
    assert SEAL.open(sealed, PendingSignIn.begin(None).state) is None
    assert SEAL.open(sealed, "") is None
    assert SEAL.open(None, pending.state) is None


def test_sealed_sign_in_of_another_key_or_purpose_is_refused() -> None:
    pending = PendingSignIn.begin("/d/notes")
    assert SEAL.open(SignInSeal(b"x" * 32).seal(pending), pending.state) is None
    other = URLSafeTimedSerializer(b"k" * 32, salt="quire.guest")
    content = '{"state":"s","nonce":"n","verifier":"v","next":"//evil.example.org"}'
    assert SEAL.open(str(other.dumps(content)), "s") is None


def test_sealed_sign_in_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    pending = PendingSignIn.begin("/d/notes")
    sealed = SEAL.seal(pending)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + MAX_AGE_S + 2)
    assert SEAL.open(sealed, pending.state) is None


def test_secrets_of_a_sign_in_are_long_and_new() -> None:
    one, two = PendingSignIn.begin(None), PendingSignIn.begin(None)
    secrets = {one.state, one.nonce, one.verifier, two.state, two.nonce, two.verifier}
    assert len(secrets) == 6
    assert all(len(secret) >= 43 for secret in secrets)


@pytest.mark.parametrize("path", ["/", "/d/notes", "/d/notes?version=3#top", "/d/a..b", "/d//x"])
def test_own_path_is_kept(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "https://evil.example.org/",
        "//evil.example.org/",
        "/\\evil.example.org/",
        "\\\\evil.example.org/",
        "/\t/evil.example.org/",
        "\n//evil.example.org",
        "/\r\nSet-Cookie: a=b",
        " //evil.example.org",
        "javascript:alert(1)",
        "d/notes",
        "/..//evil.example.org",
        "/.//evil.example.org",
        "/d/../../admin",
        "/%2e%2e/admin",
        "/d/%2E%2e%2fadmin",
        "/d/..%5cadmin",
        "/é",
        "/\0",
        "/" + "x" * 600,
    ],
)
def test_path_that_may_lead_elsewhere_is_the_start_page(path: str | None) -> None:
    assert own_path(path) == "/"
