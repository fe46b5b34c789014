"""Rows of webhooks."""

from typing import Any

import msgspec
from msgspec.structs import asdict
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from storage.table import webhook_deliveries, webhooks
from storage.webhooks.webhook_record import Webhook

_decode_events = msgspec.json.Decoder(tuple[str, ...]).decode

_insert = insert(webhooks)
_all = select(*webhooks.c).order_by(webhooks.c.created_at_ms, webhooks.c.id)
_one = select(*webhooks.c).where(webhooks.c.id == bindparam("of_webhook"))
_one_locked = _one.with_for_update()
_count = select(func.count()).select_from(webhooks)
_save = update(webhooks).where(webhooks.c.id == bindparam("of_webhook"))
_remove = delete(webhooks).where(webhooks.c.id == bindparam("of_webhook"))
_remove_deliveries = delete(webhook_deliveries).where(
    webhook_deliveries.c.webhook_id == bindparam("of_webhook")
)


def add(connection: Connection, webhook: Webhook) -> None:
    connection.execute(_insert, _row(webhook))


def all_webhooks(connection: Connection) -> list[Webhook]:
    """Return all webhooks, oldest first."""
    return [_record(row) for row in connection.execute(_all)]


def find(connection: Connection, webhook_id: str) -> Webhook | None:
    row = connection.execute(_one, {"of_webhook": webhook_id}).one_or_none()
    return None if row is None else _record(row)


def lock(connection: Connection, webhook_id: str) -> Webhook | None:
    """Return a webhook; whoever else locks it waits until the commit."""
    row = connection.execute(_one_locked, {"of_webhook": webhook_id}).one_or_none()
    return None if row is None else _record(row)


def count(connection: Connection) -> int:
    return int(connection.execute(_count).scalar_one())


def save(connection: Connection, webhook: Webhook) -> None:
    """Replace a webhook that is locked."""
    values = {name: value for name, value in _row(webhook).items() if name != "id"}
    connection.execute(_save.values(values), {"of_webhook": webhook.id})


def remove(connection: Connection, webhook_id: str) -> bool:
    """Remove a webhook and what is queued for it; False: there was none."""
    connection.execute(_remove_deliveries, {"of_webhook": webhook_id})
    return connection.execute(_remove, {"of_webhook": webhook_id}).rowcount == 1


def _row(webhook: Webhook) -> dict[str, Any]:
    return asdict(webhook) | {"events": msgspec.json.encode(webhook.events).decode()}


def _record(row: Any) -> Webhook:
    return Webhook(**(row._asdict() | {"events": _decode_events(row.events)}))
