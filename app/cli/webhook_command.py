"""`quire webhook`: who is told of changes, in the database; running servers heed it at once."""

import argparse
import sys
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from app.audit.audit_kind import (
    WEBHOOK_CREATED,
    WEBHOOK_PAUSED,
    WEBHOOK_REMOVED,
    WEBHOOK_RESUMED,
    WEBHOOK_RETRIED,
    WEBHOOK_ROTATED,
)
from app.audit.audit_note import COMMAND_LINE, audit_record
from app.cli.current_store import open_current_store
from app.cli.failure import CommandFailed
from app.service.service_error import ServiceError
from app.service.webhook_desk import MAX_DEAD_PAGE, WebhookDesk, WebhookState, shown_origin
from app.settings import Settings
from app.webhook.webhook_http import WebhookHttp
from app.webhook.webhook_message import message_of
from storage.store import Store
from storage.webhooks.webhook_record import Delivery
from sync.error import QuireError
from sync.wire.event import timestamp

_CREATED_BY: Final = "operator"


async def run_webhook_command(settings: Settings, flags: argparse.Namespace) -> None:
    """Do what the flags of `app.cli.webhook_flags` say."""
    http = WebhookHttp(settings.webhook_allowed_networks, settings.webhook_timeout_s)
    async with open_current_store(settings) as store, http:
        desk = WebhookDesk(store.webhooks, http)
        try:
            await _run(store, desk, flags)
        except ServiceError as error:
            raise CommandFailed(error.detail) from None
        except QuireError as error:
            raise CommandFailed(error.message) from None


async def _run(store: Store, desk: WebhookDesk, flags: argparse.Namespace) -> None:
    match flags.action:
        case "add":
            await _add(store, desk, flags)
        case "list":
            await _list(desk)
        case "test":
            await _test(desk, flags.webhook_id)
        case "rotate":
            await _rotate(store, desk, flags)
        case "dead":
            async for delivery in _all_dead(desk, flags.webhook_id):
                _print_dead(delivery)
        case "retry" | "discard":
            await _settle_dead(store, desk, flags)
        case _:
            await _change(store, desk, flags)


async def _add(store: Store, desk: WebhookDesk, flags: argparse.Namespace) -> None:
    webhook, secret = await desk.add(flags.webhook_url, flags.events, _CREATED_BY)
    await _note(store, WEBHOOK_CREATED, webhook=webhook.id, url=shown_origin(webhook.url))
    print(secret)
    print(
        f"Webhook {webhook.id} is told of changes from now on. Its secret is not shown again.",
        file=sys.stderr,
    )


async def _list(desk: WebhookDesk) -> None:
    """Print a line for each webhook, with tabs between the columns."""
    found = await desk.states()
    for state in found:
        print(_line(state))
    if not found:
        print("There are no webhooks.", file=sys.stderr)


async def _test(desk: WebhookDesk, webhook_id: str) -> None:
    failure = await desk.test(webhook_id)
    if failure is not None:
        raise CommandFailed(f"it did not take the message: {failure.error}")
    print("It took the message.", file=sys.stderr)


async def _rotate(store: Store, desk: WebhookDesk, flags: argparse.Namespace) -> None:
    secret, until_ms = await desk.rotate(flags.webhook_id, flags.old_hours)
    await _note(store, WEBHOOK_ROTATED, webhook=flags.webhook_id)
    print(secret)
    until = (
        "" if until_ms is None else f" The one before signs as well until {timestamp(until_ms)}."
    )
    print(f"It signs from now on, and is not shown again.{until}", file=sys.stderr)


async def _change(store: Store, desk: WebhookDesk, flags: argparse.Namespace) -> None:
    webhook_id = flags.webhook_id
    match flags.action:
        case "pause":
            await desk.pause(webhook_id, "an operator has paused it")
            kind, said = WEBHOOK_PAUSED, "paused"
        case "resume":
            await desk.resume(webhook_id)
            kind, said = WEBHOOK_RESUMED, "resumed"
        case "remove":
            await desk.remove(webhook_id)
            kind, said = WEBHOOK_REMOVED, "removed"
        case _:
            raise AssertionError("the grammar has no other action")
    await _note(store, kind, webhook=webhook_id)
    print(f"Webhook {webhook_id} is {said}.", file=sys.stderr)


async def _settle_dead(store: Store, desk: WebhookDesk, flags: argparse.Namespace) -> None:
    webhook_id = flags.webhook_id
    ids = [flags.delivery_id]
    if flags.all:
        ids = [delivery.id async for delivery in _all_dead(desk, webhook_id)]
    for delivery_id in ids:
        if flags.action == "retry":
            await desk.retry(webhook_id, delivery_id)
            await _note(store, WEBHOOK_RETRIED, webhook=webhook_id, delivery=delivery_id)
        else:
            await desk.discard(webhook_id, delivery_id)
    said = "due again" if flags.action == "retry" else "forgotten"
    print(f"{len(ids):,} {said}.", file=sys.stderr)


async def _all_dead(desk: WebhookDesk, webhook_id: str) -> AsyncIterator[Delivery]:
    after = 0
    while found := await desk.dead(webhook_id, after=after, limit=MAX_DEAD_PAGE):
        for delivery in found:
            yield delivery
        after = found[-1].key


def _print_dead(delivery: Delivery) -> None:
    said = {
        "id": delivery.id,
        "attempts": delivery.attempts,
        "error": delivery.last_error,
        "message": msgspec.Raw(message_of(delivery)),
    }
    print(msgspec.json.encode(said).decode())


def _line(state: WebhookState) -> str:
    webhook = state.webhook
    if webhook.paused_at_ms is not None:
        how = f"paused: {webhook.paused_because}"
    elif webhook.failures:
        how = f"failing: {webhook.last_error}"
    else:
        how = "active"
    last_ms = webhook.delivered_at_ms
    return "\t".join(
        (
            webhook.id,
            webhook.url,
            ",".join(webhook.events) or "all",
            f"{webhook.delivered} delivered",
            f"{state.queued} queued",
            f"{state.dead} dead",
            f"{webhook.lost} lost",
            "never" if last_ms is None else timestamp(last_ms),
            how,
        )
    )


async def _note(store: Store, kind: str, **detail: str) -> None:
    await store.audit.append([audit_record(kind, None, COMMAND_LINE, None, **detail)])
