"""Who may read the figures."""

import pytest
from starlette.requests import Request

from app.http.metrics_access import require_metrics_access
from app.server.proxy import TrustedProxies
from app.settings import Settings
from sync.error import QuireError


async def ask(
    address: str | None,
    settings: Settings,
    *,
    token: str = "",
    forwarded_for: str = "",
) -> str:
    """Return the code of the refusal; empty: it is answered."""
    headers = [(b"authorization", token.encode())] if token else []
    if forwarded_for:
        headers.append((b"x-forwarded-for", forwarded_for.encode()))
    client = None if address is None else (address, 1)
    scope = {"type": "http", "method": "GET", "path": "/metrics", "headers": headers,
             "client": client, "scheme": "http"}  # fmt: skip
    await TrustedProxies(settings.trusted_proxies).apply(scope)
    try:
        require_metrics_access(Request(scope), settings)
    except QuireError as error:
        return error.code
    return ""


TOKEN = Settings(metrics_token="t0ken", metrics_networks=())


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("address", "settings", "code"),
    [
        ("127.0.0.1", Settings(), ""),
        ("::1", Settings(), ""),
        ("::ffff:127.0.0.1", Settings(), ""),
        ("10.0.0.7", Settings(), "forbidden"),
        ("10.0.0.7", Settings(metrics_networks=("10.0.0.0/8",)), ""),
        ("127.0.0.1", Settings(metrics_networks=("10.0.0.0/8",)), "forbidden"),
        ("", Settings(), "forbidden"),
        (None, Settings(), "forbidden"),
        ("127.0.0.1", TOKEN, "auth_required"),
    ],
)
async def test_network_decides_without_a_token(
    address: str | None, settings: Settings, code: str
) -> None:
    assert await ask(address, settings) == code


@pytest.mark.anyio
async def test_token_opens_from_anywhere_and_a_wrong_one_from_nowhere() -> None:
    assert await ask("203.0.113.9", TOKEN, token="Bearer t0ken") == ""
    assert await ask("203.0.113.9", TOKEN, token="bearer  t0ken ") == ""
    assert await ask("203.0.113.9", TOKEN, token="Bearer other") == "auth_failed"
    assert await ask("203.0.113.9", TOKEN, token="Basic t0ken") == "auth_required"
    both = Settings(metrics_token="t0ken")
    assert await ask("127.0.0.1", both, token="Bearer other") == "auth_failed"
    assert await ask("127.0.0.1", both) == ""


@pytest.mark.anyio
async def test_empty_token_is_no_token() -> None:
    assert await ask("203.0.113.9", Settings(), token="Bearer ") == "forbidden"
    assert await ask("203.0.113.9", Settings(), token="Bearer x") == "forbidden"


@pytest.mark.anyio
async def test_stranger_behind_a_proxy_on_this_machine_is_not_this_machine() -> None:
    unnamed, named = Settings(), Settings(trusted_proxies=("127.0.0.1/32",))
    assert await ask("127.0.0.1", unnamed, forwarded_for="203.0.113.9") == "forbidden"
    assert await ask("127.0.0.1", unnamed, forwarded_for="127.0.0.1") == "forbidden"
    assert await ask("127.0.0.1", named, forwarded_for="203.0.113.9") == "forbidden"
    assert await ask("127.0.0.1", named, forwarded_for="127.0.0.1, 203.0.113.9") == "forbidden"
    assert await ask("127.0.0.1", named) == ""
