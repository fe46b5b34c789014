"""Webhooks: made, tried, paused, resumed and removed by operators; and what they never took."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from app.service.service_error import ServiceCode, ServiceError
from app.webhook.address_guard import AddressRefused
from app.webhook.delivery_plan import Failure, due_again, paused, resumed
from app.webhook.dispatcher import new_message_id, send_message
from app.webhook.signature import SECRET_BYTES, shown_secret
from app.webhook.webhook_door import WebhookDoor
from app.webhook.webhook_message import EVENT_TYPES, TEST_TYPE, encode_message
from storage.fullness import FullError
from storage.webhooks.sql_webhooks import SqlWebhooks
from storage.webhooks.webhook_record import Delivery, Webhook
from sync.error import ErrorCode, QuireError
from sync.shells.clock import now_ms

MAX_WEBHOOKS: Final = 100
MAX_DEAD_PAGE: Final = 200
MAX_OLD_HOURS: Final = 24 * 30
"""The longest time in which two secrets of a webhook sign."""
_HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class WebhookState:
    """A webhook, and how much is on its way to it."""

    webhook: Webhook
    queued: int
    dead: int


@dataclass(frozen=True, slots=True)
class WebhookDesk:
    """The webhooks of one store. Every method may raise `StoreError`."""

    rows: SqlWebhooks
    http: WebhookDoor

    async def add(self, url: str, events: Sequence[str], created_by: str) -> tuple[Webhook, str]:
        """Make a webhook; return it with its secret, which is shown this once.

        It is told of every change that is committed after this returns.

        Args:
            events: the types of events that it is sent; none: all.

        Raises:
            QuireError: `invalid_message`: its address or a type is no good.
            ServiceError: `too_many`.
        """
        unknown = sorted(set(events) - set(EVENT_TYPES))
        if unknown:
            raise _invalid(f"events: {unknown[0][:80]!r} is none of {', '.join(EVENT_TYPES)}")
        try:
            await self.http.require_reachable(url)
        except AddressRefused as refused:
            raise _invalid(f"url: {refused}") from None
        webhook = Webhook(
            id=secrets.token_hex(8),
            url=url,
            secret=secrets.token_bytes(SECRET_BYTES),
            events=tuple(each for each in EVENT_TYPES if each in events),
            created_by=created_by,
            created_at_ms=now_ms(),
        )
        try:
            await self.rows.add(webhook, most=MAX_WEBHOOKS)
        except FullError:
            message = f"There are {MAX_WEBHOOKS} webhooks; remove one first."
            raise ServiceError(ServiceCode.TOO_MANY, message) from None
        return webhook, shown_secret(webhook.secret)

    async def states(self) -> list[WebhookState]:
        """Return all webhooks, oldest first."""
        counts = await self.rows.counts()
        return [WebhookState(each, *counts.get(each.id, (0, 0))) for each in await self.rows.all()]

    async def state(self, webhook_id: str) -> WebhookState:
        """Return one webhook. Raises `ServiceError` (`unknown_webhook`), as all below."""
        found = await self._find(webhook_id)
        return WebhookState(found, *(await self.rows.counts()).get(webhook_id, (0, 0)))

    async def test(self, webhook_id: str) -> Failure | None:
        """Send a webhook a message of the type `webhook.test`, once; return None if it took it."""
        webhook = await self._find(webhook_id)
        body = encode_message(TEST_TYPE, now_ms(), {"webhook": webhook.id})
        return await send_message(self.http, webhook, new_message_id(), body)

    async def rotate(self, webhook_id: str, old_hours: int) -> tuple[str, int | None]:
        """Give a webhook another secret, which is shown this once.

        Args:
            old_hours: how long messages are signed with the one before as well; 0: no more.

        Returns:
            the new secret, and when the one before ends; None: it has ended.
        """
        secret = secrets.token_bytes(SECRET_BYTES)
        until_ms = now_ms() + old_hours * _HOUR_MS if old_hours else None

        def change(webhook: Webhook) -> Webhook:
            old = webhook.secret if old_hours else None
            return replace(webhook, secret=secret, old_secret=old, old_until_ms=until_ms)

        if await self.rows.change(webhook_id, change) is None:
            raise unknown_webhook()
        return shown_secret(secret), until_ms

    async def pause(self, webhook_id: str, reason: str) -> None:
        """Send a webhook nothing more; what is to be told is queued meanwhile."""
        change = partial(paused, now_ms=now_ms(), reason=reason)
        if await self.rows.change(webhook_id, change) is None:
            raise unknown_webhook()

    async def resume(self, webhook_id: str) -> None:
        """Send a webhook what was queued meanwhile, from now on."""
        again = partial(due_again, now_ms=now_ms())
        if await self.rows.change(webhook_id, resumed, again) is None:
            raise unknown_webhook()

    async def remove(self, webhook_id: str) -> None:
        """Remove a webhook, and what is queued for it."""
        if not await self.rows.remove(webhook_id):
            raise unknown_webhook()

    async def dead(self, webhook_id: str, *, after: int = 0, limit: int) -> list[Delivery]:
        """Return deliveries that a webhook never took, after a key of one of them."""
        await self._find(webhook_id)
        return await self.rows.dead(webhook_id, after=after, most=limit)

    async def retry(self, webhook_id: str, delivery_id: str) -> None:
        """Send a dead delivery again, before what is queued of its document.

        Raises `ServiceError` (`unknown_delivery`) if it is not dead, or there is none.
        """
        again = partial(due_again, now_ms=now_ms())
        if await self.rows.change_dead(webhook_id, delivery_id, again) is None:
            raise _unknown_delivery()

    async def discard(self, webhook_id: str, delivery_id: str) -> None:
        """Forget a dead delivery; raises as `retry`."""
        if await self.rows.change_dead(webhook_id, delivery_id, None) is None:
            raise _unknown_delivery()

    async def _find(self, webhook_id: str) -> Webhook:
        found = await self.rows.find(webhook_id)
        if found is None:
            raise unknown_webhook()
        return found


def shown_origin(url: str) -> str:
    """Return the part of a webhook's address that is no secret: paths of some are."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def unknown_webhook() -> ServiceError:
    """Return the refusal of an id that no webhook has."""
    return ServiceError(ServiceCode.UNKNOWN_WEBHOOK, "There is no such webhook.")


def _unknown_delivery() -> ServiceError:
    message = "There is no such delivery among those that were given up."
    return ServiceError(ServiceCode.UNKNOWN_DELIVERY, message)


def _invalid(message: str) -> QuireError:
    return QuireError(ErrorCode.INVALID_MESSAGE, message)
