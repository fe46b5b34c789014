"""`kill -9` at every step of a compaction, and a full disk: no version is lost or read otherwise.

Planted and caught, each alone: a bound that moves in a commit before its segment's; rows removed
beyond the bound.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Final

import pytest
from anyio import to_thread

from storage.store import Store
from sync.port import EventRecord
from tests.contract.conftest import new_document
from tests.contract.sample import append, open_whole
from tests.contract.test_compaction import random_history
from tests.patience import SOAK

pytestmark = pytest.mark.anyio

KILLS: Final = 210 if SOAK else 22
EVENTS: Final = 240


@contextmanager
def forking(module: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A process of a module that works in `tests.contract.compaction_process.serve`."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="module")
def forks() -> Iterator[subprocess.Popen[str]]:
    with forking("tests.contract.compaction_process") as process:
        yield process


def compact_until_killed(process: subprocess.Popen[str], *words: object) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    print(*words, file=process.stdin, flush=True)
    return process.stdout.readline().strip()


class History:
    """A document and all that was written into it."""

    def __init__(self, store: Store, key: int, written: list[EventRecord]) -> None:
        self.store = store
        self.key = key
        self.written = written

    async def require_whole(self) -> None:
        """Raise unless every version is there, found by its id too, and the log goes on."""
        log, head = self.store.log, len(self.written)
        assert await log.read(self.key, 0, head, head) == self.written
        async with log.append() as transaction:
            await transaction.lock_heads([self.key])
            wanted = [(self.key, each.id) for each in self.written]
            found = await transaction.find_ids(wanted)
        assert found == {(self.key, each.id): each for each in self.written}
        newest = await log.history(
            self.key, after=None, before=None, limit=head, actor=None, descending=True
        )
        assert newest == self.written[::-1]

    async def is_compacted(self) -> bool:
        bounds = await self.store.care.bounds(self.key)
        return bool(bounds) and bounds[-1][1] == len(self.written)


async def new_history(store: Store, seed: int) -> History:
    key = (await store.log.create(new_document(f"notes{seed}")))[0].key
    written = random_history(Random(seed), EVENTS)
    await append(store.log, key, *written)
    return History(store, key, written)


async def test_killed_at_any_step_it_loses_nothing(
    database_url: str, forks: subprocess.Popen[str]
) -> None:
    random = Random(1)
    store = open_whole(database_url)
    document = await new_history(store, 0)
    kills = documents = 0
    while kills < KILLS:
        step = random.choice([random.randint(1, 60), random.randint(20, 250)])
        ended = await to_thread.run_sync(
            compact_until_killed, forks, database_url, document.key, random.randrange(99), step
        )
        kills += ended == "killed"
        assert ended in ("killed", "ended 0")
        await document.require_whole()
        if await document.is_compacted():
            documents += 1
            document = await new_history(store, documents)
    assert documents > 1, "some were compacted to their end"
    await store.aclose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_full_disk_costs_nothing(database_url: str, forks: subprocess.Popen[str]) -> None:
    store = open_whole(database_url)
    document = await new_history(store, 0)
    ended = await to_thread.run_sync(
        compact_until_killed, forks, database_url, document.key, 1, "full"
    )
    assert ended == "ended 3"
    await document.require_whole()
    ended = await to_thread.run_sync(
        compact_until_killed, forks, database_url, document.key, 1, 10**9
    )
    assert ended == "ended 0"
    await document.require_whole()
    assert await document.is_compacted()
    await store.aclose()
