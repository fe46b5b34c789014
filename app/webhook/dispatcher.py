"""The delivery of changes to webhooks: a consumer of the feed over all documents.

    claim changes ──▶ queue them for each webhook and advance, at once
    what is due ──▶ taken, by one process ──▶ sent ──▶ the outcome is saved

Whoever writes waits for none of it. Queuing and advancing are one transaction: each change is
queued once. What is taken belongs to the process that took it until a lease ends, which is longer
than an attempt can last. So a process that dies costs a time, and perhaps a second delivery of the
same message under the same id, but loses nothing and changes no order.
"""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Final

from app.audit.audit_kind import WEBHOOK_PAUSED
from app.audit.audit_trail import AuditTrail
from app.service.feed_lease import FeedLease
from app.webhook.delivery_plan import (
    DeliveryRules,
    Failure,
    after_failure,
    after_success,
    attempted,
    permitted,
    queued,
)
from app.webhook.signature import signed_headers
from app.webhook.webhook_door import WebhookDoor
from app.webhook.webhook_message import message_of, news_of
from storage.change_feed import SqlChangeFeed
from storage.webhooks.sql_webhooks import WEBHOOK_CURSOR, SqlWebhooks, queue_work
from storage.webhooks.webhook_record import Delivery, News, Webhook
from sync.port import EventLog, StoreError
from sync.shells.clock import now_ms

_log = logging.getLogger(__name__)

_LOOK_S: Final = 0.5
"""The time between two looks at feed and queue while there is a webhook."""
_IDLE_LOOK_S: Final = 1.0
"""The same while there is none."""
_CHANGES: Final = 500
"""The changes that are queued in one transaction."""
_CLAIM_MS: Final = 20_000
AT_ONCE: Final = 8
"""The requests to one webhook at a time, of one process."""
TAKEN: Final = "taken"
FAILED: Final = "failed"
_MARGIN_MS: Final = 15_000
"""The time that a lease is longer than a request may last."""


@dataclass(slots=True)
class Dispatcher:
    """Delivers the changes of one store, together with other processes.

    Args:
        timeout_s: how long a request may last.
        backlog: deliveries that are queued for one webhook, at most.
        outcomes: the number of attempts, by `TAKEN` and `FAILED`, is counted there.
        chance: returns a random number from 0 to below 1.
    """

    log: EventLog
    changes: SqlChangeFeed
    webhooks: SqlWebhooks
    audit: AuditTrail
    http: WebhookDoor
    rules: DeliveryRules
    timeout_s: float
    backlog: int
    outcomes: Counter[str] = field(default_factory=Counter)
    chance: Callable[[], float] = secrets.SystemRandom().random
    _lease: FeedLease = field(init=False)
    _in_hand: Counter[str] = field(default_factory=Counter, init=False)
    """The requests under way, by webhook."""
    _is_any_done: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        self._lease = FeedLease(self.changes, WEBHOOK_CURSOR, _CHANGES, None, _CLAIM_MS)

    async def run(self) -> None:
        """Deliver until cancelled. While the store fails, try again and again."""
        self._in_hand.clear()
        async with asyncio.TaskGroup() as tasks:
            while True:
                pause_s = _IDLE_LOOK_S
                try:
                    pause_s = await self.round(tasks)
                except StoreError as error:
                    _log.warning("webhooks are not served now: %s", error)
                deadline = monotonic() + pause_s
                while await self._is_done_before(deadline):
                    # Others of the same webhook, or of the same document, may go now.
                    try:
                        await self._deliver(tasks)
                    except StoreError as error:
                        _log.warning("webhooks are not served now: %s", error)
                        await asyncio.sleep(max(0.0, deadline - monotonic()))

    async def round(self, tasks: asyncio.TaskGroup) -> float:
        """Queue what is new, and start to send what is due; return the seconds to the next look.

        Raises `StoreError`.
        """
        outlook = await self.webhooks.outlook(now_ms())
        if not outlook.webhooks:
            return _IDLE_LOOK_S
        await self._queue()
        await self._deliver(tasks)
        return _LOOK_S

    async def _is_done_before(self, deadline: float) -> bool:
        """Wait until a request has ended; False: none did in time."""
        try:
            async with asyncio.timeout(max(0.0, deadline - monotonic())):
                await self._is_any_done.wait()
        except TimeoutError:
            return False
        self._is_any_done.clear()
        return True

    async def _queue(self) -> None:
        """Queue new changes for the webhooks."""
        try:
            while (claim := await self._lease.claim()) is not None:
                heads = await self.log.heads(list({each.key for each in claim.changes}))
                news = [
                    news_of(each, heads[each.key].epoch)
                    for each in claim.changes
                    if each.key in heads
                ]
                work = queue_work(news, partial(self._queued, at_ms=now_ms()), self.backlog)
                await self.changes.advance(claim, claim.changes[-1].position, work)
                if not self._lease.may_have_more(claim):
                    return
        except StoreError:
            if WEBHOOK_CURSOR in await self.changes.cursors():
                raise
            # The last webhook was removed meanwhile, or this is a copy of an installation.
            await self.webhooks.start()

    def _queued(
        self, tail: Delivery | None, news: News, webhook_id: str, at_ms: int
    ) -> Sequence[Delivery]:
        return queued(tail, news, webhook_id, new_message_id, at_ms, self.rules)

    async def _deliver(self, tasks: asyncio.TaskGroup) -> None:
        """Start to send what is due."""
        for webhook_id in (await self.webhooks.outlook(now_ms())).due:
            most = AT_ONCE - self._in_hand[webhook_id]
            if most <= 0:
                continue
            at_ms, lease_ms = now_ms(), round(self.timeout_s * 1_000) + _MARGIN_MS
            taken = await self.webhooks.take(
                webhook_id,
                at_ms,
                partial(permitted, now_ms=at_ms, most=most, lease_ms=lease_ms),
                partial(attempted, now_ms=at_ms, lease_ms=lease_ms),
            )
            if taken is None:
                continue
            webhook, deliveries = taken
            for delivery in deliveries:
                self._in_hand[webhook_id] += 1
                tasks.create_task(self._attempt(webhook, delivery))

    async def _attempt(self, webhook: Webhook, delivery: Delivery) -> None:
        """Send a delivery, and save the outcome. If the store fails, it is sent again later."""
        try:
            failure = await send_message(self.http, webhook, delivery.id, message_of(delivery))
            self.outcomes[TAKEN if failure is None else FAILED] += 1
            await self._settle(delivery, failure)
        except StoreError as error:
            _log.warning("the outcome of a delivery to a webhook is not saved: %s", error)
        finally:
            self._in_hand[webhook.id] -= 1
            self._is_any_done.set()

    async def _settle(self, delivery: Delivery, failure: Failure | None) -> None:
        outcome = partial(self._outcome, failure=failure, at_ms=now_ms())
        settled = await self.webhooks.settle(delivery, outcome)
        if settled is None:
            return
        before, after = settled
        if before.paused_at_ms is None and after.paused_at_ms is not None:
            reason = after.paused_because
            _log.warning("webhook %s is paused: %s", after.id, reason)
            self.audit.note(WEBHOOK_PAUSED, None, "", webhook=after.id, reason=reason)

    def _outcome(
        self, webhook: Webhook, delivery: Delivery, failure: Failure | None, at_ms: int
    ) -> tuple[Webhook, Delivery | None]:
        if failure is None:
            return after_success(webhook, at_ms), None
        return after_failure(webhook, delivery, failure, at_ms, self.chance(), self.rules)


def new_message_id() -> str:
    """Return the id of a new delivery."""
    return f"msg_{secrets.token_hex(12)}"


async def send_message(
    http: WebhookDoor, webhook: Webhook, message_id: str, body: bytes
) -> Failure | None:
    """Send a signed message to a webhook; return None if it was taken, else the failure."""
    at_ms = now_ms()
    is_old_valid = webhook.old_until_ms is not None and at_ms < webhook.old_until_ms
    old_secret = webhook.old_secret if is_old_valid else None
    headers = signed_headers(
        webhook.secret, message_id, at_ms // 1_000, body, old_secret=old_secret
    )
    return await http.post(webhook.url, headers, body)
