"""The rules of delivering; `tests/property/test_webhook_queue.py` plays them together."""

from itertools import pairwise

from msgspec.structs import replace

from app.webhook.delivery_plan import (
    EDITED,
    MAX_TRIES,
    TROUBLED,
    DeliveryRules,
    Failure,
    after_failure,
    after_success,
    attempted,
    delay_ms,
    due_again,
    paused,
    permitted,
    queued,
    resumed,
)
from storage.webhooks.webhook_record import Delivery, News, Webhook

RULES = DeliveryRules(quiet_ms=5_000, longest_ms=60_000, pause_after_ms=86_400_000)
WEBHOOK = Webhook("w", "https://example.org", b"key", (), "u", 0)
FAILURE = Failure("HTTP 500")


def edit(after: int, upto: int) -> News:
    return News(3, EDITED, "{}", after, upto)


def put(tail: Delivery | None, news: News, now_ms: int) -> list[Delivery]:
    return list(queued(tail, news, "w", lambda: "msg_new", now_ms, RULES))


def stored(delivery: Delivery, key: int = 1) -> Delivery:
    return replace(delivery, key=key)


def test_edits_are_one_delivery_until_they_pause() -> None:
    (first,) = put(None, edit(0, 1), 1_000)
    assert (first.key, first.due_at_ms, first.after, first.upto) == (0, 6_000, 0, 1)
    (more,) = put(stored(first), edit(1, 4), 3_000)
    assert (more.key, more.due_at_ms, more.after, more.upto, more.at_ms) == (1, 8_000, 0, 4, 3_000)


def test_edits_that_go_on_are_told_of_in_time() -> None:
    (tail,) = put(None, edit(0, 1), 0)
    tail = stored(tail)
    for number in range(1, 100):
        (tail,) = put(tail, edit(number, number + 1), number * 1_000)
    assert tail.due_at_ms == RULES.longest_ms


def test_content_of_what_was_attempted_is_settled() -> None:
    (tail,) = put(None, edit(0, 1), 0)
    (new,) = put(attempted(stored(tail), 6_000, 30_000), edit(1, 2), 7_000)
    assert (new.key, new.id, new.after, new.upto) == (0, "msg_new", 1, 2)


def test_edits_with_a_gap_are_two_deliveries() -> None:
    (tail,) = put(None, edit(0, 1), 0)
    written = put(stored(tail), edit(5, 6), 1_000)
    assert [(each.key, each.after, each.upto) for each in written] == [(1, 0, 1), (0, 5, 6)]


def test_what_follows_edits_need_not_wait_for_more_of_them() -> None:
    (tail,) = put(None, edit(0, 1), 0)
    before, new = put(stored(tail), News(3, "version.named", "{}"), 2_000)
    assert (before.key, before.due_at_ms, new.due_at_ms) == (1, 2_000, 2_000)
    (later,) = put(stored(new, 2), edit(1, 2), 3_000)
    assert (later.key, later.due_at_ms) == (0, 8_000)


def test_delays_grow_over_days_and_are_spread() -> None:
    delays = [delay_ms(tries, 0.5) for tries in range(1, MAX_TRIES)]
    assert delays[:3] == [5_000, 15_000, 45_000]
    assert all(a <= b for a, b in pairwise(delays))
    assert 3 * 86_400_000 < sum(delays) < 4 * 86_400_000
    assert delay_ms(3, 0.0) == 36_000
    assert delay_ms(3, 0.999_999) == 54_000
    assert delay_ms(10_000, 0.5) == delays[-1]


def test_failure_is_tried_again_and_given_up_in_the_end() -> None:
    (new,) = put(None, News(3, "document.deleted", "{}"), 0)
    delivery, webhook, now_ms = stored(new), WEBHOOK, 0
    for number in range(1, MAX_TRIES + 1):
        assert not delivery.is_dead
        delivery = attempted(delivery, now_ms, 30_000)
        assert (delivery.tries, delivery.due_at_ms) == (number, now_ms + 30_000)
        # Others succeed in between: it is not the webhook that fails.
        webhook, delivery = after_failure(
            after_success(webhook, now_ms), delivery, FAILURE, now_ms, 0.5, RULES
        )
        assert webhook.paused_at_ms is None
        now_ms = delivery.due_at_ms
    assert delivery.is_dead
    assert delivery.last_error == "HTTP 500"
    again = due_again(delivery, now_ms)
    assert (again.is_dead, again.tries, again.attempts) == (False, 0, MAX_TRIES)


def test_receiver_is_not_asked_before_it_wants_to_be() -> None:
    (new,) = put(None, edit(0, 1), 0)
    delivery = attempted(stored(new), 0, 30_000)
    _, later = after_failure(
        WEBHOOK, delivery, Failure("HTTP 503", retry_after_ms=120_000), 0, 0.5, RULES
    )
    assert later.due_at_ms == 120_000
    _, bounded = after_failure(
        WEBHOOK, delivery, Failure("HTTP 503", retry_after_ms=10**12), 0, 0.5, RULES
    )
    assert bounded.due_at_ms == 86_400_000


def test_webhook_that_fails_is_sent_one_at_a_time_and_then_nothing() -> None:
    webhook = WEBHOOK
    (new,) = put(None, edit(0, 1), 0)
    delivery = attempted(stored(new), 0, 30_000)
    for _ in range(TROUBLED):
        assert permitted(webhook, 0, 8, 30_000) == (8, webhook)
        webhook, _ = after_failure(webhook, delivery, FAILURE, 0, 0.5, RULES)
    assert permitted(webhook, 0, 8, 30_000)[0] == 0
    most, asked = permitted(webhook, 60_000, 8, 30_000)
    assert (most, asked.not_before_ms) == (1, 90_000)
    assert permitted(asked, 70_000, 8, 30_000)[0] == 0
    # Its process has died: somebody else asks.
    assert permitted(asked, 90_000, 8, 30_000)[0] == 1
    for _ in range(100):
        webhook, _ = after_failure(webhook, delivery, FAILURE, 86_399_999, 0.5, RULES)
        assert webhook.paused_at_ms is None
        assert webhook.not_before_ms <= 86_399_999 + 60_000
    webhook, left = after_failure(webhook, delivery, FAILURE, 86_400_000, 0.5, RULES)
    assert webhook.paused_at_ms == 86_400_000
    assert webhook.paused_because == "106 failures in 24 hours: HTTP 500"
    assert not left.is_dead
    assert permitted(webhook, 10**15, 8, 30_000)[0] == 0
    assert permitted(resumed(webhook), 86_400_001, 8, 30_000)[0] == 8


def test_last_try_that_pauses_the_webhook_is_not_the_end_of_a_delivery() -> None:
    (new,) = put(None, edit(0, 1), 0)
    delivery = replace(stored(new), tries=MAX_TRIES, attempts=MAX_TRIES)
    failing = replace(WEBHOOK, failures=20, failing_since_ms=0)
    webhook, left = after_failure(failing, delivery, FAILURE, 86_400_000, 0.5, RULES)
    assert webhook.paused_at_ms is not None
    assert not left.is_dead


def test_success_makes_all_failures_forgotten() -> None:
    failing = replace(WEBHOOK, failures=20, failing_since_ms=5, not_before_ms=9, last_error="x")
    assert after_success(failing, 77) == replace(WEBHOOK, delivered=1, delivered_at_ms=77)


def test_receiver_that_is_gone_is_paused_at_once() -> None:
    (new,) = put(None, edit(0, 1), 0)
    webhook, left = after_failure(
        WEBHOOK, stored(new), Failure("HTTP 410", is_gone=True), 50, 0.5, RULES
    )
    assert webhook.paused_at_ms == 50
    assert "410" in webhook.paused_because
    assert not left.is_dead


def test_pause_keeps_its_first_reason() -> None:
    first = paused(WEBHOOK, 5, "an operator has paused it")
    assert paused(first, 9, "another") == first
