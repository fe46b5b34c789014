"""A process of its own for `test_sqlite`: `python -m tests.contract.sqlite_process TASK URL`.

`hang` inserts events 3 and 4 of the document `notes`, says so, and never commits. `fill` appends
until the disk (here: the largest file that the process may write) is full.
"""

import asyncio
import resource
import sys

from storage.log import open_event_log
from sync.port import EventLog, StoreError
from tests.contract.sample import append, event


async def hang(log: EventLog, key: int) -> None:
    async with log.append() as transaction:
        await transaction.lock_heads([key])
        # Large enough that SQLite spills some of it into the WAL before any commit.
        large = [(key, event(n, update=bytes(30_000_000))) for n in (3, 4)]
        await transaction.insert(large, updated_at_ms=9)
        print("inserted", flush=True)
        await asyncio.Event().wait()


async def fill(log: EventLog, key: int) -> None:
    soft = 4_000_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))
    version = 2
    try:
        while version < 100:
            await append(log, key, event(version + 1, update=bytes(300_000)))
            version += 1
    except StoreError as error:
        print(f"refused after {version}: {error}", flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert len(await log.read(key, 0, 100, 100)) == version
    await append(log, key, event(version + 1))
    print(f"recovered at {version + 1}", flush=True)


async def main(task: str, url: str) -> None:
    log = open_event_log(url)
    record = await log.find("notes")
    assert record is not None
    await {"hang": hang, "fill": fill}[task](log, record.key)
    await log.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
