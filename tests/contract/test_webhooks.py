"""Webhooks in SQL: queued with the feed, taken once, in the order of each document."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
from msgspec.structs import replace

from app.webhook.delivery_plan import (
    DeliveryRules,
    Failure,
    after_failure,
    after_success,
    attempted,
    due_again,
    paused,
    permitted,
    queued,
    resumed,
)
from storage.access.access_record import LinkRecord
from storage.fullness import FullError
from storage.store import Store
from storage.versions.named_version import NamedVersion
from storage.webhooks.sql_webhooks import WEBHOOK_CURSOR, queue_work
from storage.webhooks.webhook_record import Delivery, News, Webhook
from sync.changes import Change
from tests.contract.conftest import new_document
from tests.contract.sample import append, event, open_whole

pytestmark = pytest.mark.anyio

RULES = DeliveryRules(quiet_ms=5, longest_ms=50, pause_after_ms=1_000_000)
LEASE_MS = 100


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = open_whole(database_url)
    yield store
    await store.aclose()


def webhook(name: str = "w", *, events: tuple[str, ...] = ()) -> Webhook:
    return Webhook(name, "https://example.org/hook", b"key", events, "u1", 7)


async def document(store: Store, name: str) -> int:
    record, _ = await store.log.create(new_document(name))
    return record.key


async def changes(store: Store) -> list[Change]:
    """All that webhooks have not been told yet; afterwards they have."""
    claim = await store.log.changes.claim(
        WEBHOOK_CURSOR, "me", limit=1_000, now_ms=0, lease_ms=1_000
    )
    if claim is None:
        return []
    assert await store.log.changes.advance(claim, claim.changes[-1].position)
    return list(claim.changes)


class Numbers:
    def __init__(self) -> None:
        self.number = 0

    def __call__(self) -> str:
        self.number += 1
        return f"msg_{self.number}"


_numbers = Numbers()


async def put(store: Store, *news: News, now_ms: int = 0, most: int = 1_000) -> None:
    def queue(tail: Delivery | None, each: News, webhook_id: str) -> list[Delivery]:
        return list(queued(tail, each, webhook_id, _numbers, now_ms, RULES))

    async with store.log._database.write() as transaction:
        await transaction.run(queue_work(news, queue, most))


async def take(store: Store, now_ms: int, *, most: int = 8, name: str = "w") -> list[Delivery]:
    found = await store.webhooks.take(
        name,
        now_ms,
        partial(permitted, now_ms=now_ms, most=most, lease_ms=LEASE_MS),
        partial(attempted, now_ms=now_ms, lease_ms=LEASE_MS),
    )
    assert found is not None
    return found[1]


async def succeed(store: Store, delivery: Delivery, now_ms: int) -> bool:
    settled = await store.webhooks.settle(
        delivery, lambda found, _: (after_success(found, now_ms), None)
    )
    return settled is not None


async def fail(store: Store, delivery: Delivery, now_ms: int) -> bool:
    settled = await store.webhooks.settle(
        delivery,
        lambda found, each: after_failure(found, each, Failure("no"), now_ms, 0.5, RULES),
    )
    return settled is not None


async def test_webhook_is_told_of_what_is_committed_after_it_was_made(store: Store) -> None:
    await document(store, "before")
    assert await store.log.changes.cursors() == {}
    await store.webhooks.add(webhook(), most=2)
    key = await document(store, "after")
    assert await changes(store) == [Change(1, "created", key, "after", 0, 0)]
    assert await store.webhooks.all() == [webhook()]


async def test_webhooks_are_bounded_and_the_last_one_takes_the_cursor_with_it(
    store: Store,
) -> None:
    await store.webhooks.add(webhook("a"), most=2)
    await store.webhooks.add(webhook("b"), most=2)
    with pytest.raises(FullError):
        await store.webhooks.add(webhook("c"), most=2)
    key = await document(store, "notes")
    await put(store, News(key, "document.created", "{}"))
    assert await store.webhooks.remove("a")
    assert not await store.webhooks.remove("a")
    assert await store.webhooks.counts() == {"b": (1, 0)}
    assert await store.log.changes.cursors() == {WEBHOOK_CURSOR: 0}
    assert await store.webhooks.remove("b")
    assert await store.log.changes.cursors() == {}
    assert (await store.webhooks.outlook(1_000)).webhooks == 0


async def test_names_of_versions_and_members_are_in_the_feed(store: Store) -> None:
    key = await document(store, "notes")
    await append(store.log, key, event(1))
    await store.webhooks.add(webhook(), most=1)
    named = NamedVersion(
        key,
        "Final",
        1,
        "",
        is_automatic=False,
        created_by="u1",
        created_by_name="Ada",
        created_at_ms=1,
        at_ms=1,
    )
    assert await store.versions.add(named)
    assert await store.versions.add(named) is False
    noted = replace(named, note="A note")
    assert await store.versions.change(named, noted)
    renamed = replace(noted, name="Last")
    assert await store.versions.change(noted, renamed)
    await store.access.set_grant(key, "user:u2", "editor", 1)
    await store.access.set_grant(key, "user:u2", "viewer", 2)
    await store.access.set_grant(key, "everyone", "viewer", 2)
    await store.access.set_grant(key, "user:u2", None, 3)
    await store.access.set_grant(key, "user:u2", "owner", 4)
    link = LinkRecord("l1", key, b"hash", "viewer", "u1", 1, None)
    await store.access.create_link(link)
    assert await store.access.redeem(b"hash", "u3", 5)
    assert await store.access.redeem(b"hash", "u3", 6)
    found = [(each.kind, each.name, each.detail) for each in await changes(store)]
    assert found == [
        ("named", "notes", '{"version":1,"name":"Final","user":"u1"}'),
        ("named", "notes", '{"version":1,"name":"Last","user":"u1"}'),
        ("joined", "notes", '{"user":"u2","role":"editor","by":"grant"}'),
        ("joined", "notes", '{"user":"u2","role":"owner","by":"grant"}'),
        ("joined", "notes", '{"user":"u3","role":"viewer","by":"link"}'),
    ]


async def test_each_webhook_gets_what_it_wants(store: Store) -> None:
    await store.webhooks.add(webhook("all"), most=2)
    await store.webhooks.add(webhook("some", events=("version.named",)), most=2)
    await put(store, News(1, "document.deleted", "{}"), News(1, "version.named", "{}"))
    assert await store.webhooks.counts() == {"all": (2, 0), "some": (1, 0)}
    assert (await store.webhooks.outlook(0)).due == ("all", "some")


async def test_first_of_each_document_is_taken_once(store: Store) -> None:
    await store.webhooks.add(webhook(), most=1)
    news = [News(key, "version.named", f'{{"n":{n}}}') for key in (1, 2, 3) for n in (1, 2)]
    await put(store, *news)
    taken = await take(store, 0, most=2)
    assert [(each.document_key, each.detail) for each in taken] == [(1, '{"n":1}'), (2, '{"n":1}')]
    assert [each.document_key for each in await take(store, 0)] == [3]
    assert await take(store, 0) == []
    assert (await store.webhooks.outlook(0)).due == ()
    assert await succeed(store, taken[0], 1)
    following = await take(store, 1)
    assert [(each.document_key, each.detail) for each in following] == [(1, '{"n":2}')]


async def test_two_processes_never_take_the_same(store: Store, database_url: str) -> None:
    other = open_whole(database_url)
    try:
        await store.webhooks.add(webhook(), most=1)
        await put(store, *(News(key, "document.deleted", "{}") for key in range(1, 41)))
        both = await asyncio.gather(
            *(take(each, 0, most=3) for _ in range(10) for each in (store, other))
        )
        keys = [each.document_key for found in both for each in found]
        assert sorted(keys) == list(range(1, 41))
    finally:
        await other.aclose()


async def test_failure_holds_back_its_document_alone(store: Store) -> None:
    await store.webhooks.add(webhook(), most=1)
    await put(store, *(News(key, "version.named", "{}") for key in (1, 1, 2, 2)))
    first, second = await take(store, 0)
    assert await fail(store, first, 0)
    assert await succeed(store, second, 0)
    (other,) = await take(store, 50)
    assert other.document_key == 2
    assert await succeed(store, other, 50)
    assert await take(store, 4_999) == []
    (again,) = await take(store, 5_000, most=1)
    assert (again.id, again.attempts) == (first.id, 2)


async def test_attempt_of_a_process_that_died_is_made_again_and_its_outcome_does_not_count(
    store: Store,
) -> None:
    await store.webhooks.add(webhook(), most=1)
    await put(store, News(1, "version.named", "{}"))
    (dying,) = await take(store, 0)
    assert await take(store, LEASE_MS - 1) == []
    (again,) = await take(store, LEASE_MS)
    assert again.id == dying.id
    assert not await fail(store, dying, LEASE_MS)
    assert await succeed(store, again, LEASE_MS)
    assert not await succeed(store, dying, LEASE_MS)
    found = await store.webhooks.find("w")
    assert found is not None
    assert (found.delivered, found.failures) == (1, 0)


async def test_edits_grow_until_they_are_attempted(store: Store) -> None:
    await store.webhooks.add(webhook(), most=1)
    await put(store, News(1, "document.edited", "{}", 0, 2), now_ms=0)
    await put(store, News(1, "document.edited", "{}", 2, 3), now_ms=3)
    assert await take(store, 7) == []
    (first,) = await take(store, 8)
    assert (first.after, first.upto) == (0, 3)
    await put(store, News(1, "document.edited", "{}", 3, 4), now_ms=9)
    assert await fail(store, first, 10)
    (again,) = await take(store, 6_000)
    assert (again.id, again.after, again.upto) == (first.id, 0, 3)
    assert await succeed(store, again, 6_000)
    (later,) = await take(store, 6_000)
    assert (later.after, later.upto) == (3, 4)


def _kill(webhook: Webhook, delivery: Delivery) -> tuple[Webhook, Delivery]:
    return webhook, replace(delivery, is_dead=True, last_error="HTTP 500")


async def test_dead_deliveries_are_listed_sent_again_and_forgotten(store: Store) -> None:
    await store.webhooks.add(webhook(), most=1)
    await put(store, *(News(1, "version.named", f'{{"n":{n}}}') for n in (1, 2, 3)))
    for _ in range(2):
        (each,) = await take(store, 0)
        await store.webhooks.settle(each, _kill)
    assert await store.webhooks.counts() == {"w": (1, 2)}
    dead = await store.webhooks.dead("w", after=0, most=10)
    assert [each.detail for each in dead] == ['{"n":1}', '{"n":2}']
    assert await store.webhooks.dead("w", after=dead[0].key, most=10) == dead[1:]
    assert await store.webhooks.change_dead("w", dead[0].id, None) == dead[0]
    assert await store.webhooks.change_dead("w", dead[0].id, None) is None
    assert await store.webhooks.change_dead("other", dead[1].id, None) is None
    assert await store.webhooks.change_dead("w", dead[1].id, partial(due_again, now_ms=0))
    assert [each.detail for each in await take(store, 0)] == ['{"n":2}']
    assert await store.webhooks.counts() == {"w": (2, 0)}


async def test_paused_webhook_is_sent_nothing_until_it_is_resumed(store: Store) -> None:
    await store.webhooks.add(webhook(), most=1)
    await put(store, News(1, "version.named", "{}"))
    (each,) = await take(store, 0)
    assert await fail(store, each, 0)
    assert await store.webhooks.change("w", partial(paused, now_ms=1, reason="why")) is not None
    await put(store, News(2, "version.named", "{}"))
    assert (await store.webhooks.outlook(10**6)).due == ()
    assert await take(store, 10**6) == []
    assert await store.webhooks.change("w", resumed, partial(due_again, now_ms=2)) is not None
    assert {each.document_key for each in await take(store, 2)} == {1, 2}
    assert await store.webhooks.change("none", resumed) is None


async def test_what_is_too_much_is_counted_as_lost(store: Store) -> None:
    await store.webhooks.add(webhook(), most=1)
    await put(store, News(1, "document.edited", "{}", 0, 1), most=2)
    await put(store, *(News(key, "version.named", "{}") for key in (2, 3, 4)), most=2)
    # This one needs no further row.
    await put(store, News(1, "document.edited", "{}", 1, 2), most=2)
    assert await store.webhooks.counts() == {"w": (2, 0)}
    found = await store.webhooks.find("w")
    assert found is not None
    assert found.lost == 2


async def test_copied_webhooks_get_a_cursor(store: Store) -> None:
    await store.webhooks.start()
    assert await store.log.changes.cursors() == {}
    await store.webhooks.add(webhook(), most=1)
    assert await store.log.changes.forget(WEBHOOK_CURSOR)
    await store.webhooks.start()
    assert await store.log.changes.cursors() == {WEBHOOK_CURSOR: 0}


async def test_deliveries_outlast_their_document(store: Store) -> None:
    await store.webhooks.add(webhook(), most=1)
    key = await document(store, "notes")
    await put(store, News(key, "document.deleted", "{}"))
    await store.log.update_document("notes", deleted_at_ms=5, updated_at_ms=5)
    assert await store.shelf.purge(key, 6)
    assert await store.webhooks.counts() == {"w": (1, 0)}
