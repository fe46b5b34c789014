"""The rules of delivering: what is queued, what is sent when, and what becomes of a failure. Pure.

    change ──▶ queued ──due──▶ attempted ──▶ delivered
                 ▲                │ failed
                 └── later ───────┤
                                  ├──▶ dead: the webhook takes others, but never took this one
                                  └──▶ the webhook is paused: it has taken nothing for long

Of one document, deliveries are made in the order of its changes: only the first that is queued is
ever attempted. Edits that nobody has been told of yet are one delivery; with its first attempt its
content is settled, since the receiver may have it, under its id.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from storage.webhooks.webhook_record import Delivery, News, Webhook

EDITED: Final = "document.edited"
_FIRST_DELAY_MS: Final = 5_000
_GROWTH: Final = 3
_MAX_DELAY_MS: Final = 12 * 3_600_000
_JITTER: Final = 0.2
MAX_TRIES: Final = 15
"""Three days: 5 s, 15 s, 45 s, 2 min, 7 min, 20 min, 1 h, 3 h, 9 h, then every 12 h."""
_MAX_RETRY_AFTER_MS: Final = 24 * 3_600_000
TROUBLED: Final = 5
"""Failures in a row after which a webhook is sent one delivery at a time, and not at once."""
_FIRST_REST_MS: Final = 2_000
_MAX_REST_MS: Final = 60_000
_MAX_ERROR_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class DeliveryRules:
    """The times that an operator may set.

    Args:
        quiet_ms: edits of a document are told of when there were none for so long …
        longest_ms: … or when the first of them is so old.
        pause_after_ms: a webhook that has only failed for so long is paused.
    """

    quiet_ms: int = 5_000
    longest_ms: int = 60_000
    pause_after_ms: int = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that was not answered with success."""

    error: str
    """For operators: without anything that the receiver has sent but its status."""
    retry_after_ms: int = 0
    """The time for which the receiver has asked."""
    is_gone: bool = False
    """The receiver wants nothing any more (HTTP 410)."""


def queued(
    tail: Delivery | None,
    news: News,
    webhook_id: str,
    make_id: Callable[[], str],
    now_ms: int,
    rules: DeliveryRules,
) -> Sequence[Delivery]:
    """Return what is to be written so that news follow the last delivery that is queued.

    Args:
        tail: the last one of the same document; None: nothing of it is queued.

    Returns:
        Deliveries; those with a key replace what is stored under it.
    """
    is_open = tail is not None and tail.type == EDITED and not tail.attempts
    if news.type == EDITED:
        if tail is not None and is_open and tail.upto == news.after:
            due_ms = min(now_ms + rules.quiet_ms, tail.first_at_ms + rules.longest_ms)
            return (replace(tail, upto=news.upto, at_ms=now_ms, due_at_ms=due_ms),)
        due_ms = now_ms + rules.quiet_ms
    else:
        due_ms = now_ms
    new = Delivery(
        key=0,
        webhook_id=webhook_id,
        document_key=news.document_key,
        id=make_id(),
        type=news.type,
        detail=news.detail,
        after=news.after,
        upto=news.upto,
        first_at_ms=now_ms,
        at_ms=now_ms,
        due_at_ms=due_ms,
    )
    if tail is not None and is_open:
        # What comes after it need not wait for further edits, which are another delivery now.
        return replace(tail, due_at_ms=min(tail.due_at_ms, now_ms)), new
    return (new,)


def permitted(webhook: Webhook, now_ms: int, most: int, lease_ms: int) -> tuple[int, Webhook]:
    """Return how many deliveries may be attempted now, and the webhook as it is then.

    Args:
        lease_ms: the time after which an attempt without an outcome counts as made by a process
            that has ended.
    """
    if webhook.paused_at_ms is not None:
        return 0, webhook
    if webhook.failures < TROUBLED:
        return most, webhook
    if now_ms < webhook.not_before_ms:
        return 0, webhook
    # Until its outcome is known, nobody sends another.
    return min(most, 1), replace(webhook, not_before_ms=now_ms + lease_ms)


def attempted(delivery: Delivery, now_ms: int, lease_ms: int) -> Delivery:
    """Return a delivery as it is before it is sent: another process may try it after the lease."""
    return replace(
        delivery,
        attempts=delivery.attempts + 1,
        tries=delivery.tries + 1,
        due_at_ms=now_ms + lease_ms,
    )


def after_success(webhook: Webhook, now_ms: int) -> Webhook:
    """Return a webhook that has just taken a delivery."""
    return replace(
        webhook,
        failures=0,
        failing_since_ms=None,
        not_before_ms=0,
        last_error="",
        delivered=webhook.delivered + 1,
        delivered_at_ms=now_ms,
    )


def after_failure(
    webhook: Webhook,
    delivery: Delivery,
    failure: Failure,
    now_ms: int,
    chance: float,
    rules: DeliveryRules,
) -> tuple[Webhook, Delivery]:
    """Return a webhook and a delivery of which an attempt has failed.

    Args:
        chance: random, from 0 to below 1: it spreads what would come back all at once.
    """
    error = failure.error[:_MAX_ERROR_CHARS]
    since_ms = now_ms if webhook.failing_since_ms is None else webhook.failing_since_ms
    failures = webhook.failures + 1
    webhook = replace(
        webhook,
        failures=failures,
        failing_since_ms=since_ms,
        not_before_ms=now_ms + _rest_ms(failures, chance),
        last_error=error,
    )
    wait_ms = max(
        delay_ms(delivery.tries, chance), min(failure.retry_after_ms, _MAX_RETRY_AFTER_MS)
    )
    delivery = replace(delivery, due_at_ms=now_ms + wait_ms, last_error=error)
    if webhook.paused_at_ms is not None:
        return webhook, delivery
    if failure.is_gone:
        return paused(webhook, now_ms, "it answers that it is gone (HTTP 410)"), delivery
    if failures >= TROUBLED and now_ms - since_ms >= rules.pause_after_ms:
        hours = round((now_ms - since_ms) / 3_600_000, 1)
        return paused(webhook, now_ms, f"{failures} failures in {hours:g} hours: {error}"), delivery
    if delivery.tries >= MAX_TRIES:
        return webhook, replace(delivery, is_dead=True)
    return webhook, delivery


def delay_ms(tries: int, chance: float) -> int:
    """Return the time to the next attempt, after so many have failed."""
    exponent = min(max(tries, 1) - 1, MAX_TRIES)
    base: int = min(_FIRST_DELAY_MS * _GROWTH**exponent, _MAX_DELAY_MS)
    return round(base * (1 - _JITTER + 2 * _JITTER * chance))


def _rest_ms(failures: int, chance: float) -> int:
    exponent = min(max(failures - TROUBLED, 0), 16)
    base: int = min(_FIRST_REST_MS * 2**exponent, _MAX_REST_MS)
    return round(base * (1 - _JITTER * chance))


def paused(webhook: Webhook, now_ms: int, reason: str) -> Webhook:
    """Return a webhook that is sent nothing until somebody resumes it; one that is stays so."""
    if webhook.paused_at_ms is not None:
        return webhook
    return replace(webhook, paused_at_ms=now_ms, paused_because=reason)


def resumed(webhook: Webhook) -> Webhook:
    """Return a webhook that is sent what was queued meanwhile, from now on."""
    return replace(
        webhook,
        paused_at_ms=None,
        paused_because="",
        failures=0,
        failing_since_ms=None,
        not_before_ms=0,
    )


def due_again(delivery: Delivery, now_ms: int) -> Delivery:
    """Return a delivery that is due now, with all its tries before it, be it dead or not.

    Its content stays settled, if it was.
    """
    due_ms = min(delivery.due_at_ms, now_ms)
    return replace(delivery, is_dead=False, tries=0, due_at_ms=due_ms)
