"""Webhooks in SQL, as the use cases and the dispatcher ask for them and change them.

What is decided of them, callers decide, in the transaction that changes them: a webhook is locked
meanwhile, so that two processes never take the same delivery, nor overlook what the other has done.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeAlias, TypeVar

from msgspec.structs import replace
from sqlalchemy import Connection

from storage import change_feed
from storage.engine import Database, Work
from storage.fullness import FullError
from storage.storable import is_storable, require_storable
from storage.webhooks import delivery_rows, webhook_rows
from storage.webhooks.webhook_record import Delivery, News, QueueOutlook, QueueSizes, Webhook

T = TypeVar("T")

WEBHOOK_CURSOR: Final = "webhooks"
"""The cursor on the feed of changes. It is there while there is a webhook."""

Permit: TypeAlias = Callable[[Webhook], tuple[int, Webhook]]
"""Returns how many deliveries may be taken, and the webhook as it is then."""
Queue: TypeAlias = Callable[[Delivery | None, News, str], Sequence[Delivery]]
"""Returns what is to be written for news, after the last delivery of their document."""
Settle: TypeAlias = Callable[[Webhook, Delivery], tuple[Webhook, Delivery | None]]
"""Returns both as they are after an attempt; of the delivery None: it is done."""


class SqlWebhooks:
    """Webhooks and their deliveries. Every method may raise `StoreError`.

    Writes return only after the commit. Times are UTC, milliseconds since the epoch.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, webhook: Webhook, *, most: int) -> None:
        """Save a webhook; it is told of every change that is committed after this returns.

        Raises `FullError` rather than have more webhooks than `most`.
        """
        require_storable(webhook.url, webhook.created_by)

        def work(connection: Connection) -> None:
            # First: it locks the feed, and whoever adds or removes another waits.
            change_feed.start(connection, WEBHOOK_CURSOR)
            if webhook_rows.count(connection) >= most:
                raise FullError
            webhook_rows.add(connection, webhook)

        await self._write(work)

    async def start(self) -> None:
        """Make the cursor, if there are webhooks, in a database to which they were copied."""

        def work(connection: Connection) -> None:
            change_feed.lock(connection)
            if webhook_rows.count(connection):
                change_feed.start(connection, WEBHOOK_CURSOR)

        await self._write(work)

    async def remove(self, webhook_id: str) -> bool:
        """Remove a webhook and what is queued for it; False: there is none."""
        if not is_storable(webhook_id):
            return False

        def work(connection: Connection) -> bool:
            change_feed.lock(connection)
            if webhook_rows.lock(connection, webhook_id) is None:
                return False
            webhook_rows.remove(connection, webhook_id)
            if not webhook_rows.count(connection):
                change_feed.forget(connection, WEBHOOK_CURSOR)
            return True

        return await self._write(work)

    async def all(self) -> list[Webhook]:
        """Return all webhooks, oldest first."""
        return await self._database.read(webhook_rows.all_webhooks)

    async def find(self, webhook_id: str) -> Webhook | None:
        """Return a webhook; None: there is none of that id."""
        if not is_storable(webhook_id):
            return None
        return await self._database.read(partial(webhook_rows.find, webhook_id=webhook_id))

    async def counts(self) -> dict[str, tuple[int, int]]:
        """Return how many deliveries are queued, and how many dead, for each webhook with any."""
        return await self._database.read(delivery_rows.counts)

    async def sizes(self) -> QueueSizes:
        """Return what waits for all webhooks together."""
        return await self._database.read(delivery_rows.sizes)

    async def change(
        self,
        webhook_id: str,
        change: Callable[[Webhook], Webhook],
        queued: Callable[[Delivery], Delivery] | None = None,
    ) -> Webhook | None:
        """Change a webhook, and perhaps all that is queued for it; None: there is none."""
        if not is_storable(webhook_id):
            return None

        def work(connection: Connection) -> Webhook | None:
            found = webhook_rows.lock(connection, webhook_id)
            if found is None:
                return None
            changed = change(found)
            webhook_rows.save(connection, changed)
            for each in delivery_rows.all_queued(connection, webhook_id) if queued else ():
                assert queued is not None, "there is nothing to change otherwise"
                delivery_rows.put(connection, queued(each))
            return changed

        return await self._write(work)

    async def dead(self, webhook_id: str, *, after: int, most: int) -> list[Delivery]:
        """Return dead deliveries after a key, in the order in which they were queued."""
        return await self._database.read(
            partial(delivery_rows.dead, webhook_id=webhook_id, after=after, most=most)
        )

    async def change_dead(
        self, webhook_id: str, delivery_id: str, change: Callable[[Delivery], Delivery] | None
    ) -> Delivery | None:
        """Change a dead delivery, or remove it for None; returns what it was, None: there is none.

        What is not dead any more comes before what is queued of its document.
        """
        if not is_storable(webhook_id + delivery_id):
            return None

        def work(connection: Connection) -> Delivery | None:
            webhook_rows.lock(connection, webhook_id)
            found = delivery_rows.find_id(connection, webhook_id, delivery_id)
            if found is None or not found.is_dead:
                return None
            if change is None:
                delivery_rows.remove(connection, found.key)
            else:
                delivery_rows.put(connection, change(found))
            return found

        return await self._write(work)

    async def outlook(self, now_ms: int) -> QueueOutlook:
        """Return what there is to do, at a moment."""
        return await self._database.read(partial(delivery_rows.outlook, now_ms=now_ms))

    async def take(
        self,
        webhook_id: str,
        now_ms: int,
        permit: Permit,
        attempt: Callable[[Delivery], Delivery],
    ) -> tuple[Webhook, list[Delivery]] | None:
        """Take deliveries that are due, to attempt them; None: there is no such webhook.

        Args:
            attempt: returns a delivery as it is while it is attempted, due again only later.
        """

        def work(connection: Connection) -> tuple[Webhook, list[Delivery]] | None:
            found = webhook_rows.lock(connection, webhook_id)
            if found is None:
                return None
            most, changed = permit(found)
            due = delivery_rows.due(connection, webhook_id, now_ms, most) if most else []
            if not due:
                return found, []
            if changed != found:
                webhook_rows.save(connection, changed)
            return changed, [delivery_rows.put(connection, attempt(each)) for each in due]

        return await self._write(work)

    async def settle(self, delivery: Delivery, settle: Settle) -> tuple[Webhook, Webhook] | None:
        """Save the outcome of an attempt; return the webhook before and after.

        None: it does not count any more, as the delivery is gone, or another attempt was begun.
        """

        def work(connection: Connection) -> tuple[Webhook, Webhook] | None:
            webhook = webhook_rows.lock(connection, delivery.webhook_id)
            found = delivery_rows.find(connection, delivery.key)
            if webhook is None or found is None or found.is_dead:
                return None
            changed, settled = settle(webhook, found)
            if settled is None:
                delivery_rows.remove(connection, found.key)
            elif found.attempts != delivery.attempts:
                return None
            else:
                delivery_rows.put(connection, settled)
            webhook_rows.save(connection, changed)
            return webhook, changed

        return await self._write(work)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        async with self._database.write() as transaction:
            return await transaction.run(work)


def queue_work(news: Sequence[News], queue: Queue, most: int) -> Work[None]:
    """Return the SQL that queues news for all webhooks, for the transaction of a cursor's advance.

    Args:
        most: what is queued for one webhook; more is lost to it, and counted.
    """

    def work(connection: Connection) -> None:
        for known in webhook_rows.all_webhooks(connection):
            wanted = [each for each in news if not known.events or each.type in known.events]
            # Whoever takes deliveries, or settles one, waits: what is queued next depends on it.
            webhook = webhook_rows.lock(connection, known.id) if wanted else None
            if webhook is not None:
                _queue_for(connection, webhook, wanted, queue, most)

    return work


def _queue_for(
    connection: Connection, webhook: Webhook, news: Sequence[News], queue: Queue, most: int
) -> None:
    room = most - delivery_rows.count(connection, webhook.id)
    tails: dict[int, Delivery | None] = {}
    lost = 0
    for each in news:
        key = each.document_key
        if key not in tails:
            tails[key] = delivery_rows.tail(connection, webhook.id, key)
        written = queue(tails[key], each, webhook.id)
        added = sum(not delivery.key for delivery in written)
        if added > room:
            lost += 1
            continue
        room -= added
        for delivery in written:
            tails[key] = delivery_rows.put(connection, delivery)
    if lost:
        webhook_rows.save(connection, replace(webhook, lost=webhook.lost + lost))
