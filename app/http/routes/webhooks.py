"""`/api/webhooks`: for operators, the addresses that are told of changes."""

from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from app.audit.audit_kind import (
    WEBHOOK_CREATED,
    WEBHOOK_PAUSED,
    WEBHOOK_REMOVED,
    WEBHOOK_RESUMED,
    WEBHOOK_RETRIED,
    WEBHOOK_ROTATED,
)
from app.http.access import StateOf, problems
from app.http.noting import NotingOf
from app.http.people_access import NOT_KEPT, OperatorOf
from app.http.webhook_schema import (
    DeadDelivery,
    DeadList,
    MadeWebhook,
    NewSecret,
    NewWebhook,
    SecretChange,
    TestOutcome,
    WebhookChange,
    WebhookEntry,
    WebhookList,
)
from app.service.webhook_desk import MAX_DEAD_PAGE, WebhookDesk, WebhookState, shown_origin
from app.webhook.webhook_message import message_of
from storage.webhooks.webhook_record import Delivery
from sync.wire.event import timestamp

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"], dependencies=[NOT_KEPT])

_MAX_KEY: Final = (1 << 53) - 1


async def _desk_of(state: StateOf, _: OperatorOf) -> WebhookDesk:
    return state.webhooks


DeskOf = Annotated[WebhookDesk, Depends(_desk_of)]
"""The webhooks, for an operator."""


@router.get("", responses=problems(403))
async def list_webhooks(desk: DeskOf) -> WebhookList:
    """List all webhooks, without their secrets."""
    return WebhookList(webhooks=[_entry(each) for each in await desk.states()])


@router.post("", status_code=201, responses=problems(403, 409, 413))
async def add_webhook(
    new: NewWebhook, desk: DeskOf, operator: OperatorOf, note: NotingOf
) -> MadeWebhook:
    """Make a webhook. Its secret is shown this once."""
    webhook, secret = await desk.add(new.url, new.events, operator.user.id)
    note(WEBHOOK_CREATED, webhook=webhook.id, url=shown_origin(webhook.url))
    return MadeWebhook(**_fields(WebhookState(webhook, 0, 0)), secret=secret)


@router.get("/{webhook}", responses=problems(403, 404))
async def read_webhook(webhook: str, desk: DeskOf) -> WebhookEntry:
    """Describe a webhook."""
    return _entry(await desk.state(webhook))


@router.patch("/{webhook}", responses=problems(403, 404, 413))
async def change_webhook(
    webhook: str, change: WebhookChange, desk: DeskOf, note: NotingOf
) -> WebhookEntry:
    """Pause a webhook, or resume it; what is to be told is queued meanwhile."""
    if change.paused:
        await desk.pause(webhook, "an operator has paused it")
    else:
        await desk.resume(webhook)
    note(WEBHOOK_PAUSED if change.paused else WEBHOOK_RESUMED, webhook=webhook)
    return _entry(await desk.state(webhook))


@router.delete("/{webhook}", status_code=204, response_class=Response, responses=problems(403, 404))
async def remove_webhook(webhook: str, desk: DeskOf, note: NotingOf) -> Response:
    """Remove a webhook, and what is queued for it."""
    await desk.remove(webhook)
    note(WEBHOOK_REMOVED, webhook=webhook)
    return Response(status_code=204)


@router.post("/{webhook}/secret", responses=problems(403, 404, 413))
async def change_secret(
    webhook: str, change: SecretChange, desk: DeskOf, note: NotingOf
) -> NewSecret:
    """Give a webhook another secret. For `old_hours`, messages have the signatures of both."""
    secret, until_ms = await desk.rotate(webhook, change.old_hours)
    note(WEBHOOK_ROTATED, webhook=webhook)
    return NewSecret(secret=secret, old_until=None if until_ms is None else timestamp(until_ms))


@router.post("/{webhook}/test", responses=problems(403, 404))
async def try_webhook(webhook: str, desk: DeskOf) -> TestOutcome:
    """Send a webhook a message of the type `webhook.test`, once, paused or not."""
    failure = await desk.test(webhook)
    return TestOutcome(ok=failure is None, error=None if failure is None else failure.error)


@router.get("/{webhook}/dead", responses=problems(403, 404))
async def list_dead(
    webhook: str,
    desk: DeskOf,
    limit: Annotated[int, Query(ge=1, le=MAX_DEAD_PAGE)] = MAX_DEAD_PAGE,
    after: Annotated[int, Query(ge=0, le=_MAX_KEY, description="`next` of a page.")] = 0,
) -> DeadList:
    """List the deliveries that were given up, in their order."""
    found = await desk.dead(webhook, after=after, limit=limit)
    following = str(found[-1].key) if len(found) == limit else None
    return DeadList(deliveries=[_dead(each) for each in found], next=following)


@router.post(
    "/{webhook}/dead/{delivery}/retry",
    status_code=204,
    response_class=Response,
    responses=problems(403, 404),
)
async def retry_delivery(webhook: str, delivery: str, desk: DeskOf, note: NotingOf) -> Response:
    """Send a delivery again that was given up, before what is queued of its document."""
    await desk.retry(webhook, delivery)
    note(WEBHOOK_RETRIED, webhook=webhook, delivery=delivery)
    return Response(status_code=204)


@router.delete(
    "/{webhook}/dead/{delivery}",
    status_code=204,
    response_class=Response,
    responses=problems(403, 404),
)
async def discard_delivery(webhook: str, delivery: str, desk: DeskOf) -> Response:
    """Forget a delivery that was given up."""
    await desk.discard(webhook, delivery)
    return Response(status_code=204)


def _entry(state: WebhookState) -> WebhookEntry:
    return WebhookEntry(**_fields(state))


def _fields(state: WebhookState) -> dict[str, Any]:
    webhook = state.webhook
    delivered_ms = webhook.delivered_at_ms
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(webhook.events),
        "created_by": webhook.created_by,
        "created_at": timestamp(webhook.created_at_ms),
        "paused": webhook.paused_at_ms is not None,
        "paused_because": webhook.paused_because or None,
        "failures": webhook.failures,
        "last_error": webhook.last_error or None,
        "delivered": webhook.delivered,
        "delivered_at": None if delivered_ms is None else timestamp(delivered_ms),
        "queued": state.queued,
        "dead": state.dead,
        "lost": webhook.lost,
    }


def _dead(delivery: Delivery) -> DeadDelivery:
    return DeadDelivery(
        id=delivery.id,
        type=delivery.type,
        attempts=delivery.attempts,
        error=delivery.last_error,
        message=msgspec.json.decode(message_of(delivery)),
    )
