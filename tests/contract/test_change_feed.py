"""The feed of changes: every commit once for each cursor, in order, over races and sudden death.

Planted bugs that were seen to fail here: see `docs/decisions/0018-a-feed-over-all-documents.md`.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from storage.log import SqlEventLog
from storage.migrate import upgrade
from sync.changes import Change, Claim, CursorState
from sync.port import StoreError
from sync.shells.clock import now_ms
from tests.contract.conftest import new_document, run_sql
from tests.contract.feed_process import CURSOR, LEASE_MS
from tests.contract.sample import Create, append, append_next, event, open_log
from tests.patience import PATIENCE_S
from tests.postgresql import until_blocked, until_connections

pytestmark = pytest.mark.anyio


async def claim(
    log: SqlEventLog, holder: str = "me", *, cursor: str = CURSOR, limit: int = 100, now_ms: int = 0
) -> Claim | None:
    return await log.changes.claim(cursor, holder, limit=limit, now_ms=now_ms, lease_ms=1_000)


async def take(log: SqlEventLog, *, cursor: str = CURSOR, limit: int = 100) -> list[Change]:
    """Claim, advance behind all of it, and return it."""
    claimed = await claim(log, cursor=cursor, limit=limit)
    if claimed is None:
        return []
    assert await log.changes.advance(claimed, claimed.changes[-1].position)
    return list(claimed.changes)


async def count_rows(log: SqlEventLog, table: str) -> int:
    def count(connection: Connection) -> int:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())

    return await log._database.read(count)


async def test_feed_has_every_change_in_order(log: SqlEventLog, create: Create) -> None:
    before = (await create("before")).key
    assert await log.changes.start(CURSOR) == 0
    assert await claim(log) is None
    a, b = [(await create(name)).key for name in "ab"]
    await create("a")
    await append(log, a, event(1), event(2))
    async with log.append() as transaction:
        await transaction.lock_heads([a, b, before])
        events = [(b, event(1)), (a, event(3)), (before, event(1)), (a, event(4))]
        await transaction.insert(events, updated_at_ms=3)
    await log.update_document("a", title="New", updated_at_ms=4)
    await log.update_document("nowhere", title="New", updated_at_ms=4)
    await log.update_document("b", text_root="body", updated_at_ms=4)
    await log.update_document("b", deleted_at_ms=5, updated_at_ms=5)
    expected = [
        Change(1, "created", a, "a", 0, 0),
        Change(2, "created", b, "b", 0, 0),
        Change(3, "edited", a, "a", 0, 2),
        Change(4, "edited", b, "b", 0, 1),
        Change(5, "edited", a, "a", 2, 4),
        Change(6, "edited", before, "before", 0, 1),
        Change(7, "renamed", a, "a", 0, 0),
        Change(8, "deleted", b, "b", 0, 0),
    ]
    assert [await take(log, limit=n) for n in (1, 2, 100, 1)] == [
        expected[:1],
        expected[1:3],
        expected[3:],
        [],
    ]
    assert await log.changes.cursors() == {CURSOR: 8}


async def test_claim_of_a_span_has_the_last_change_of_each_document(
    log: SqlEventLog, create: Create
) -> None:
    one, other = (await create("one")).key, (await create("other")).key
    await log.changes.start(CURSOR)
    for n, key in enumerate((one, one, other, one, other)):
        await append_next(log, key, f"c:{n}")
    claimed = await log.changes.claim(CURSOR, "me", limit=9, now_ms=0, lease_ms=1, span=4)
    assert claimed is not None
    assert [(each.position, each.key, each.upto) for each in claimed.changes] == [
        (3, other, 1),
        (4, one, 3),
    ]
    claimed = await log.changes.claim(CURSOR, "me", limit=1, now_ms=0, lease_ms=1, span=9)
    assert claimed is not None
    assert [(each.position, each.key) for each in claimed.changes] == [(4, one)]
    assert await log.changes.advance(claimed, 4)
    assert [each.position for each in await take(log)] == [5]


async def test_claim_assigns_more_positions_than_one_step(
    log: SqlEventLog, create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.change_feed.SEQUENCED_ROWS", 1)
    monkeypatch.setattr("storage.feed_sequence.SEQUENCED_ROWS", 1)
    key = (await create("notes")).key
    await log.changes.start(CURSOR)
    for n in range(5):
        await append_next(log, key, f"c:{n}")
    assert [each.position for each in await take(log, limit=3)] == [1, 2, 3]
    assert [each.position for each in await take(log, limit=9)] == [4, 5]


async def test_what_is_rolled_back_is_no_change(log: SqlEventLog, create: Create) -> None:
    key = (await create("notes")).key
    await log.changes.start(CURSOR)

    async def fail() -> None:
        async with log.append() as transaction:
            await transaction.lock_heads([key])
            await transaction.insert([(key, event(1))], updated_at_ms=1)
            raise LookupError("the room said no")

    with pytest.raises(LookupError, match="the room said no"):
        await fail()
    assert await take(log) == []
    assert await append_next(log, key, "later") == 1
    assert await take(log) == [Change(1, "edited", key, "notes", 0, 1)]


async def test_cursors_are_apart_and_what_all_have_passed_is_removed(
    log: SqlEventLog, create: Create
) -> None:
    key = (await create("notes")).key
    await log.changes.start("one")
    await append(log, key, *map(event, range(1, 4)))
    assert [each.upto for each in await take(log, cursor="one")] == [3]
    await log.changes.start("two")
    for version in range(4, 9):
        await append(log, key, event(version))
    assert [each.upto for each in await take(log, cursor="one")] == [4, 5, 6, 7, 8]
    assert await count_rows(log, "changes") == 5
    assert await log.changes.start("two") == 1, "it is there already"
    assert [each.upto for each in await take(log, cursor="two", limit=3)] == [4, 5, 6]
    assert await count_rows(log, "changes") == 2
    assert await log.changes.cursors() == {"one": 6, "two": 4}
    assert await log.changes.forget("two")
    assert not await log.changes.forget("two")
    assert await count_rows(log, "changes") == 0
    with pytest.raises(StoreError, match="no cursor 'two'"):
        await claim(log, cursor="two")


async def test_changes_without_any_cursor_do_not_pile_up(
    log: SqlEventLog, create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.log._APPENDS_PER_CLEANING", 10)
    key = (await create("notes")).key
    for version in range(1, 26):
        await append(log, key, event(version))
    assert await count_rows(log, "new_changes") == 5
    await log.changes.start(CURSOR)
    for version in range(26, 51):
        await append(log, key, event(version))
    assert [each.upto for each in await take(log)] == list(range(26, 51))


async def test_a_claim_is_one_holders_until_its_lease_ends(
    log: SqlEventLog, create: Create
) -> None:
    key = (await create("notes")).key
    await log.changes.start(CURSOR)
    for version in (1, 2, 3):
        await append(log, key, event(version))
    mine = await claim(log, "me", now_ms=5_000)
    assert mine is not None
    assert await claim(log, "you", now_ms=5_999) is None
    assert await claim(log, "me", now_ms=5_500) == mine, "the same again, and for longer"
    assert await claim(log, "you", now_ms=6_400) is None
    yours = await claim(log, "you", now_ms=6_600)
    assert yours is not None
    assert yours.changes == mine.changes
    assert not await log.changes.advance(mine, 3), "it is another's"
    assert await log.changes.advance(yours, 2)
    assert not await log.changes.advance(yours, 3), "the cursor has moved"
    assert not await log.changes.advance(mine, 3)
    with pytest.raises(ValueError, match="position 4"):
        await log.changes.advance(yours, 4)
    assert [each.upto for each in await take(log)] == [3]


async def test_second_advance_of_a_claim_changes_nothing_though_its_holder_has_claimed_again(
    log: SqlEventLog, create: Create
) -> None:
    key = (await create("notes")).key
    await log.changes.start(CURSOR)
    for version in (1, 2):
        await append(log, key, event(version))
    earlier = await claim(log)
    assert earlier is not None
    assert await log.changes.advance(earlier, 1)
    later = await claim(log)
    assert later is not None
    assert not await log.changes.advance(earlier, 1)
    assert await log.changes.advance(later, 2)


async def test_work_takes_effect_only_with_the_advance(log: SqlEventLog, create: Create) -> None:
    key = (await create("notes")).key
    await log.changes.start(CURSOR)
    await append(log, key, event(1))
    claimed = await claim(log)
    assert claimed is not None

    def work(connection: Connection) -> None:
        connection.execute(text("INSERT INTO secrets VALUES ('done', '')"))

    def fail(connection: Connection) -> None:
        work(connection)
        connection.execute(text("INSERT INTO nowhere VALUES (1)"))

    with pytest.raises(StoreError):
        await log.changes.advance(claimed, 1, fail)
    assert await count_rows(log, "secrets") == 0
    assert await log.changes.advance(claimed, 1, work)
    assert not await log.changes.advance(claimed, 1, work)
    assert await count_rows(log, "secrets") == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_commits_late_is_not_skipped(log: SqlEventLog, create: Create) -> None:
    """Its key is the smaller one, and it becomes visible after the cursor has moved on."""
    slow, quick = [(await create(name)).key for name in ("slow", "quick")]
    await log.changes.start(CURSOR)
    async with log.append() as transaction:
        await transaction.lock_heads([slow])
        await transaction.insert([(slow, event(1))], updated_at_ms=1)
        await append(log, quick, event(1))
        assert await take(log) == [Change(1, "edited", quick, "quick", 0, 1)]
        await append(log, quick, event(2))
        assert await take(log) == [Change(2, "edited", quick, "quick", 1, 2)]
    assert await take(log) == [Change(3, "edited", slow, "slow", 0, 1)]


async def test_cursor_at_the_beginning_gets_all_documents_and_then_the_feed(
    log: SqlEventLog, create: Create
) -> None:
    edited, empty, gone, going = [
        (await create(name)).key for name in ("edited", "empty", "gone", "going")
    ]
    await append(log, edited, *map(event, range(1, 4)))
    await append(log, gone, event(1))
    await log.update_document("gone", deleted_at_ms=5, updated_at_ms=5)
    start = await log.changes.start(CURSOR, at_beginning=True)
    assert start < 0
    assert await log.changes.start(CURSOR, at_beginning=True) == start, "it is there already"
    await append(log, edited, event(4))
    assert await log.changes.start("other") == 1
    late = (await create("late")).key
    await append(log, late, event(1))
    await append(log, empty, event(1))
    await log.update_document("going", deleted_at_ms=6, updated_at_ms=6)
    taken = [await take(log, limit=n) for n in (1, 3, 100, 1, 100)]
    found = [each for some in taken for each in some]
    assert [(each.kind, each.key, each.after, each.upto) for each in found] == [
        ("created", edited, 0, 0),
        ("edited", edited, 0, 3),
        ("created", empty, 0, 0),
        ("created", gone, 0, 0),
        ("edited", gone, 0, 1),
        ("deleted", gone, 0, 0),
        ("created", going, 0, 0),
        ("edited", edited, 3, 4),
        ("created", late, 0, 0),
        ("edited", late, 0, 1),
        ("edited", empty, 0, 1),
        ("deleted", going, 0, 0),
    ]
    assert [each.position for each in found[7:]] == [1, 2, 3, 4, 5]
    assert all(each.position < 0 for each in found[:7])
    assert [each.position for each in await take(log, cursor="other")] == [2, 3, 4, 5]
    assert await count_rows(log, "changes") == 0


async def test_cursor_at_the_beginning_keeps_its_place_over_a_lost_claim(
    log: SqlEventLog, create: Create
) -> None:
    """What came meanwhile does not change what the documents were."""
    keys = [(await create(name)).key for name in "ab"]
    for key in keys:
        await append(log, key, event(1))
    await log.changes.start(CURSOR, at_beginning=True)
    lost = await claim(log, "lost")
    assert lost is not None
    assert await log.changes.advance(lost, lost.changes[0].position)
    lost = await claim(log, "lost")
    assert lost is not None
    for key in keys:
        await append(log, key, event(2))
    again = await claim(log, "again", now_ms=1_000)
    assert again is not None
    assert list(again.changes) == list(lost.changes)
    assert not await log.changes.advance(lost, lost.changes[-1].position)
    assert await log.changes.advance(again, again.changes[-1].position)
    assert [(each.position, each.after, each.upto) for each in await take(log)] == [
        (1, 1, 2),
        (2, 1, 2),
    ]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_cursor_at_the_beginning_leaves_to_the_feed_what_is_not_in_order_yet(
    log: SqlEventLog, database_url: str, create: Create
) -> None:
    key = (await create("notes")).key
    await log.changes.start(CURSOR, at_beginning=True)
    await append(log, key, event(1))
    async with changes_locked(database_url):
        taking = asyncio.create_task(take(log))
        await until_blocked(database_url)
        await append(log, key, event(2))
        await create("late")
    assert [(each.kind, each.upto) for each in await taking] == [("created", 0)]
    found = await take(log)
    assert [(each.kind, each.upto) for each in found] == [
        ("edited", 1),
        ("edited", 2),
        ("created", 0),
    ]


async def test_cursors_that_begin_amid_writes_get_each_event_once(
    log: SqlEventLog, database_url: str, create: Create
) -> None:
    keys = [(await create(name)).key for name in "abc"]
    other = open_log(database_url)

    async def write(store: SqlEventLog, name: str) -> None:
        for n in range(40):
            await append_next(store, keys[n % 3], f"{name}{n}")

    async def begin(store: SqlEventLog, name: str) -> list[Change]:
        await store.changes.start(name, at_beginning=True)
        found: list[Change] = []
        while (rest := await take(store, cursor=name, limit=2)) or not are_written.is_set():
            found += rest
            await asyncio.sleep(0.002)
        return found

    are_written = asyncio.Event()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        writing = asyncio.gather(write(log, "x"), write(other, "y"))
        writing.add_done_callback(lambda _: are_written.set())
        beginning = []
        for n in range(4):
            await append_next(log, keys[0], f"z{n}")
            beginning.append(tasks.create_task(begin((log, other)[n % 2], f"cursor-{n}")))
    for task in beginning:
        for key in keys:
            mine = [each for each in task.result() if each.key == key and each.kind == "edited"]
            head = (await log.heads([key]))[key].version
            assert [0, *(each.upto for each in mine)] == [*(each.after for each in mine), head]
    await other.aclose()


async def test_states_of_cursors_tell_who_lags(log: SqlEventLog, create: Create) -> None:
    key = (await create("notes")).key
    assert await log.changes.cursor_states() == []
    await log.changes.start("lags")
    await append(log, key, event(1))
    first = await log.changes.start("reads", at_beginning=True)
    await append(log, key, event(2))
    assert await log.changes.cursor_states() == [
        CursorState("lags", 0, 2, None),
        CursorState("reads", first, 1, None),
    ]
    before_ms = now_ms()
    while await take(log, cursor="reads"):
        pass
    lags, reads = await log.changes.cursor_states()
    assert (lags, reads.position, reads.lag) == (CursorState("lags", 0, 2, None), 2, 0)
    assert reads.advanced_at_ms is not None
    assert before_ms <= reads.advanced_at_ms <= now_ms()


@asynccontextmanager
async def changes_locked(url: str) -> AsyncIterator[None]:
    """Lets nobody add to `changes` meanwhile: who assigns positions stands still in the middle."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("LOCK TABLE changes IN SHARE MODE")
        yield
    await engine.dispose()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_commits_while_positions_are_assigned_is_not_lost(
    log: SqlEventLog, database_url: str, create: Create
) -> None:
    """Its key is the smaller one, and it becomes visible after the newer rows were read."""
    slow, quick = [(await create(name)).key for name in ("slow", "quick")]
    await log.changes.start(CURSOR)
    async with AsyncExitStack() as held:
        async with log.append() as transaction:
            await transaction.lock_heads([slow])
            await transaction.insert([(slow, event(1))], updated_at_ms=1)
            await append(log, quick, event(1))
            await held.enter_async_context(changes_locked(database_url))
            taking = asyncio.create_task(take(log))
            await until_blocked(database_url)
        await held.aclose()
    assert await taking == [Change(1, "edited", quick, "quick", 0, 1)]
    assert await take(log) == [Change(2, "edited", slow, "slow", 0, 1)]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_claims_waits_while_positions_are_assigned(
    log: SqlEventLog, database_url: str, create: Create
) -> None:
    key = (await create("notes")).key
    names = ("one", "two")
    for name in names:
        await log.changes.start(name)
    await append(log, key, event(1))
    async with changes_locked(database_url):
        taking = [asyncio.create_task(take(log, cursor=name)) for name in names]
        await until_connections(database_url, 2, "wait_event_type = 'Lock'")
    found = await asyncio.gather(*taking, return_exceptions=True)
    assert found == [[Change(1, "edited", key, "notes", 0, 1)]] * 2


async def test_cursors_that_are_claimed_at_once_see_the_same_changes(
    log: SqlEventLog, database_url: str, create: Create
) -> None:
    keys = [(await create(name)).key for name in "ab"]
    names = [f"cursor-{n}" for n in range(4)]
    for name in names:
        await log.changes.start(name)
    other = open_log(database_url)
    ends = asyncio.Event()

    async def write() -> None:
        for n in range(60):
            await append_next(log, keys[n % 2], f"e{n}")
        ends.set()

    async def consume(store: SqlEventLog, name: str) -> list[Change]:
        found: list[Change] = []
        while not ends.is_set():
            found += await take(store, cursor=name, limit=5)
        while rest := await take(store, cursor=name):
            found += rest
        return found

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write())
        consuming = [
            tasks.create_task(consume((log, other)[n % 2], name)) for n, name in enumerate(names)
        ]
    first, *others = [task.result() for task in consuming]
    assert [each.position for each in first] == list(range(1, 61))
    assert others == [first] * 3
    await other.aclose()


# Processes

_APPENDERS = 3
_APPENDS = 100
_NAMES = "abcd"


async def _process(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.contract.feed_process",
        *arguments,
        cwd=Path(__file__).parents[2],
        stdout=PIPE,
    )


async def _until_advanced(consumer: Process, times: int) -> None:
    assert consumer.stdout is not None
    for _ in range(times):
        if not await consumer.stdout.readline():
            return  # all is done


async def _make_seen(url: str) -> None:
    columns = "position BIGINT PRIMARY KEY, key BIGINT, after_version BIGINT, upto_version BIGINT"
    await run_sql(url, f"CREATE TABLE seen ({columns})")


@pytest.mark.parametrize("task", ["stop-before", "stop-in"])
async def test_killed_between_work_and_advance_the_same_changes_come_again(
    bare_database_url: str, task: str
) -> None:
    """What was done elsewhere is done twice, under the same positions; what was written is not."""
    await upgrade(bare_database_url)
    await _make_seen(bare_database_url)
    log = open_log(bare_database_url)
    key = (await log.create(new_document("notes")))[0].key
    await log.changes.start(CURSOR)
    for version in (1, 2, 3):
        await append(log, key, event(version))
    consumer = await _process(task, bare_database_url)
    assert consumer.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        assert await consumer.stdout.readline() == b"1 2 3\n"
        consumer.kill()
        await consumer.wait()
    assert await claim(log, now_ms=LEASE_MS - 1) is None, "it may still be at it"
    again = await claim(log, now_ms=LEASE_MS)
    assert again is not None
    assert [each.position for each in again.changes] == [1, 2, 3]
    assert await count_rows(log, "seen") == 0
    assert await log.changes.advance(again, 3)
    await log.aclose()


async def test_each_change_has_its_effect_once_over_races_and_kills(bare_database_url: str) -> None:
    """Two consumers of one cursor race, and one after another is killed at any instant."""
    url = bare_database_url
    await upgrade(url)
    await _make_seen(url)
    log = open_log(url)
    keys = [(await log.create(new_document(name)))[0].key for name in _NAMES]
    start = await log.changes.start(CURSOR)
    total = str(_APPENDERS * _APPENDS * 2)
    killed = 0
    async with asyncio.timeout(PATIENCE_S):
        survivor, *victims = [await _process("consume", url, total) for _ in range(5)]
        appenders = [
            await _process("append", url, ",".join(_NAMES), str(_APPENDS))
            for _ in range(_APPENDERS)
        ]
        for n, victim in enumerate(victims):
            await _until_advanced(victim, 1 + n)
            await asyncio.sleep(n * 0.0007)
            with suppress(ProcessLookupError):  # it has ended
                victim.kill()
            killed += await victim.wait() != 0
        assert [await process.wait() for process in appenders] == [0] * _APPENDERS
        await survivor.communicate()
        assert survivor.returncode == 0
    assert killed > 1

    def seen(connection: Connection) -> list[tuple[int, int, int, int]]:
        rows = connection.execute(text("SELECT * FROM seen ORDER BY position"))
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    rows = await log._database.read(seen)
    assert [row[0] for row in rows] == list(range(start + 1, start + 1 + len(rows)))
    for key in keys:
        at = 0
        for _, _, after, upto in (row for row in rows if row[1] == key):
            assert after == at, f"document {key} continues"
            at = upto
        head = (await log.heads([key]))[key]
        assert at == head.version
    await log.aclose()
