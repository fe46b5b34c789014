"""Lookups in a long log use the indexes that were made for them."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event

from storage import event_query
from storage.log import SqlEventLog
from tests.contract import sample
from tests.contract.conftest import new_document, run_sql
from tests.contract.sample import append

pytestmark = pytest.mark.anyio


def plans(connection: Connection, work: Callable[[Connection], object]) -> str:
    """How the database carries out the statements of `work`."""
    asked: list[tuple[str, Any]] = []
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert driver is not None
        # Of what is run past SQLAlchemy as well, with its values.
        driver.set_trace_callback(lambda statement: asked.append((statement, ())))
        work(connection)
        driver.set_trace_callback(None)
        explain = "EXPLAIN QUERY PLAN"
    else:

        def note(_: object, __: object, statement: str, values: Any, *___: object) -> None:
            asked.append((statement, values))

        event.listen(connection, "before_cursor_execute", note)
        work(connection)
        event.remove(connection, "before_cursor_execute", note)
        explain = "EXPLAIN"
    lines = [
        str(row[-1])
        for statement, values in asked
        for row in connection.exec_driver_sql(f"{explain} {statement}", values)
    ]
    return "\n".join(lines)


async def test_lookups_use_their_indexes(log: SqlEventLog, database_url: str) -> None:
    key = (await log.create(new_document("notes")))[0].key
    made_up = "s1-4-00000000000a"
    await append(log, key, *map(sample.event, range(1, 4)), sample.event(4, event_id=made_up))
    await append(log, key, *(sample.event(n, actor=f"u{10 + n % 100}") for n in range(5, 20_000)))
    await run_sql(database_url, "ANALYZE")

    def by_id(connection: Connection) -> None:
        assert event_query.by_id(connection, key, "client:2") is not None

    def by_made_up_id(connection: Connection) -> None:
        assert event_query.by_id(connection, key, made_up) is not None

    def by_actor(connection: Connection) -> None:
        found = event_query.history(
            connection, key, after=None, before=None, limit=2, actor="u1", descending=True
        )
        assert [each.version for each in found] == [4, 3]

    async def plan(work: Callable[[Connection], None]) -> str:
        return await log._database.read(lambda connection: plans(connection, work))

    assert "ix_events_document_key_id" in await plan(by_id)
    assert "ix_events_writer_number" in await plan(by_made_up_id)
    assert "ix_events_writer_number" in await plan(by_actor)
    for work in (by_id, by_made_up_id, by_actor):
        found = await plan(work)
        for full in ("SCAN events", "Seq Scan on events"):
            assert full not in found
