"""Events for the contract suite, and the usual ways to append them."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from storage import sqlite
from storage.log import SqlEventLog, open_event_log
from storage.store import Store, open_store
from sync.port import DocumentRecord, EventLog, EventRecord
from sync.text.delta import Delta
from tests.patience import PATIENCE_S

Create: TypeAlias = Callable[[str], Awaitable[DocumentRecord]]
"""The fixture `create`: creates a document of that name."""


def open_log(database_url: str, *, pool_size: int = 10) -> SqlEventLog:
    """The log, with as much time for its database as tests have."""
    return open_event_log(database_url, pool_size=pool_size, timeout_s=PATIENCE_S)


def open_whole(database_url: str, *, pool_size: int = 10) -> Store:
    """The whole store, with as much time for its database as tests have."""
    return open_store(database_url, pool_size=pool_size, timeout_s=PATIENCE_S)


def be_patient() -> None:
    """Have this process wait for the one lock of SQLite as long as tests do.

    Of many processes that write at once one can be unlucky for more than the seconds that an
    installation, in which one server writes, waits for a backup or a migration.
    """
    sqlite._BUSY_TIMEOUT_MS = round(PATIENCE_S * 1000)


def event(
    version: int,
    ops: Delta = ("x",),
    *,
    event_id: str | None = None,
    actor: str = "u1",
    update: bytes = b"\x01\x02\x00\xff",
) -> EventRecord:
    return EventRecord(
        version=version,
        id=event_id if event_id is not None else f"client:{version}",
        ops=ops,
        update=update,
        actor_id=actor,
        actor_name=f"Name of {actor}",
        session="s1",
        at_ms=1_700_000_000_000 + version,
        digest=hashlib.blake2b(update, digest_size=16).digest(),
    )


async def append(log: EventLog, key: int, *events: EventRecord, at_ms: int = 2_000) -> None:
    async with log.append() as transaction:
        await transaction.lock_heads([key])
        await transaction.insert([(key, event) for event in events], updated_at_ms=at_ms)


async def append_next(log: EventLog, key: int, event_id: str) -> int:
    """Append one event after the head, whatever that is by then; return its version."""
    async with log.append() as transaction:
        head = (await transaction.lock_heads([key]))[key]
        added = event(head.version + 1, event_id=event_id)
        await transaction.insert([(key, added)], updated_at_ms=2_000)
    return added.version
