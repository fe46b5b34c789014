"""The contract of every event log: reads, each of one moment."""

import asyncio

import pytest

from sync.port import AuthorBinding, Checkpoint, EventLog
from tests.contract.sample import Create, append, event, open_log

pytestmark = pytest.mark.anyio


async def test_read_is_a_range(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    await append(log, key, *map(event, range(1, 21)))

    async def read(after: int, upto: int, limit: int) -> list[int]:
        expected = [found.version for found in await log.read(key, after, upto, limit)]
        async with log.append() as transaction:
            inside = await transaction.read(key, after, upto, limit)
        assert [found.version for found in inside] == expected
        return expected

    assert await read(0, 20, 100) == list(range(1, 21))
    assert await read(5, 8, 100) == [6, 7, 8]
    assert await read(5, 8, 2) == [6, 7]
    assert await read(18, 99, 100) == [19, 20]
    assert await read(8, 8, 100) == []
    assert await read(20, 99, 100) == []


async def test_history_filters_and_pages(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    events = [event(n, actor="ada" if n % 3 else "bob") for n in range(1, 13)]
    await append(log, key, *events)

    async def history(
        after: int | None = None,
        before: int | None = None,
        limit: int = 100,
        actor: str | None = None,
        *,
        descending: bool = False,
    ) -> list[int]:
        found = await log.history(
            key, after=after, before=before, limit=limit, actor=actor, descending=descending
        )
        assert all(events[each.version - 1] == each for each in found)
        return [each.version for each in found]

    assert await history() == list(range(1, 13))
    assert await history(descending=True, limit=3) == [12, 11, 10]
    assert await history(before=10, descending=True, limit=3) == [9, 8, 7]
    assert await history(after=3, before=7) == [4, 5, 6]
    assert await history(actor="bob") == [3, 6, 9, 12]
    assert await history(after=3, actor="bob", limit=2) == [6, 9]
    assert await history(before=12, actor="bob", limit=2, descending=True) == [9, 6]
    assert await history(actor="eve") == []


async def test_open_of_no_document_is_none(log: EventLog) -> None:
    assert await log.open("nowhere") is None


async def test_open_starts_at_the_newest_state(log: EventLog, create: Create) -> None:
    record = await create("notes")
    events = [event(n) for n in range(1, 11)]
    await append(log, record.key, *events)
    opened = await log.open("notes")
    assert opened is not None
    assert (opened.checkpoint, opened.tail) == (None, events)
    await log.save_checkpoint(record.key, Checkpoint(4, "xxxx", b"state 4", b"pairs"))
    await log.save_checkpoint(record.key, Checkpoint(8, "xxxxxxxx", None))
    opened = await log.open("notes")
    assert opened is not None
    assert opened.document.version == 10
    assert opened.checkpoint == Checkpoint(4, "xxxx", b"state 4", b"pairs")
    assert opened.tail == events[4:]


async def test_open_is_one_snapshot(log: EventLog, database_url: str, create: Create) -> None:
    key = (await create("notes")).key
    other = open_log(database_url)

    async def write() -> None:
        for n in range(1, 61):
            async with other.append() as transaction:
                await transaction.lock_heads([key])
                await transaction.insert(
                    [(key, event(n))],
                    authors=[AuthorBinding(key, n, "u1")],
                    checkpoints=[(key, Checkpoint(n, "x" * n, b"%d" % n))] if n % 3 == 0 else [],
                    updated_at_ms=n,
                )

    writing = asyncio.create_task(write())
    seen = set()
    while not writing.done():
        opened = await log.open("notes")
        assert opened is not None
        version = opened.document.version
        start = opened.checkpoint.version if opened.checkpoint else 0
        assert start == version - version % 3
        assert [found.version for found in opened.tail] == list(range(start + 1, version + 1))
        assert set(opened.authors) == set(range(1, version + 1))
        seen.add(version)
    await writing
    await other.aclose()
    assert len(seen) > 3


async def test_follow_gives_the_head_and_what_is_new(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    empty = await log.follow(key, 0, 10)
    assert empty is not None
    assert (empty.document.version, empty.events, empty.authors) == (0, [], {})
    events = [event(n) for n in range(1, 6)]
    async with log.append() as transaction:
        await transaction.lock_heads([key])
        await transaction.insert(
            [(key, each) for each in events],
            authors=[AuthorBinding(key, 7, "u1")],
            updated_at_ms=3,
        )
    await append(log, (await create("another")).key, event(1))
    for after, limit, news in ((0, 10, events), (2, 10, events[2:]), (1, 2, events[1:3])):
        found = await log.follow(key, after, limit)
        assert found is not None
        assert (found.document, found.events) == (await log.find("notes"), news)
        assert found.authors == {7: "u1"}
    for after in (5, 9):
        nothing = await log.follow(key, after, 10)
        assert nothing is not None
        assert (nothing.document.version, nothing.events) == (5, [])
    gone = await log.update_document("notes", deleted_at_ms=8, updated_at_ms=8)
    found = await log.follow(key, 5, 10)
    assert found is not None
    assert found.document == gone
    assert await log.follow(10**9, 0, 10) is None


async def test_follow_is_of_one_moment(log: EventLog, database_url: str, create: Create) -> None:
    key = (await create("notes")).key
    other = open_log(database_url)

    async def write() -> None:
        for n in range(1, 61):
            async with other.append() as transaction:
                await transaction.lock_heads([key])
                bound = [AuthorBinding(key, n, "u1")]
                await transaction.insert([(key, event(n))], authors=bound, updated_at_ms=n)

    writing = asyncio.create_task(write())
    seen = set()
    while not writing.done():
        found = await log.follow(key, 0, 100)
        assert found is not None
        version = found.document.version
        assert [each.version for each in found.events] == list(range(1, version + 1))
        # Whoever wrote an event is known with it.
        assert set(found.authors) >= set(range(1, version + 1))
        seen.add(version)
    await writing
    await other.aclose()
    assert len(seen) > 3
