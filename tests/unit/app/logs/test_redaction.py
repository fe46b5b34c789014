import random
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.logs.redaction import REDACTED, is_secret_name, redact, redacted_text

HIDDEN = "hunter2-Zq9"
"""What must not be seen; no rule finds it by itself."""

TICKET = "qk_" + "aB3" * 14


@pytest.mark.parametrize(
    "text",
    [
        f"cannot reach postgresql+asyncpg://quire:{HIDDEN}@db:5432/quire",
        f"cannot reach postgresql://quire:{HIDDEN}p@ss@db/quire",
        f"cannot reach redis://:{HIDDEN}@redis:6379/0",
        f"cannot reach https://user:/{HIDDEN}/x@host/path",
        f"Authorization: Bearer {HIDDEN}",
        f"authorization: Basic {HIDDEN}==",
        f"{{'authorization': 'Bearer {HIDDEN}', 'accept': '*/*'}}",
        f"[(b'host', b'x'), (b'cookie', b'a=b; quire_session={HIDDEN}; c=d')]",
        f"Cookie: other=1; quire_guest={HIDDEN}",
        f"Set-Cookie: quire_session={HIDDEN}; HttpOnly",
        f'GET /yjs/notes?token={HIDDEN}&name=Ada HTTP/1.1" 101',
        f"GET /yjs/notes?x=1&access_token={HIDDEN} HTTP/1.1",
        f"GET /auth/oidc/callback?code={HIDDEN}&state={HIDDEN} HTTP/1.1",
        f'{{"login": "ada", "password": "{HIDDEN}"}}',
        f"{{'client_secret': '{HIDDEN}', 'grant_type': 'authorization_code'}}",
        f"Settings(jwt_key='{HIDDEN}', oidc_client_secret='{HIDDEN}')",
        f"https://quire.example.org/join#{HIDDEN}",
        f"https://quire.example.org/l#{HIDDEN}",
        f"$argon2id$v=19$m=65536,t=3,p=4$c2FsdA${HIDDEN}",
        f"-----BEGIN PRIVATE KEY-----\n{HIDDEN}\n-----END PRIVATE KEY-----",
        f"-----BEGIN RSA PRIVATE KEY-----\\n{HIDDEN}",
        f"[SQL: INSERT INTO events VALUES (?)]\n[parameters: ('{HIDDEN}', [1])]\n(Background on",
        f"duplicate key\nDETAIL:  Failing row contains (1, {HIDDEN}).",
        f"the ticket qk_{HIDDEN} is used",
        f"the token qt_{HIDDEN} is revoked",
        f"the secret whsec_{HIDDEN}/+== signs",
        f"cannot read eyJhbGciOiJIUzI1NiJ9.{HIDDEN}.{HIDDEN}",
    ],
)
def test_redact_takes_whatever_looks_like_a_secret(text: str) -> None:
    redacted = redact(text)
    assert HIDDEN not in redacted
    assert REDACTED in redacted


@pytest.mark.parametrize(
    "text",
    [
        "Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)",
        "session 0123456789abcdef failed",
        "document 'Minutes-of-the-Team-Meeting-2026-11-29-Draft' does not load; it is not used",
        "cannot reach redis://redis:6379/0: connection refused",
        "PUT /api/documents/notes/text: the store failed: disk I/O error",
        "the user 'ada@example.org' has signed in",
        "event 4f9f0ad1-6d9c-4b53-9a3c-8f2f6c0f1c3e of session yws-1",
    ],
)
def test_redact_leaves_what_is_no_secret(text: str) -> None:
    assert redact(text) == text


def test_redact_takes_random_runs_without_any_name_beside_them() -> None:
    # Without a digit, as one in 1,400 is, a run may be a name; nearly all others have to go.
    chance = random.Random(1)
    runs = [urlsafe_b64encode(chance.randbytes(32)).decode().rstrip("=") for _ in range(5_000)]
    missed = [run for run in runs if REDACTED not in redact(f"it was {run}, they said")]
    assert len(missed) <= 8


@given(st.text())
def test_redact_takes_any_text_and_finds_nothing_more_the_second_time(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(
    st.text(max_size=50),
    st.sampled_from(["qk_", "qt_", "token=", "Bearer ", '"password": "', "Cookie: a="]),
    st.text(max_size=50),
)
def test_redact_finds_a_secret_between_any_text(before: str, mark: str, after: str) -> None:
    # What stands directly before may make another word of it: a space ends that.
    assert HIDDEN not in redact(f"{before} {mark}{HIDDEN} {after}")


def test_the_beginning_of_a_long_text_is_kept() -> None:
    assert redacted_text("x " * 20_000, 4_000).startswith("x " * 1_999)


@pytest.mark.parametrize("before", range(len(TICKET) + 2))
def test_a_secret_at_the_bound_is_not_shown_in_part(before: int) -> None:
    text = "x " * 1_950 + "y" * (100 - before) + " " + TICKET + " y" * 1_000
    shown = redacted_text(text, 4_000)
    assert "y" * (100 - before) in shown
    assert "qk" not in shown


@pytest.mark.parametrize("before", range(len(TICKET) + 2))
def test_a_secret_at_the_end_of_what_is_looked_at_is_not_shown_in_part(before: int) -> None:
    # Everything before it is redacted too, so that the end comes into view.
    text = "y" * before + " " + (TICKET + " ") * 1_000
    assert "qk" not in redacted_text(text, 4_000)


@pytest.mark.parametrize("name", ["password", "client_secret", "Cookie", "access_token", "ticket"])
def test_a_secret_is_known_by_its_name(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["role", "subject", "count", "code", "door", "version"])
def test_other_names_are_no_secrets(name: str) -> None:
    assert not is_secret_name(name)
