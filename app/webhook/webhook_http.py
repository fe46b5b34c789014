"""Requests to webhooks: to the address that was checked, over TLS, bounded in bytes and time.

    URL ──▶ host resolved, once ──▶ every address checked ──▶ POST to the address itself, with the
                                                              host's name for TLS and in `Host`

Redirects are not followed, proxies of the environment are not asked, answers are not kept: only
their status counts.
"""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address, ip_network
from typing import Final, Self

import httpx

from app.webhook.address_guard import AddressRefused, Network, require_allowed, require_usable
from app.webhook.delivery_plan import Failure

MAX_ANSWER_BYTES: Final = 64 << 10
_MAX_CONNECTIONS: Final = 64
_RESOLVERS: Final = 4
"""Threads of its own: a resolver that hangs keeps nobody else up."""
_GONE: Final = 410
_MAX_RETRY_AFTER_S: Final = 7 * 86_400


@dataclass(frozen=True, slots=True)
class _Target:
    url: httpx.URL
    host: str
    """As a header has it, with its port."""
    name: str
    """As its certificate has it."""


class WebhookHttp:
    """An HTTP client for webhooks; close it with `aclose`.

    Args:
        allowed: networks beyond the public internet, each such as `10.0.0.0/8`.
        timeout_s: for all of a request.
    """

    def __init__(self, allowed: Sequence[str], timeout_s: float) -> None:
        self._allowed: tuple[Network, ...] = tuple(ip_network(each) for each in allowed)
        self._timeout_s = timeout_s
        self._resolvers = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="webhook-resolver")
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            # Certificates are those of the environment (`SSL_CERT_FILE`); its proxies are not used.
            verify=httpx.create_ssl_context(),
            trust_env=False,
            timeout=timeout_s,
            limits=httpx.Limits(max_connections=_MAX_CONNECTIONS, max_keepalive_connections=0),
        )

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Failure | None:
        """Send a body; return None if it was taken (HTTP 200 to 299), else the failure."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(url, headers, body)
        except TimeoutError:
            return Failure(f"no answer within {self._timeout_s:g} s")
        except AddressRefused as refused:
            return Failure(f"refused: {refused}")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            return Failure(_reason(error))

    async def require_reachable(self, url: str) -> None:
        """Raise `AddressRefused` unless requests to a URL would be made; none is."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._targets(url)
        except TimeoutError:
            raise AddressRefused("its name is not resolved in time") from None
        except (httpx.InvalidURL, ValueError):
            raise AddressRefused("that is no address such as https://example.org/hook") from None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Failure | None:
        targets = await self._targets(url)
        for target in targets[:-1]:
            try:
                return await self._ask(target, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent: the next address of the same host is tried
        return await self._ask(targets[-1], headers, body)

    async def _targets(self, url: str) -> list[_Target]:
        name = require_usable(url)
        parsed = httpx.URL(url)
        found = await self._resolve(name, parsed.port or (443 if parsed.scheme == "https" else 80))
        addresses = require_allowed(found, self._allowed, is_encrypted=parsed.scheme == "https")
        host = parsed.netloc.decode("ascii")
        return [_Target(parsed.copy_with(host=address), host, name) for address in addresses]

    async def _resolve(self, name: str, port: int) -> list[str]:
        try:
            return [str(ip_address(name))]
        except ValueError:
            pass
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                self._resolvers, lambda: socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
            )
        except (OSError, UnicodeError):
            raise AddressRefused("its name cannot be resolved") from None
        return [str(address[0]) for *_, address in found]

    async def _ask(
        self, target: _Target, headers: Mapping[str, str], body: bytes
    ) -> Failure | None:
        request = self._client.build_request(
            "POST",
            target.url,
            content=body,
            headers={
                **headers,
                "Host": target.host,
                "Content-Type": "application/json",
                "User-Agent": "Quire-Webhook/1",
                "Accept-Encoding": "identity",
                "Connection": "close",
            },
            extensions={"sni_hostname": target.name},
        )
        answer = await self._client.send(request, stream=True)
        try:
            if answer.is_success:
                await _read_some(answer)
        finally:
            await answer.aclose()
        return _verdict(answer)


async def _read_some(answer: httpx.Response) -> None:
    """Read an answer to its end, if that is near: the receiver has then done what it does."""
    read = 0
    async for chunk in answer.aiter_raw():
        read += len(chunk)
        if read > MAX_ANSWER_BYTES:
            return


def _verdict(answer: httpx.Response) -> Failure | None:
    if answer.is_success:
        return None
    status = answer.status_code
    if answer.is_redirect:
        return Failure(f"HTTP {status}: redirects are not followed")
    return Failure(
        f"HTTP {status}",
        retry_after_ms=retry_after_ms(answer.headers.get("retry-after", ""), datetime.now(UTC)),
        is_gone=status == _GONE,
    )


def retry_after_ms(value: str, now: datetime) -> int:
    """Return the milliseconds that a `Retry-After` asks for; 0 for none, or one of no use."""
    if value.isascii() and value.isdigit():
        seconds = float(value[:9])
    else:
        try:
            seconds = (parsedate_to_datetime(value) - now).total_seconds()
        except (TypeError, ValueError):
            return 0
    return round(min(max(seconds, 0.0), _MAX_RETRY_AFTER_S) * 1_000)


def _reason(error: Exception) -> str:
    """Return why there is no answer, without what the receiver has sent."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its certificate is not valid for that name"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "no connection"
    return f"no answer ({type(error).__name__})"
