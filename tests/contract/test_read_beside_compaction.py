"""A compaction between any two statements of one read: nothing is missed, nothing is read twice.

Planted and caught, each alone: segments that are read before rows, versions and ids that are looked
for in segments before rows (on PostgreSQL, whose statements each see a later moment); rows that are
taken for all there is without a look at where they begin.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, Final

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy import event as sqlalchemy_event

from storage.store import Store
from sync.port import EventRecord
from tests.contract.compacting_log import LATER_MS, PLAIN_RULE
from tests.contract.conftest import new_document
from tests.contract.sample import append, open_whole
from tests.contract.test_compaction import random_history, replace_rule
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

EVENTS: Final = 40
RULE: Final = replace_rule(PLAIN_RULE, segment_events=15)
MANY_STATEMENTS: Final = 20

Read = Callable[[Store, int, list[EventRecord]], Awaitable[object]]


async def read_all(store: Store, key: int, written: list[EventRecord]) -> None:
    assert await store.log.read(key, 0, EVENTS, EVENTS) == written


async def follow(store: Store, key: int, written: list[EventRecord]) -> None:
    followed = await store.log.follow(key, 5, EVENTS)
    assert followed is not None
    assert followed.events == written[5:]


async def find_one(store: Store, key: int, written: list[EventRecord]) -> None:
    assert await store.log.event(key, 20) == written[19]


async def find_by_id(store: Store, key: int, written: list[EventRecord]) -> None:
    assert await store.log.find_id(key, written[19].id) == written[19]


async def compact(database_url: str, key: int) -> None:
    """Compact a document to its end, and leave no row of it."""
    store = open_whole(database_url, pool_size=2)
    while await store.compaction.step(key, RULE, LATER_MS):
        pass
    while await store.compaction.remove_rows(key):
        pass
    await store.aclose()


class BetweenStatements:
    """Work that is done, once, right before one of the next statements of this process.

    Made before the connections are: on SQLite some statements go past SQLAlchemy, so the driver is
    asked for each.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._left = 0
        sqlalchemy_event.listen(Engine, "connect", self._watch)
        sqlalchemy_event.listen(Engine, "before_cursor_execute", self._before)

    def _watch(self, connection: Any, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(self._before_one)

    def arm(self, number: int) -> None:
        """Have it done before the statement with that number from now on."""
        self._left = number

    def disarm(self) -> bool:
        """Return whether it was done; do it no more."""
        left, self._left = self._left, 0
        return not left

    def end(self) -> None:
        sqlalchemy_event.remove(Engine, "connect", self._watch)
        sqlalchemy_event.remove(Engine, "before_cursor_execute", self._before)

    def _before(self, connection: Connection, *_: Any) -> None:
        if connection.dialect.name != "sqlite":
            self._before_one()

    def _before_one(self, _: str = "") -> None:
        if self._left:
            self._left -= 1
            if not self._left:
                self._work()


def in_thread(work: Callable[[], Any]) -> None:
    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("database_url", "is_begun"),
    [("sqlite", True), ("postgresql", False), ("postgresql", True)],
    indirect=["database_url"],
)
@pytest.mark.parametrize("read", [read_all, follow, find_one, find_by_id])
async def test_compaction_between_two_statements_costs_a_reader_nothing(
    read: Read, database_url: str, *, is_begun: bool
) -> None:
    key = 0
    between = BetweenStatements(lambda: in_thread(lambda: compact(database_url, key)))
    store = open_whole(database_url)
    for statement in range(1, MANY_STATEMENTS):
        key = (await store.log.create(new_document(f"notes{statement}")))[0].key
        written = random_history(Random(statement), EVENTS)
        await append(store.log, key, *written)
        if is_begun:
            await store.compaction.step(key, RULE, LATER_MS)
            await store.compaction.remove_rows(key, 9)
        between.arm(statement)
        await read(store, key, written)
        if not between.disarm():
            break
        assert await store.care.bounds(key) == [(1, 15), (16, 30), (31, EVENTS)]
    between.end()
    assert statement > 1
    await store.aclose()
