"""`app.server.proxy`: whose word about the address and scheme of a peer is taken.

Mutants seen caught here: the first address of `X-Forwarded-For` instead of the last untrusted one;
headers believed from anybody; an address that is none taken over.
"""

import logging
from typing import Any

import pytest

from app.server.proxy import TrustedProxies

pytestmark = pytest.mark.anyio

PROXY = "10.0.0.2"


async def seen(
    peer: str, *headers: tuple[str, str], trusted: tuple[str, ...] = (PROXY,), kind: str = "http"
) -> tuple[str, str]:
    """The address and the scheme that an application sees."""
    scope: dict[str, Any] = {
        "type": kind,
        "scheme": "ws" if kind == "websocket" else "http",
        "client": (peer, 1),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }
    await TrustedProxies(trusted).apply(scope)
    return scope["client"][0], scope["scheme"]


async def test_header_of_an_unnamed_peer_is_passed_over() -> None:
    spoofed = (("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"))
    assert await seen("198.51.100.1", *spoofed) == ("198.51.100.1", "http")
    assert await seen("127.0.0.1", *spoofed) == ("127.0.0.1", "http")
    assert await seen(PROXY, *spoofed, trusted=()) == (PROXY, "http")


@pytest.mark.parametrize(("kind", "secure"), [("http", "https"), ("websocket", "wss")])
async def test_named_proxy_says_who_asks_and_how(kind: str, secure: str) -> None:
    headers = (("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"))
    assert await seen(PROXY, *headers, kind=kind) == ("203.0.113.7", secure)
    assert await seen(f"::ffff:{PROXY}", *headers, kind=kind) == ("203.0.113.7", secure)


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        # What stands left of the last untrusted address was written by that address itself.
        (["192.0.2.66, 203.0.113.7"], "203.0.113.7"),
        (["192.0.2.66", "203.0.113.7"], "203.0.113.7"),
        (["127.0.0.1, 203.0.113.7"], "203.0.113.7"),
        (["10.0.0.2, 203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7, 10.0.0.9"], "203.0.113.7"),
        (["192.0.2.66, 203.0.113.7, 10.0.0.9, 10.0.0.2"], "203.0.113.7"),
        (["203.0.113.7:4711"], "203.0.113.7"),
        (["[2001:db8::7]:4711"], "2001:db8::7"),
        (["::ffff:203.0.113.7"], "203.0.113.7"),
        (["10.0.0.9"], "10.0.0.9"),
        ([""], PROXY),
        (["unknown"], PROXY),
        (["203.0.113.7, unknown"], PROXY),
        (["203.0.113.7, <script>alert(1)</script>"], PROXY),
        (["203.0.113.7\r\nSet-Cookie: a=b"], PROXY),
        (["9" * 5_000], PROXY),
    ],
)
async def test_address_is_the_last_untrusted_one(forwarded: list[str], expected: str) -> None:
    headers = [("X-Forwarded-For", value) for value in forwarded]
    assert (await seen(PROXY, *headers, trusted=("10.0.0.0/8",)))[0] == expected


async def test_scheme_that_is_none_is_passed_over() -> None:
    for scheme in ("javascript", "https, http", "", "HTTPS\x00"):
        assert (await seen(PROXY, ("X-Forwarded-Proto", scheme)))[1] == "http"


async def test_peer_without_an_address_is_left_alone() -> None:
    scope: dict[str, Any] = {"type": "http", "client": None, "headers": []}
    await TrustedProxies((PROXY,)).apply(scope)
    await TrustedProxies((PROXY,)).apply({"type": "lifespan"})
    assert scope["client"] is None


async def test_proxy_that_is_not_named_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    proxies = TrustedProxies((PROXY,))
    headers = [(b"x-forwarded-for", b"203.0.113.7")]
    with caplog.at_level(logging.WARNING):
        for peer in (PROXY, "10.9.9.9", "10.9.9.9", "10.9.9.8"):
            await proxies.apply(
                {"type": "http", "scheme": "http", "client": (peer, 1), "headers": headers}
            )
    assert [record.getMessage().count("10.9.9.9") for record in caplog.records] == [2]
