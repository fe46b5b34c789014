"""A process of its own for `test_access_processes`: `python -m tests.contract.access_process …`.

Each says that it is ready, waits for a line on its stdin, and begins. `use URL SECRET …` uses
tickets, one after the other, and prints the secrets of those that it got. `change URL COUNT` makes
so many changes of access, each in a transaction that stays open for a moment.
"""

import asyncio
import os
import random
import sys
from functools import partial
from hashlib import sha256

from storage.access import access_changes
from storage.access.access_record import AccessChange
from storage.store import Store
from tests.contract.sample import be_patient, open_whole


async def use(store: Store, *secrets: str) -> None:
    for secret in secrets:
        used = await store.identity.use_ticket(sha256(secret.encode()).digest(), 1)
        if used is not None:
            print(secret)


async def change(store: Store, count: str) -> None:
    chance = random.Random(os.getpid())

    async def change_each(name: str) -> None:
        for number in range(int(count)):
            mine = [AccessChange(0, user_id=name, at_ms=number)] * chance.randrange(1, 3)
            async with store._database.write() as transaction:
                await transaction.run(partial(access_changes.note, changes=mine))
                await asyncio.sleep(chance.random() / 200)

    # In turns in one process as well: PostgreSQL has several connections.
    await asyncio.gather(*(change_each(f"{os.getpid()}-{n}") for n in range(3)))


async def main(task: str, url: str, *arguments: str) -> None:
    be_patient()
    store = open_whole(url)
    await store.log.ping()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    if task == "use":
        await use(store, *arguments)
    else:
        await change(store, *arguments)
    await store.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
