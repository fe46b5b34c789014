"""What the log on PostgreSQL alone can get wrong: locks, cut connections, values, the pool."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url

from storage import catalogue
from storage.log import SqlEventLog
from storage.migrate import SchemaError, require_current
from storage.postgresql import PostgresqlDatabase
from sync.port import Checkpoint, DocumentRecord, StoreError
from tests.contract.conftest import new_document
from tests.contract.sample import append_next, event, open_log
from tests.patience import PATIENCE_S
from tests.postgresql import OF_QUIRE, Postgresql, execute, until_blocked, until_connections

pytestmark = pytest.mark.anyio


@pytest.fixture
async def url(postgresql: Postgresql) -> AsyncIterator[str]:
    async with postgresql.database() as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[PostgresqlDatabase]:
    database = PostgresqlDatabase(make_url(url), pool_size=4, timeout_s=PATIENCE_S)
    yield database
    await database.aclose()


@pytest.fixture
def log(database: PostgresqlDatabase) -> SqlEventLog:
    return SqlEventLog(database)


async def key_of(log: SqlEventLog, name: str) -> int:
    record, _ = await log.create(new_document(name))
    return record.key


async def cut_all(url: str) -> None:
    """End all connections of Quire, from the side of the server."""
    await execute(
        url, f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE {OF_QUIRE}"
    )


# Locks


async def test_appenders_of_different_documents_do_not_wait(log: SqlEventLog) -> None:
    a, b = await key_of(log, "a"), await key_of(log, "b")
    async with log.append() as transaction:
        await transaction.lock_heads([a])
        await transaction.insert([(a, event(1))], updated_at_ms=1)
        async with asyncio.timeout(PATIENCE_S):
            assert await append_next(log, b, "meanwhile") == 1


async def test_appender_sees_the_head_that_it_waited_for(url: str, log: SqlEventLog) -> None:
    key = await key_of(log, "notes")
    async with log.append() as transaction:
        await transaction.lock_heads([key])
        second = asyncio.create_task(append_next(log, key, "second"))
        await until_blocked(url)
        await transaction.insert([(key, event(1))], updated_at_ms=1)
    assert await second == 2


async def test_creator_gets_the_document_that_it_waited_for(
    url: str, database: PostgresqlDatabase, log: SqlEventLog
) -> None:
    async with database.write() as transaction:
        first, _ = await transaction.run(partial(catalogue.create, new=new_document("notes")))
        second = asyncio.create_task(log.create(new_document("notes", title="Another")))
        await until_blocked(url)
    assert await second == (first, False)


async def test_checkpoint_does_not_wait_for_appenders(log: SqlEventLog) -> None:
    key = await key_of(log, "notes")
    async with log.append() as transaction:
        await transaction.lock_heads([key])
        async with asyncio.timeout(PATIENCE_S):
            await log.save_checkpoint(key, Checkpoint(0, "", b"state"))


async def test_deadlock_is_a_store_error_of_one(log: SqlEventLog) -> None:
    keys = [await key_of(log, name) for name in "ab"]
    both_have_one = asyncio.Barrier(2)

    async def lock(first: int, then: int) -> None:
        async with log.append() as transaction:
            await transaction.lock_heads([first])
            await both_have_one.wait()
            await transaction.lock_heads([then])

    a, b = keys
    results = await asyncio.gather(lock(a, b), lock(b, a), return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [StoreError]
    assert await append_next(log, a, "later") == 1


# Cut connections


async def test_idle_connections_that_were_cut_are_replaced(url: str, log: SqlEventLog) -> None:
    key = await key_of(log, "notes")
    await asyncio.gather(*(log.read(key, 0, 9, 9) for _ in range(4)))
    await cut_all(url)
    with suppress(StoreError):  # it is only just being found out
        await log.ping()
    await asyncio.gather(*(log.read(key, 0, 9, 9) for _ in range(4)))
    assert await append_next(log, key, "later") == 1


async def test_cut_inside_a_transaction_leaves_nothing_of_it(url: str, log: SqlEventLog) -> None:
    key = await key_of(log, "notes")

    async def append_and_cut(*, insert_first: bool) -> None:
        async with log.append() as transaction:
            await transaction.lock_heads([key])
            if insert_first:
                await transaction.insert([(key, event(1))], updated_at_ms=1)
            await cut_all(url)
            if not insert_first:
                await transaction.insert([(key, event(1))], updated_at_ms=1)

    for insert_first in (False, True):
        with pytest.raises(StoreError):
            await append_and_cut(insert_first=insert_first)
    assert await log.read(key, 0, 9, 9) == []
    assert await append_next(log, key, "later") == 1


@asynccontextmanager
async def mute_commit(url: str, folder: Path) -> AsyncIterator[str]:
    """A way to the database that hangs up between a COMMIT and its answer; the URL of that way."""
    real = make_url(url)
    host, port = real.query.get("host", real.host), real.port or 5432
    tasks: set[asyncio.Task[None]] = set()

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(host, str) and host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(str(host), port)

    async def serve(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await connect()
        committing = asyncio.Event()

        async def answer() -> None:
            while data := await server.read(1 << 16):
                if committing.is_set():
                    break
                to_client.write(data)
            to_client.close()

        answering = asyncio.create_task(answer())
        tasks.add(answering)
        while data := await client.read(1 << 16):
            if b"COMMIT" in data:
                committing.set()
            to_server.write(data)
        await answering
        to_server.close()

    async with await asyncio.start_unix_server(serve, folder / f".s.PGSQL.{port}"):
        yield real.set(query={**real.query, "host": str(folder)}).render_as_string(
            hide_password=False
        )
    await asyncio.gather(*tasks)


async def test_commit_without_an_answer_is_a_store_error_and_stands(
    url: str, log: SqlEventLog, tmp_path_factory: pytest.TempPathFactory
) -> None:
    key = await key_of(log, "notes")
    # The path of a socket is short.
    async with mute_commit(url, tmp_path_factory.mktemp("s")) as way:
        other = open_log(way)
        for _ in range(2):  # the second time, the id is taken
            with pytest.raises(StoreError):
                await append_next(other, key, "unknown")
            assert len(await other.read(key, 0, 9, 9)) == 1
        await other.aclose()
    async with log.append() as transaction:
        assert set(await transaction.find_ids([(key, "unknown")])) == {(key, "unknown")}


# Values


@pytest.mark.parametrize("title", ["secret\0", "secret\ud83d"])
async def test_what_postgresql_cannot_hold_is_a_store_error(log: SqlEventLog, title: str) -> None:
    with pytest.raises(StoreError) as caught:
        await log.create(new_document("notes", title=title))
    assert "secret" not in f"{caught.value} {caught.value.__cause__}"
    assert await log.find("notes") is None
    record, _ = await log.create(new_document("notes"))
    with pytest.raises(StoreError):
        await log.update_document("notes", title=title, updated_at_ms=5)
    assert await log.find("notes") == record


# The pool, and connecting


async def test_connections_have_the_settings_that_promises_stand_on(
    database: PostgresqlDatabase,
) -> None:
    def settings(connection: Connection) -> list[str]:
        names = (
            "synchronous_commit",
            "transaction_isolation",
            "transaction_read_only",
            "idle_in_transaction_session_timeout",
        )
        one = "SELECT setting FROM pg_settings WHERE name = "
        return [str(connection.exec_driver_sql(f"{one} '{name}'").scalar_one()) for name in names]

    bound_ms = str(round(PATIENCE_S * 1000))
    assert await database.read(settings) == ["on", "read committed", "off", bound_ms]
    assert await database.read_snapshot(settings) == ["on", "repeatable read", "on", bound_ms]
    async with database.write() as transaction:
        assert await transaction.run(settings) == ["on", "read committed", "off", bound_ms]


async def test_pool_is_bounded_and_closed(url: str) -> None:
    log = open_log(url, pool_size=2)
    key = await key_of(log, "notes")
    await asyncio.gather(*(append_next(log, key, f"e{n}") for n in range(8)))
    await until_connections(url, 2)
    await log.aclose()
    await until_connections(url, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda url: url.replace("/quire_test_", "/no_such_"), "does not exist"),
        (lambda _: "postgresql://postgres@127.0.0.1:1/quire", "Connect call failed"),
    ],
)
async def test_database_that_is_not_there_is_a_store_error(
    url: str, change: Callable[[str], str], message: str
) -> None:
    log = open_log(change(url))
    for use in (log.ping(), log.create(new_document("notes")), require_current(change(url))):
        with pytest.raises(StoreError, match=message):
            await use
    await log.aclose()


async def test_url_may_be_spelled_as_elsewhere(url: str, log: SqlEventLog) -> None:
    record: DocumentRecord = (await log.create(new_document("notes")))[0]
    for scheme in ("postgresql", "postgres"):
        spelled = make_url(url).set(drivername=scheme).update_query_dict({"sslmode": "prefer"})
        other = open_log(spelled.render_as_string(hide_password=False))
        assert await other.find("notes") == record
        await other.aclose()


async def test_database_that_is_not_unicode_is_refused(url: str) -> None:
    name = "quire_test_ascii"
    await execute(
        url,
        f"DROP DATABASE IF EXISTS {name}",
        f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0 "
        "STRATEGY file_copy",
    )
    ascii_url = make_url(url).set(database=name).render_as_string(hide_password=False)
    with pytest.raises(SchemaError, match="encoding SQL_ASCII"):
        await require_current(ascii_url)
    await execute(url, f"DROP DATABASE {name} WITH (FORCE)")
