"""Segments that a process of its own makes: as good as those of threads, and its end costs nothing.

Planted and caught, each alone: a process that outlives the task that was cancelled; one that is not
started again after its end; the server's environment handed on.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import delete

from app.service.compactor import Compactor
from storage.compaction.preparing_process import PreparingProcess
from storage.store import Store
from storage.table import events
from sync.port import Checkpoint, StoreError
from tests.contract.compacting_log import LATER_MS, PLAIN_RULE
from tests.contract.conftest import new_document
from tests.contract.sample import append, event, open_whole
from tests.contract.test_compaction import bounds, random_history, replace_rule
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = open_whole(database_url)
    yield store
    await store.aclose()


@pytest.fixture
async def process(database_url: str) -> AsyncIterator[PreparingProcess]:
    process = PreparingProcess(database_url)
    yield process
    await process.end()


def has_begun(process: PreparingProcess) -> bool:
    return process.pid is not None


async def has_task(process: PreparingProcess) -> None:
    """Wait until a process that runs was sent a task: nothing waits between the two."""
    async with asyncio.timeout(PATIENCE_S):
        while not process._asking.locked():  # noqa: ASYNC110
            await asyncio.sleep(0)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def environment_of(pid: int) -> bytes:
    path = Path(f"/proc/{pid}/environ")
    return path.read_bytes() if path.exists() else b""


async def test_its_segments_give_the_events_back(store: Store, process: PreparingProcess) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    written = random_history(Random(3), 130)
    await append(store.log, key, *written)
    await store.log.save_checkpoint(key, Checkpoint(90, "text", b"state"))
    rule = replace_rule(PLAIN_RULE, resting_ms=0)
    assert not has_begun(process), "it is started when there is work"
    while await store.compaction.step(key, rule, LATER_MS, preparation=process):
        await store.compaction.remove_rows(key)
    assert await store.compaction.condense(key, rule, LATER_MS, preparation=process) == 1
    assert await store.compaction.condense(key, rule, LATER_MS, preparation=process) == 0
    assert await bounds(store, key) == [(1, 50), (51, 100), (101, 130)]
    assert await store.log.read(key, 0, 130, 130) == written
    assert await store.log.checkpoint_at_or_before(key, 99) == Checkpoint(90, "text", b"state")
    pid = process.pid
    assert pid is not None
    assert os.getpriority(os.PRIO_PROCESS, pid) == 19
    await process.end()
    assert not is_alive(pid)


async def test_killing_it_costs_the_task_at_hand_alone(
    store: Store, process: PreparingProcess
) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    written = random_history(Random(4), 200)
    await append(store.log, key, *written)
    assert await store.compaction.step(key, PLAIN_RULE, LATER_MS, preparation=process) == 50
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    step = asyncio.create_task(
        store.compaction.step(key, PLAIN_RULE, LATER_MS, preparation=process)
    )
    await has_task(process)
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(StoreError, match="has ended"):
        await step
    assert await bounds(store, key) == [(1, 50)]
    assert await store.compaction.step(key, PLAIN_RULE, LATER_MS, preparation=process) == 50
    assert await store.log.read(key, 0, 200, 200) == written


async def test_killing_it_between_two_tasks_costs_nothing(
    store: Store, process: PreparingProcess
) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    await append(store.log, key, *(event(n) for n in range(1, 121)))
    assert await store.compaction.step(key, PLAIN_RULE, LATER_MS, preparation=process) == 50
    pid = process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert process._process is not None
    async with asyncio.timeout(PATIENCE_S):
        await process._process.wait()
    assert await store.compaction.step(key, PLAIN_RULE, LATER_MS, preparation=process) == 50


async def test_a_task_that_is_given_up_takes_the_process_along(
    store: Store, process: PreparingProcess
) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    await append(store.log, key, *(event(n) for n in range(1, 121)))
    assert await store.compaction.step(key, PLAIN_RULE, LATER_MS, preparation=process) == 50
    pid = process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    step = asyncio.create_task(
        store.compaction.step(key, PLAIN_RULE, LATER_MS, preparation=process)
    )
    await has_task(process)
    step.cancel()
    with pytest.raises(asyncio.CancelledError):
        await step
    assert not is_alive(pid)
    assert await store.compaction.step(key, PLAIN_RULE, LATER_MS, preparation=process) == 50
    assert await bounds(store, key) == [(1, 50), (51, 100)]


async def test_it_may_take_only_so_long(store: Store, database_url: str) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    await append(store.log, key, *(event(n) for n in range(1, 61)))
    hasty = PreparingProcess(database_url, time_limit_s=0.001)
    with pytest.raises(StoreError, match="takes more than"):
        await store.compaction.step(key, PLAIN_RULE, LATER_MS, preparation=hasty)
    assert not has_begun(hasty)


async def test_what_it_finds_wrong_is_told(store: Store, process: PreparingProcess) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    await append(store.log, key, *(event(n) for n in range(1, 121)))
    gone = delete(events).where(events.c.document_key == key, events.c.version == 30)
    async with store.log._database.write() as transaction:
        await transaction.run(lambda connection: connection.execute(gone))
    with pytest.raises(StoreError, match="has a gap after 0"):
        await store.compaction.step(key, PLAIN_RULE, LATER_MS, preparation=process)
    assert await bounds(store, key) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_it_knows_no_secret_of_the_environment(
    store: Store, process: PreparingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIRE_TOKEN_SECRET", "of the server")
    key = (await store.log.create(new_document("notes")))[0].key
    await append(store.log, key, *(event(n) for n in range(1, 61)))
    assert await store.compaction.step(key, PLAIN_RULE, LATER_MS, preparation=process) == 50
    assert process.pid is not None
    assert b"of the server" not in environment_of(process.pid)


async def test_a_round_of_the_compactor_starts_it_and_ends_it(
    store: Store, process: PreparingProcess
) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    written = random_history(Random(5), 130)
    await append(store.log, key, *written)
    rule = replace_rule(PLAIN_RULE, resting_ms=0)
    appends = iter(range(100))
    compactor = Compactor(
        store.compaction, store.care, rule, process, rest=0.0, appends=lambda: next(appends) // 9
    )
    assert await compactor.round() == 130
    assert not has_begun(process)
    assert await store.log.read(key, 0, 130, 130) == written
    assert await compactor.round() == 0
    assert not has_begun(process), "there was no work"
