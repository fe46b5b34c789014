"""Several processes on one PostgreSQL and one Redis, with everything failing that can (P1 to P5).

With QUIRE_SOAK=1: four processes, 40 writers, 10 documents, 20,000 edits, ten seeds.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import chain
from pathlib import Path

import httpx
import pytest
from anyio.to_thread import run_sync

from sync.names import Dialect
from tests.integration.dialect_writer import DialectWriter
from tests.integration.peer import connect
from tests.integration.read_history import read_history
from tests.integration.server import ServerProcess
from tests.integration.writer import TextWriter, Writer, YjsWriter, hold_against_log
from tests.patience import PATIENCE_S, SOAK
from tests.postgresql import Postgresql, execute
from tests.redis_server import RedisServer, running_redis

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.p1,
    pytest.mark.p2,
    pytest.mark.p3,
    pytest.mark.p4,
    pytest.mark.p5,
]

PROCESSES = 4 if SOAK else 2
DOCUMENTS = 10 if SOAK else 2
WRITERS = 40 if SOAK else 6
EDITS_EACH = 500 if SOAK else 50
SEEDS = range(1, 11) if SOAK else [1]
CUT_ONE = (
    "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name = 'quire' LIMIT 1) AS one"
)


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


def dialect_writers(server: ServerProcess, doc: str, seed: int) -> list[DialectWriter]:
    """One of each dialect."""
    dialects: tuple[Dialect, ...] = ("y-websocket", "hocuspocus")
    return [
        DialectWriter(server, doc, f"{doc}-{dialect}", seed * 9_000 + number, dialect)
        for number, dialect in enumerate(dialects)
    ]


@asynccontextmanager
async def cluster(
    folder: Path,
    postgresql: Postgresql,
    redis_url: str,
    size: int,
    arguments: Sequence[str] = (),
) -> AsyncIterator[tuple[str, list[ServerProcess]]]:
    """The database, and so many processes that serve it."""
    async with postgresql.database() as url, AsyncExitStack() as stack:
        servers = []
        for number in range(size):
            place = folder / f"process{number}"
            place.mkdir()
            server = ServerProcess(
                place,
                database_url=url,
                arguments=("--redis-url", redis_url, "--drain-s", "0.5", *arguments),
            )
            stack.callback(server.kill9)
            servers.append(server)
        await asyncio.gather(*(run_sync(server.start) for server in servers))
        yield url, servers


async def status(server: ServerProcess) -> str:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
        answer = await http.get(f"{server.url}/readyz")
    return str(answer.json()["status"])


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def write_anywhere(
    writer: Writer | DialectWriter, servers: Sequence[ServerProcess], dice: random.Random
) -> None:
    """Come a little late, then write its share, at another process after each cut."""
    await asyncio.sleep(dice.random())
    while True:
        writer.move(dice.choice(servers))
        if await writer.write_up_to(EDITS_EACH):
            return
        await asyncio.sleep(0.05)


async def make_trouble(
    url: str, servers: Sequence[ServerProcess], redis: RedisServer, writers: Sequence[Writer]
) -> None:
    """At a sixth of the way each: another thing fails, or comes back."""

    async def come_to(sixth: int) -> None:
        wanted = sixth * len(writers) * EDITS_EACH // 6
        while sum(len(writer.acked) for writer in writers) < wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    await come_to(1)
    await run_sync(redis.kill)
    await come_to(2)
    await run_sync(redis.start)
    await execute(url, CUT_ONE)
    await come_to(3)
    await run_sync(servers[0].kill9)
    await run_sync(servers[0].start)
    await come_to(4)
    await run_sync(redis.kill)
    await execute(url, CUT_ONE)
    await come_to(5)
    await run_sync(redis.start)
    assert await run_sync(servers[-1].terminate) == 0
    await run_sync(servers[-1].start)


@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_is_lost_or_doubled_while_redis_a_process_and_a_connection_fail(
    tmp_path: Path, postgresql: Postgresql, redis_server: RedisServer, seed: int
) -> None:
    dice = random.Random(seed)
    async with cluster(tmp_path, postgresql, redis_server.url, PROCESSES) as (url, servers):
        writers: dict[str, list[Writer]] = {f"doc{n}": [] for n in range(DOCUMENTS)}
        for number in range(WRITERS):
            doc = f"doc{number % DOCUMENTS}"
            kind = TextWriter if number // DOCUMENTS % 2 else YjsWriter
            writers[doc].append(kind(servers[0], doc, f"w{number}", seed * 1_000 + number))
        others = {doc: dialect_writers(servers[0], doc, seed) for doc in writers}
        everybody = [writer for each in writers.values() for writer in each]
        authors: list[Writer | DialectWriter] = [*everybody, *chain(*others.values())]
        async with asyncio.TaskGroup() as tasks:
            for author in authors:
                tasks.create_task(write_anywhere(author, servers, random.Random(dice.random())))
            tasks.create_task(make_trouble(url, servers, redis_server, everybody))
        for doc, wrote in writers.items():
            # What the dialects wrote is all in the log once they are told so.
            await asyncio.gather(*(other.flush() for other in others[doc]))
            log = await read_history(servers[-1], doc)
            await asyncio.gather(*(writer.finish(len(log)) for writer in wrote))
            await asyncio.gather(*(other.finish(wrote[0].text) for other in others[doc]))
            for server in servers:
                async with connect(server) as newcomer:
                    joined = await newcomer.join(doc)
                assert joined["version"] == len(log)
                hold_against_log(log, wrote, joined["text"], others[doc])
        await until(lambda: _all_ready(servers))


@pytest.mark.skipif(not SOAK, reason="--soak: long; the test above drains one process too")
async def test_rolling_restart_under_load_loses_and_doubles_nothing(
    tmp_path: Path, postgresql: Postgresql, redis_server: RedisServer
) -> None:
    """Each process is drained and started anew while everybody writes; who is sent away goes on."""
    async with cluster(tmp_path, postgresql, redis_server.url, PROCESSES) as (_, servers):
        up = set(servers)
        writers: list[Writer] = [
            (TextWriter if number % 2 else YjsWriter)(servers[0], "notes", f"w{number}", number)
            for number in range(WRITERS)
        ]

        async def write(writer: Writer) -> None:
            dice = random.Random(writer.name)
            while True:
                writer.move(dice.choice([server for server in servers if server in up]))
                if await writer.write_up_to(EDITS_EACH):
                    return
                assert writer.close_code in {None, 1012, 1013}, "it was dropped, not sent away"

        async def restart_all() -> None:
            for turn, server in enumerate(servers, 1):
                wanted = turn * len(writers) * EDITS_EACH // (2 * len(servers))
                while sum(len(writer.acked) for writer in writers) < wanted:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                up.discard(server)
                assert await run_sync(server.terminate) == 0
                await run_sync(server.start)
                up.add(server)

        async with asyncio.TaskGroup() as tasks:
            for writer in writers:
                tasks.create_task(write(writer))
            tasks.create_task(restart_all())
        log = await read_history(servers[0], "notes")
        await asyncio.gather(*(writer.finish(len(log)) for writer in writers))
        for server in servers:
            async with connect(server) as newcomer:
                joined = await newcomer.join("notes")
            hold_against_log(log, writers, joined["text"])


async def _all_ready(servers: Sequence[ServerProcess]) -> bool:
    return all([await status(server) == "ready" for server in servers])


async def test_processes_see_each_other_without_redis_too(
    tmp_path: Path, postgresql: Postgresql, redis_server: RedisServer
) -> None:
    """An edit crosses by a wake-up, and by a head check when there is none; so does a deletion."""
    async with (
        cluster(tmp_path, postgresql, redis_server.url, 2) as (_, servers),
        connect(servers[0], name="Ana") as ana,
        connect(servers[1], "msgpack", name="Ben") as ben,
    ):
        await ana.join("notes")
        await ben.join("notes", "yjs")
        await ana.expect("member_joined", session=ben.session)
        await ana.insert("notes", "a.1", "Hello")
        updates = await ben.expect("updates")
        assert (updates["from"], updates["to"]) == (1, 1)
        await ana.send("cursor_move", doc="notes", base=1, anchor=5, head=5)
        shown = await ben.expect("awareness")
        while b'"cursor"' not in shown["update"]:
            shown = await ben.expect("awareness")
        assert ana.user["id"].encode() in shown["update"]
        # Forged, doubled, mangled: it changes nothing but the number of queries.
        for payload in (b"", b"\xc1", b"{}", b"\x81\xa4type\xa7changed", bytes(range(256))):
            redis_server.ask("PUBLISH", "quire:doc:notes", payload)
            redis_server.ask("PUBLISH", "quire:doc:notes", payload)
        far = b"\x82\xa4type\xa8appended\xa7version\xce\xff\xff\xff\xff"
        redis_server.ask("PUBLISH", "quire:doc:notes", far)
        await ana.insert("notes", "a.2", "> ")
        updates = await ben.expect("updates")
        assert (updates["from"], updates["to"]) == (2, 2)
        await run_sync(redis_server.kill)
        await until(lambda: _is(servers[1], "degraded"))
        await ana.insert("notes", "a.3", "* ")
        updates = await ben.expect("updates")
        assert (updates["from"], updates["to"]) == (3, 3)
        await run_sync(redis_server.start)
        await until(lambda: _all_ready(servers))
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
            metrics = (await http.get(f"{servers[1].url}/metrics")).text.splitlines()
            assert "quire_bus_up 1.0" in metrics
            assert "# TYPE quire_bus_reconnects_total counter" in metrics
            assert "quire_bus_reconnects_total 0.0" not in metrics
            owner = {"X-Quire-Name": "Ana"}
            address = f"{servers[0].url}/api/documents/notes"
            answer = await http.delete(address, headers=owner)
            assert answer.is_success
        await ben.expect_error("unknown_document", doc="notes")


async def _is(server: ServerProcess, wanted: str) -> bool:
    return await status(server) == wanted


async def test_client_that_moves_ahead_of_a_process_gets_what_it_missed(
    tmp_path: Path, postgresql: Postgresql, redis_server: RedisServer
) -> None:
    """The process that it comes to has the document open, and has not heard of the newest."""
    await run_sync(redis_server.kill)
    try:
        async with (
            postgresql.database() as url,
            AsyncExitStack() as stack,
        ):
            servers = []
            for number in range(2):
                (tmp_path / str(number)).mkdir()
                slow = {"QUIRE_HEAD_CHECK_INTERVAL_S": "3600"}
                server = ServerProcess(tmp_path / str(number), database_url=url, environment=slow)
                stack.callback(server.kill9)
                await run_sync(server.start)
                servers.append(server)
            async with connect(servers[0]) as ana, connect(servers[1], name="Ben") as ben:
                joined = await ana.join("notes")
                await ben.join("notes")
                for number in range(3):
                    await ana.insert("notes", f"a.{number}", str(number))
                async with connect(servers[1]) as moved:
                    again = await moved.join("notes", since=3, epoch=joined["epoch"])
                    assert (again["recovered"], again["version"]) == (True, 3)
                events = await ben.expect("events")
                assert [event["version"] for event in events["events"]] == [1, 2, 3]
                # What no process has is told apart from what one has not heard of yet.
                async with connect(servers[1]) as liar:
                    again = await liar.join("notes", since=9, epoch=joined["epoch"])
                    assert (again["recovered"], again["text"]) == (False, "210")
    finally:
        await run_sync(redis_server.start)
