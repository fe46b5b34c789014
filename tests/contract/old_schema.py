"""Databases as an older Quire left them, made by its migrations and raw SQL; no test is in here.

As a process of its own, `python -m tests.contract.old_schema URL` upgrades a database, says so in
the middle of rewriting its events, and goes no further.
"""

import asyncio
import sys
import time
import zlib
from dataclasses import astuple, dataclass
from hashlib import blake2b
from typing import Any, Final

from alembic import command
from sqlalchemy import Connection, Engine, event, text

from storage import migrate
from storage.migrate import transact, upgrade

_DOCUMENT: Final = """
    INSERT INTO documents VALUES
        (:key, :name, 'T', 'content', 'e1', :version, 99, 'u-owner', 1, 2, NULL)"""
_EVENT: Final = """
    INSERT INTO events VALUES (:document_key, :version, :id, :type, :ops, :update, :actor_id,
        :actor_name, :session, :at_ms, :digest)"""
_CHECKPOINT: Final = "INSERT INTO checkpoints VALUES (1, :version, :text, :state, :pairs)"


@dataclass
class OldEvent:
    """A row of `events` in schema 0002."""

    document_key: int
    version: int
    id: str
    type: str
    ops: str
    update: bytes
    actor_id: str
    actor_name: str
    session: str
    at_ms: int
    digest: bytes


def of_update(update: bytes) -> bytes:
    return blake2b(update, digest_size=16, person=b"update").digest()


def old_events(count: int) -> list[OldEvent]:
    """Events of two documents: with ids made up and chosen, of several sessions and names."""
    events = []
    for document in (1, 2):
        for n in range(1, count + 1):
            session = f"{document}abcdef-{n % 3}"
            update = b"update %d" % n
            made_up = f"{session}-{n}-{n:012x}"
            event_id = (made_up, f"client:{n}", f"zz-{n}-00000000000a")[n % 7 % 3]
            kind, ops = (("text_insert", '[3,"é\\u0000"]'), ("update", "[]"))[n % 11 == 0]
            digest = of_update(update) if n % 5 else b"d" * 16
            names = ("u1", ("Ada", "Ada L.")[n % 13 == 0])
            events.append(
                OldEvent(
                    document, n, event_id, kind, ops, update, *names, session, 1_000 + n, digest
                )
            )
    return events


def bring(connection: Connection, revision: str) -> None:
    """Upgrade to a schema that may be older than the newest."""
    config = migrate._config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def make(database_url: str, events: list[OldEvent], revision: str = "0002") -> None:
    """Fill an empty database with schema 0002, and upgrade it. Not for use on an event loop."""

    def fill(connection: Connection) -> None:
        bring(connection, "0002")
        heads: dict[int, int] = {}
        for each in events:
            heads[each.document_key] = max(each.version, heads.get(each.document_key, 0))
        for key, version in heads.items():
            values = {"key": key, "name": f"doc-{key}", "version": version}
            connection.execute(text(_DOCUMENT), values)
        names = list(OldEvent.__dataclass_fields__)
        rows = [dict(zip(names, astuple(each), strict=True)) for each in events]
        connection.execute(text(_EVENT), rows)
        for version, state in enumerate((None, b"state 2", b"state 3"), 1):
            values = {"version": version, "text": zlib.compress(b"text"), "pairs": b""}
            connection.execute(text(_CHECKPOINT), values | {"state": state})
        bring(connection, revision)

    transact(database_url, fill)


def _hang_in_the_middle() -> None:
    inserts = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def count(_: Any, __: Any, statement: str, *___: Any) -> None:
        nonlocal inserts
        inserts += "INSERT INTO events" in statement
        if inserts == 3:
            print("in the middle", flush=True)
            time.sleep(3_600)


if __name__ == "__main__":
    _hang_in_the_middle()
    asyncio.run(upgrade(sys.argv[1]))
