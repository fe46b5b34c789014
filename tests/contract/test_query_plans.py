"""Lookups in a long log, and of who may do what, use the indexes that were made for them."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, event

from storage import catalogue, event_query, whole_log
from storage.access import access_changes, grants, share_links
from storage.audit_rows import _page, _remove
from storage.identity import (
    api_token_rows,
    expired_rows,
    invitation_rows,
    session_rows,
    ticket_rows,
    user_rows,
)
from storage.log import SqlEventLog
from storage.store import Store
from sync.permission import Claim, Reader
from tests.contract import sample
from tests.contract.conftest import new_document, run_sql
from tests.contract.sample import append, open_whole

pytestmark = pytest.mark.anyio


def statements(connection: Connection, work: Callable[[Connection], object]) -> list[Any]:
    """The statements of `work`, each with its values."""
    asked: list[tuple[str, Any]] = []
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert driver is not None
        # Of what is run past SQLAlchemy as well, with its values.
        driver.set_trace_callback(lambda statement: asked.append((statement, ())))
        work(connection)
        driver.set_trace_callback(None)
        return asked

    def note(_: object, __: object, statement: str, values: Any, *___: object) -> None:
        asked.append((statement, values))

    event.listen(connection, "before_cursor_execute", note)
    work(connection)
    event.remove(connection, "before_cursor_execute", note)
    return asked


def plans(connection: Connection, work: Callable[[Connection], object]) -> str:
    """How the database carries out the statements of `work`."""
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    lines = [
        str(row[-1])
        for statement, values in statements(connection, work)
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
        assert whole_log.by_id(connection, key, "client:2") is not None

    def by_made_up_id(connection: Connection) -> None:
        assert whole_log.by_id(connection, key, made_up) is not None

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


# Of access, with as many rows as make a planner prefer an index.

_FILL = (
    "INSERT INTO documents SELECT n, 'd' || n, '', '', 'e', 0, 1, 'u' || n, 1, n, NULL, '', 0, "
    "NULL, false, 0, NULL "
    "FROM numbers",
    "INSERT INTO grants SELECT n, 'user:u' || (n + 1), 'viewer' FROM numbers",
    "INSERT INTO grants SELECT n, 'everyone', 'viewer' FROM numbers WHERE n % 100 = 0",
    "INSERT INTO links SELECT 'l' || n, n, {hash}, 'viewer', 'u', 1, NULL, NULL FROM numbers",
    "INSERT INTO link_uses SELECT 'u' || (n + 2), n, 'l' || n, 1 FROM numbers",
    "INSERT INTO users SELECT 'u' || n, 'account', 'N' || n, '#1', 'login' || n, NULL, {false}, "
    "{false}, 1, 1, 'i', 's' || n FROM numbers",
    "INSERT INTO web_sessions SELECT {hash}, 's' || n, 'u' || n, 1, n, 1, '', '' FROM numbers",
    "INSERT INTO tickets SELECT {hash}, '', NULL, NULL, n, NULL, NULL, NULL FROM numbers",
    "INSERT INTO api_tokens SELECT 't' || n, {hash}, '', '[]', {false}, 'u', 1, NULL, NULL, "
    "NULL FROM numbers",
    "INSERT INTO invitations SELECT {hash}, 'i' || n, 'join', {false}, NULL, 'u', 1, n, NULL "
    "FROM numbers",
    "INSERT INTO access_changes SELECT n, n, NULL, NULL, NULL, n FROM numbers",
    "INSERT INTO access_head VALUES (1, 20000)",
    "INSERT INTO audit SELECT n, n, 'k' || (n % 100), 'd', n % 1000, 'u', 'N', '', '{{}}' "
    "FROM numbers",
)
_NUMBERS = (
    "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000) "
)


async def _fill(url: str) -> None:
    is_sqlite = url.startswith("sqlite")
    words = {
        "hash": "CAST('h' || n AS BLOB)" if is_sqlite else "CAST('h' || n AS BYTEA)",
        "false": "0" if is_sqlite else "false",
    }
    for statement in _FILL:
        insert, select, rest = statement.format(**words).partition(" SELECT")
        await run_sql(url, insert + " " + _NUMBERS + select + rest if select else insert)


def _list(reader: Reader) -> Callable[[Connection], object]:
    def work(connection: Connection) -> None:
        found = catalogue.newest(
            connection, query=None, before=None, limit=20, reader=reader, now_ms=1
        )
        assert found

    return work


_SCAN = re.compile(r"\s*(->)?\s*(SCAN|(Parallel )?Seq Scan)")
_BOUNDED = ("VIRTUAL TABLE", "Function Scan", "SCAN oldest", "SCAN access_changes")
"""The lists that are parameters, and the first few rows in the order of their key."""
_MINE = Reader("u9", is_signed_in=True)
_LOOKUPS: dict[str, Callable[[Connection], object]] = {
    "standing": lambda c: grants.standings(c, [(8, "u9"), (7, "u9")]),
    "grants": lambda c: grants.of_document(c, 8),
    "redeem": lambda c: share_links.redeem(c, b"h8", "u99", 1),
    "links": lambda c: share_links.of_document(c, 8),
    "revoke_link": lambda c: share_links.revoke(c, 8, "l8", 1),
    "changes": lambda c: access_changes.read(c, 19_990, 5),
    "prune_changes": lambda c: access_changes.prune(c, 5, 3),
    "list of few": _list(_MINE),
    "list of one name": _list(Reader("", is_signed_in=False, claims=(Claim("d7", "viewer"),),
                                     is_scoped=True)),
    "user": lambda c: user_rows.by_id(c, "u8"),
    "user by login": lambda c: user_rows.by_login(c, "login8"),
    "user by subject": lambda c: user_rows.by_subject(c, "i", "s8"),
    "users": lambda c: user_rows.page(c, None, 5, ("N5", "u5"), ()),
    "operators": user_rows.count_operators,
    "session": lambda c: session_rows.live(c, b"h8", 1),
    "sessions": lambda c: session_rows.of_user(c, "u8"),
    "extend session": lambda c: session_rows.extend(c, b"h8", 2, 2),
    "end session": lambda c: session_rows.end(c, b"h9", 1),
    "end sessions": lambda c: session_rows.end_all(c, "u8", b"h7", 1),
    "use ticket": lambda c: ticket_rows.use(c, b"h8", 1, 9, "::1"),
    "reuse ticket": lambda c: ticket_rows.used(c, b"h8", 1),
    "bind ticket": lambda c: ticket_rows.bind(c, b"h8", 1, "::1", "notes"),
    "renew ticket": lambda c: ticket_rows.renew(c, [b"h8"], 1, 1),
    "token": lambda c: api_token_rows.live(c, b"h8", 1),
    "token by id": lambda c: api_token_rows.live_by_id(c, "t8", 1),
    "touch token": lambda c: api_token_rows.touch(c, "t8", 1),
    "revoke token": lambda c: api_token_rows.revoke(c, "t8", 1),
    "invitation": lambda c: invitation_rows.use(c, b"h8", 1),
    "revoke invitation": lambda c: invitation_rows.remove(c, "i9"),
    "sweep": lambda c: expired_rows.sweep(c, 50, 5),
    "audit": lambda c: _page(c, None, 500, 20, None),
    "audit of a document": lambda c: _page(c, 77, 15_000, 20, None),
    "audit of a kind": lambda c: _page(c, None, 15_000, 20, "k7"),
    "prune audit": lambda c: _remove(c, 50, 5),
}  # fmt: skip


async def _plan(store: Store, work: Callable[[Connection], object]) -> str:
    async with store._database.write() as transaction:
        return await transaction.run(partial(plans, work=work))


async def _scans(store: Store) -> str:
    """The plans that read a whole table, if there are any."""
    found = {}
    for name, work in _LOOKUPS.items():
        plan = await _plan(store, work)
        for line in plan.splitlines():
            if _SCAN.match(line) and not any(word in line for word in _BOUNDED):
                found[name] = plan
    return "\n\n".join(f"{name}:\n{plan}" for name, plan in found.items())


async def test_lookups_of_access_and_identity_scan_no_table(database_url: str) -> None:
    await _fill(database_url)
    store = open_whole(database_url)
    if database_url.startswith("sqlite"):
        # Nobody has SQLite gather statistics; PostgreSQL does so by itself.
        assert not await _scans(store)
    await run_sql(database_url, "ANALYZE")
    assert not await _scans(store)
    await store.aclose()


async def test_list_for_who_may_read_much_ends_with_the_page(database_url: str) -> None:
    await _fill(database_url)
    await run_sql(database_url, "ANALYZE")
    store = open_whole(database_url)
    reader = Reader("u9", is_signed_in=True, claims=(Claim("*", "viewer"),))
    plan = await _plan(store, _list(reader))
    assert "ix_documents_updated_at_ms_key" in plan
    for all_of_them in ("Sort", "TEMP B-TREE", "Seq Scan", "hashed SubPlan 1", "hashed SubPlan 2"):
        assert all_of_them not in plan, plan
    await store.aclose()


async def test_standings_are_one_statement(database_url: str) -> None:
    store = open_whole(database_url)

    def work(connection: Connection) -> None:
        grants.standings(connection, [(1, "a"), (2, "b")])

    counted = await store._database.read(partial(statements, work=work))
    assert len(counted) == 1
    await store.aclose()
