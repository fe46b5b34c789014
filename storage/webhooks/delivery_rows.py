"""Rows of deliveries: queued for webhooks in the order of the feed, and taken one per document."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import asdict, replace
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from storage.table import webhook_deliveries, webhooks
from storage.webhooks.webhook_record import Delivery, QueueOutlook, QueueSizes

_RENAMED = {"after": "after_version", "upto": "upto_version"}
_columns = webhook_deliveries.c
_of_webhook = _columns.webhook_id == bindparam("of_webhook")
_of_document = _columns.document_key == bindparam("of_document")
_queued = _columns.is_dead.is_(False)
_earlier = webhook_deliveries.alias("earlier")
_is_first = ~(
    select(_earlier.c.key)
    .where(
        _earlier.c.webhook_id == _columns.webhook_id,
        _earlier.c.document_key == _columns.document_key,
        _earlier.c.is_dead.is_(False),
        _earlier.c.key < _columns.key,
    )
    .exists()
)
_insert = insert(webhook_deliveries)
_save = update(webhook_deliveries).where(_columns.key == bindparam("of_key"))
_remove = delete(webhook_deliveries).where(_columns.key == bindparam("of_key"))
_by_key = select(*_columns).where(_columns.key == bindparam("of_key"))
_by_id = select(*_columns).where(_of_webhook, _columns.id == bindparam("of_id"))
_tail = (
    select(*_columns)
    .where(_of_webhook, _of_document, _queued)
    .order_by(_columns.key.desc())
    .limit(1)
)
_count = select(func.count()).where(_of_webhook, _queued)
_due = (
    select(*_columns)
    .where(_of_webhook, _queued, _columns.due_at_ms <= bindparam("now_ms"), _is_first)
    .order_by(_columns.due_at_ms, _columns.key)
    .limit(bindparam("most"))
)
_all_queued = select(*_columns).where(_of_webhook, _queued)
_dead = (
    select(*_columns)
    .where(_of_webhook, _columns.is_dead, _columns.key > bindparam("after_key"))
    .order_by(_columns.key)
    .limit(bindparam("most"))
)
_counts = (
    select(_columns.webhook_id, _columns.is_dead, func.count())
    .group_by(_columns.webhook_id, _columns.is_dead)
    .order_by(_columns.webhook_id)
)
_due_webhooks = (
    select(webhooks.c.id)
    .where(
        webhooks.c.paused_at_ms.is_(None),
        webhooks.c.not_before_ms <= bindparam("now_ms"),
        select(_columns.key)
        .where(
            _columns.webhook_id == webhooks.c.id,
            _queued,
            _columns.due_at_ms <= bindparam("now_ms"),
            _is_first,
        )
        .exists(),
    )
    .order_by(webhooks.c.id)
)
_oldest = (
    select(func.min(_columns.at_ms))
    .join_from(webhook_deliveries, webhooks, webhooks.c.id == _columns.webhook_id)
    .where(_queued, webhooks.c.paused_at_ms.is_(None))
)
_paused = select(func.count()).where(webhooks.c.paused_at_ms.is_not(None))
_number = select(func.count()).select_from(webhooks)


def put(connection: Connection, delivery: Delivery) -> Delivery:
    """Store a delivery, or replace the one under its key; return it with its key."""
    if delivery.key:
        connection.execute(_save.values(_row(delivery)), {"of_key": delivery.key})
        return delivery
    done = connection.execute(_insert, _row(delivery))
    assert done.inserted_primary_key is not None, "a single row was inserted"
    return replace(delivery, key=done.inserted_primary_key[0])


def remove(connection: Connection, key: int) -> None:
    connection.execute(_remove, {"of_key": key})


def find(connection: Connection, key: int) -> Delivery | None:
    row = connection.execute(_by_key, {"of_key": key}).one_or_none()
    return None if row is None else _record(row)


def find_id(connection: Connection, webhook_id: str, delivery_id: str) -> Delivery | None:
    wanted = {"of_webhook": webhook_id, "of_id": delivery_id}
    row = connection.execute(_by_id, wanted).one_or_none()
    return None if row is None else _record(row)


def tail(connection: Connection, webhook_id: str, document_key: int) -> Delivery | None:
    """Return the last delivery of a document that is queued for a webhook."""
    wanted = {"of_webhook": webhook_id, "of_document": document_key}
    row = connection.execute(_tail, wanted).one_or_none()
    return None if row is None else _record(row)


def count(connection: Connection, webhook_id: str) -> int:
    """Return how many deliveries are queued for a webhook."""
    return int(connection.execute(_count, {"of_webhook": webhook_id}).scalar_one())


def due(connection: Connection, webhook_id: str, now_ms: int, most: int) -> list[Delivery]:
    """Return what is due of documents, the first of each, the longest due first."""
    wanted = {"of_webhook": webhook_id, "now_ms": now_ms, "most": most}
    return _records(connection.execute(_due, wanted))


def all_queued(connection: Connection, webhook_id: str) -> list[Delivery]:
    return _records(connection.execute(_all_queued, {"of_webhook": webhook_id}))


def dead(connection: Connection, webhook_id: str, after: int, most: int) -> list[Delivery]:
    """Return dead deliveries after a key, in the order in which they were queued."""
    wanted = {"of_webhook": webhook_id, "after_key": after, "most": most}
    return _records(connection.execute(_dead, wanted))


def counts(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return, for each webhook that has any, how many deliveries are queued, and how many dead."""
    found: dict[str, tuple[int, int]] = {}
    for webhook_id, is_dead, number in connection.execute(_counts):
        queued, gone = found.get(webhook_id, (0, 0))
        found[webhook_id] = (queued, number) if is_dead else (number, gone)
    return found


def sizes(connection: Connection) -> QueueSizes:
    """Return what waits for all webhooks together."""
    number = int(connection.execute(_number).scalar_one())
    if not number:
        return QueueSizes()
    found = counts(connection).values()
    return QueueSizes(
        number,
        int(connection.execute(_paused).scalar_one()),
        sum(queued for queued, _ in found),
        sum(gone for _, gone in found),
        connection.execute(_oldest).scalar_one(),
    )


def outlook(connection: Connection, now_ms: int) -> QueueOutlook:
    """Return what there is to do, at a moment."""
    number = int(connection.execute(_number).scalar_one())
    if not number:
        return QueueOutlook(0, ())
    return QueueOutlook(number, tuple(connection.scalars(_due_webhooks, {"now_ms": now_ms})))


def _row(delivery: Delivery) -> dict[str, Any]:
    return {_RENAMED.get(k, k): v for k, v in asdict(delivery).items() if k != "key"}


def _record(row: Sequence[Any]) -> Delivery:
    return Delivery(*row)


def _records(rows: Any) -> list[Delivery]:
    return [_record(row) for row in rows]
