"""The requests to webhooks as the rest of Quire asks for them, without their HTTP library.

That library takes a quarter of a second to import, which a server that is asked for nothing does
not spend at its start.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, Self

from app.webhook.delivery_plan import Failure

if TYPE_CHECKING:
    from app.webhook.webhook_http import WebhookHttp


class WebhookDoor(Protocol):
    """Requests to webhooks; see `app.webhook.webhook_http.WebhookHttp`."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Failure | None:
        """Send a body; return None if it was taken, else the failure."""
        ...

    async def require_reachable(self, url: str) -> None:
        """Raise `AddressRefused` unless requests to a URL would be made; none is."""
        ...


class LateWebhookDoor:
    """A door whose library is imported for the first request; `async with` closes it.

    Args:
        allowed: as `WebhookHttp`.
        timeout_s: as `WebhookHttp`.
    """

    def __init__(self, allowed: Sequence[str], timeout_s: float) -> None:
        self._allowed = allowed
        self._timeout_s = timeout_s
        self._opened: WebhookHttp | None = None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Failure | None:
        """Send a body; return None if it was taken, else the failure."""
        return await self._open().post(url, headers, body)

    async def require_reachable(self, url: str) -> None:
        """Raise `AddressRefused` unless requests to a URL would be made; none is."""
        await self._open().require_reachable(url)

    def _open(self) -> "WebhookHttp":
        if self._opened is None:
            from app.webhook.webhook_http import WebhookHttp

            self._opened = WebhookHttp(self._allowed, self._timeout_s)
        return self._opened

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._opened is not None:
            await self._opened.aclose()
