"""Requests to an issuer of tokens: bounded in bytes and time, without redirects, over TLS.

Without TLS only to this very machine, for tests and for a provider beside the server.
"""

import asyncio
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx
import msgspec

MAX_ANSWER_BYTES: Final = 256 << 10
TIMEOUT_S: Final = 10.0
_MAX_CONNECTIONS: Final = 16


class IssuerUnreachable(Exception):
    """The issuer gives no usable answer; the message says why, and holds no secret."""


class IssuerRefused(Exception):
    """The issuer answers with a refusal (HTTP 400 to 499)."""


def is_loopback(url: str) -> bool:
    """Return whether a URL names this machine itself."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_safe_url(url: str, *, beside: str | None = None) -> bool:
    """Return whether keys and secrets may be asked for there: over TLS, or on this machine.

    Args:
        beside: the address of whoever names this one. What another machine says never leads to
            this one.
    """
    try:
        parts = urlsplit(url)
        port_is_sound = parts.port != 0
    except ValueError:
        return False
    if not parts.hostname or not port_is_sound or "@" in parts.netloc or parts.fragment:
        return False
    if is_loopback(url):
        return parts.scheme in ("http", "https") and (beside is None or is_loopback(beside))
    return parts.scheme == "https"


class IssuerHttp:
    """An HTTP client for issuers; close it with `aclose`."""

    def __init__(self) -> None:
        self._clients: dict[bool, httpx.AsyncClient] = {}

    async def get_json(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object at a URL.

        Raises:
            IssuerUnreachable: no answer in time, too much of it, or no JSON object.
            IssuerRefused: HTTP 400 to 499.
        """
        return await self._ask(url, "GET", headers=headers)

    async def post_form(
        self, url: str, form: Mapping[str, str], auth: tuple[str, str] | None = None
    ) -> dict[str, Any]:
        """Post a form and return the JSON object that answers it; raises as `get_json`."""
        return await self._ask(url, "POST", data=form, auth=auth)

    async def aclose(self) -> None:
        """Close the connections that are kept."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _ask(self, url: str, method: str, **options: Any) -> dict[str, Any]:
        if not is_safe_url(url):
            raise IssuerUnreachable("its address is not https, nor on this machine")
        try:
            async with asyncio.timeout(TIMEOUT_S):
                status, body = await self._read(url, method, options)
        except TimeoutError:
            raise IssuerUnreachable(f"no answer within {TIMEOUT_S:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            # Only the kind: the text of some repeats what was sent.
            raise IssuerUnreachable(f"no answer ({type(error).__name__})") from None
        if 400 <= status < 500:
            raise IssuerRefused(f"it answers with HTTP {status}")
        if status != 200:
            raise IssuerUnreachable(f"it answers with HTTP {status}")
        return _decode(body)

    async def _read(self, url: str, method: str, options: dict[str, Any]) -> tuple[int, bytes]:
        body = bytearray()
        async with self._client(url).stream(method, url, **options) as answer:
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise IssuerUnreachable(f"its answer has more than {MAX_ANSWER_BYTES} bytes")
        return answer.status_code, bytes(body)

    def _client(self, url: str) -> httpx.AsyncClient:
        """Return the client for this machine, past any proxy, or for the others."""
        here = is_loopback(url)
        if here not in self._clients:
            self._clients[here] = httpx.AsyncClient(
                follow_redirects=False,
                timeout=TIMEOUT_S,
                limits=httpx.Limits(max_connections=_MAX_CONNECTIONS),
                headers={"Accept": "application/json"},
                trust_env=not here,
                verify=not url.lower().startswith("http:"),
            )
        return self._clients[here]


def _decode(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise IssuerUnreachable("its answer is no JSON object") from None
