"""A process of its own for `test_change_feed`: `python -m tests.contract.feed_process TASK URL …`.

`append NAMES COUNT` appends so often to two of the comma-separated documents at once. `consume
COUNT` claims changes and writes them into the table `seen`, in the transaction of the advance,
until it has so many rows for all documents' events; it says so at each advance. `stop-before` and
`stop-in` act on one claim and go no further: before they advance, or in the advance's transaction.
"""

import asyncio
import os
import random
import secrets
import sys
import time
from functools import partial

from sqlalchemy import Connection, text

from storage.log import SqlEventLog
from sync.changes import Claim
from tests.contract.sample import be_patient, event, open_log

CURSOR = "test"
LEASE_MS = 300

_INSERT = text("INSERT INTO seen VALUES (:position, :key, :after, :upto)")
_VERSIONS = text("SELECT coalesce(sum(upto_version - after_version), 0) FROM seen")


async def append(log: SqlEventLog, names: str, count: str) -> None:
    records = [await log.find(name) for name in names.split(",")]
    keys = [record.key for record in records if record is not None]
    chance = random.Random(os.getpid())
    for number in range(int(count)):
        chosen = chance.sample(keys, 2)
        async with log.append() as transaction:
            heads = await transaction.lock_heads(chosen)
            added = [
                (key, event(heads[key].version + 1, event_id=f"{os.getpid()}:{number}"))
                for key in chosen
            ]
            await transaction.insert(added, updated_at_ms=1)
            await asyncio.sleep(chance.random() / 100)


async def consume(log: SqlEventLog, count: str) -> None:
    holder = secrets.token_hex(8)
    while True:
        now_ms = time.time_ns() // 1_000_000
        claim = await log.changes.claim(CURSOR, holder, limit=7, now_ms=now_ms, lease_ms=LEASE_MS)
        if claim is not None:
            # Long enough that a kill often comes between.
            await asyncio.sleep(0.002)
            await log.changes.advance(
                claim, claim.changes[-1].position, partial(_save, claim=claim)
            )
            print("advanced", flush=True)
            continue
        if await log._database.read(_versions) >= int(count):
            return
        await asyncio.sleep(0.005)


async def stop(log: SqlEventLog, *, in_advance: bool) -> None:
    claim = await log.changes.claim(CURSOR, "stops", limit=7, now_ms=0, lease_ms=LEASE_MS)
    assert claim is not None

    def work(connection: Connection) -> None:
        _save(connection, claim)
        _say_and_hang(claim)

    if in_advance:
        await log.changes.advance(claim, claim.changes[-1].position, work)
    _say_and_hang(claim)


def _say_and_hang(claim: Claim) -> None:
    print(*(each.position for each in claim.changes), flush=True)
    time.sleep(3_600)


def _save(connection: Connection, claim: Claim) -> None:
    rows = [
        {"position": each.position, "key": each.key, "after": each.after, "upto": each.upto}
        for each in claim.changes
    ]
    connection.execute(_INSERT, rows)


def _versions(connection: Connection) -> int:
    return int(connection.execute(_VERSIONS).scalar_one())


async def main(task: str, url: str, *arguments: str) -> None:
    be_patient()
    log = open_log(url)
    if task == "append":
        await append(log, *arguments)
    elif task.startswith("stop"):
        await stop(log, in_advance=task == "stop-in")
    else:
        await consume(log, *arguments)
    await log.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
