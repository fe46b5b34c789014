"""The contract of every event log: cancellation, failure, secrets and its end.

One suite over all implementations of `sync.port.EventLog`: `test_log_*.py` are the rest of it.
"""

import asyncio

import pytest

from sync.port import Checkpoint, EventLog, StoreError
from tests.contract.conftest import new_document, probe_value
from tests.contract.sample import Create, append, append_next, event, open_log

pytestmark = pytest.mark.anyio


async def test_cancelled_append_is_all_or_nothing_and_leaves_the_log_usable(
    log: EventLog, create: Create
) -> None:
    key = (await create("notes")).key
    stood = 0
    for n in range(40):
        task = asyncio.create_task(append_next(log, key, f"c{n}"))
        for _ in range(n % 20):
            await asyncio.sleep(0.0002)
        task.cancel()
        await asyncio.wait([task])
        found = await log.find_id(key, f"c{n}")
        stood += found is not None
        assert task.cancelled() or found is not None
        head = await log.find("notes")
        assert head is not None
        assert head.version == stood
    assert await append_next(log, key, "last") == stood + 1
    assert [e.version for e in await log.read(key, 0, 999, 999)] == list(range(1, stood + 2))


async def test_cancelled_reads_leave_the_log_usable(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    await append(log, key, *map(event, range(1, 200)))
    for _ in range(5):
        tasks = [asyncio.create_task(log.read(key, 0, 999, 999)) for _ in range(30)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    assert len(await log.read(key, 0, 999, 999)) == 199


async def test_lone_surrogate_is_a_store_error(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    with pytest.raises(StoreError):
        await append(log, key, event(1, ("\ud83d",)))
    with pytest.raises(StoreError):
        await log.save_checkpoint(key, Checkpoint(1, "\ud83d", None))
    assert await append_next(log, key, "later") == 1


async def test_relay_key_is_made_once_for_all(log: EventLog, database_url: str) -> None:
    other = open_log(database_url)
    keys = await asyncio.gather(*(each.relay_key() for each in (log, other) * 4))
    await other.aclose()
    assert set(keys) == {await log.relay_key()}
    assert len(keys[0]) == 32


async def test_nonce_secret_is_made_once_for_all(log: EventLog, database_url: str) -> None:
    other = open_log(database_url)
    secrets = await asyncio.gather(*(each.nonce_secret() for each in (log, other) * 4))
    await other.aclose()
    assert set(secrets) == {await log.nonce_secret()}
    assert len(secrets[0]) == 32
    assert secrets[0] != await log.relay_key()


async def test_ping_needs_an_answer(log: EventLog) -> None:
    await log.ping()
    await log.aclose()
    with pytest.raises(StoreError, match="closed"):
        await log.ping()
    with pytest.raises(StoreError, match="closed"):
        await append(log, 1, event(1))
    await log.aclose()


async def test_probe_commits_a_change_each_time(log: EventLog, database_url: str) -> None:
    seen = set()
    for _ in range(3):
        await log.probe_write()
        seen.add(await probe_value(database_url))
    assert len(seen) == 3
    await log.aclose()
    with pytest.raises(StoreError, match="closed"):
        await log.probe_write()


async def test_appends_are_counted_by_how_they_ended(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    await append(log, key, event(1))
    assert (log.committed_appends, log.failed_appends) == (1, 0)
    await log.aclose()
    with pytest.raises(StoreError):
        await append(log, key, event(2))
    assert (log.committed_appends, log.failed_appends) == (1, 1)


async def test_close_waits_for_the_transaction_under_way(
    log: EventLog, database_url: str, create: Create
) -> None:
    key = (await create("notes")).key
    async with log.append() as transaction:
        await transaction.lock_heads([key])
        closing = asyncio.create_task(log.aclose())
        await asyncio.sleep(0)
        await transaction.insert([(key, event(1))], updated_at_ms=1)
        assert not closing.done()
    await closing
    other = open_log(database_url)
    assert await other.event(key, 1) == event(1)
    await other.aclose()


async def test_log_outlives_its_process(database_url: str) -> None:
    first = open_log(database_url)
    record, _ = await first.create(new_document("notes"))
    await append(first, record.key, event(1))
    await first.aclose()
    second = open_log(database_url)
    assert await second.read(record.key, 0, 9, 9) == [event(1)]
    await second.aclose()
