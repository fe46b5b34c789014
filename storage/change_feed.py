"""The feed of changes in SQL: `sync.changes.ChangeFeed` on SQLite and PostgreSQL.

A transaction that changes a document adds a row to `new_changes`. On PostgreSQL the keys of these
rows are given out before the commits and become visible in any order, so no reader can tell from a
key that nothing smaller is still to come. Therefore positions are assigned later: whoever claims
moves the rows that are committed to `changes`, one claimer at a time, and each gets the next
position. Of one document the smaller key was committed first, since who adds it has locked the
head. A transaction that stands still anywhere in the cluster holds nobody up.
"""

from collections.abc import Sequence
from functools import partial
from time import time_ns
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage import beginning
from storage.beginning import BEFORE_ALL
from storage.engine import Database, Work
from storage.feed_sequence import HEAD, SEQUENCED_ROWS, is_more_than_one_step, sequence
from storage.prepared import Prepared
from storage.table import changes, cursors, documents, feed_head, new_changes
from sync.changes import Change, ChangeKind, Claim, CursorState
from sync.port import StoreError

_FIELDS = ("document_key", "kind", "after_version", "upto_version")
_record = Prepared(insert(new_changes).values({n: bindparam(n) for n in _FIELDS}), *_FIELDS)
_make_head = {
    "sqlite": sqlite.insert(feed_head).on_conflict_do_nothing(index_elements=["key"]),
    "postgresql": postgresql.insert(feed_head).on_conflict_do_nothing(index_elements=["key"]),
}
_make_cursor = {
    "sqlite": sqlite.insert(cursors).on_conflict_do_nothing(index_elements=["name"]),
    "postgresql": postgresql.insert(cursors).on_conflict_do_nothing(index_elements=["name"]),
}
_head = select(feed_head.c.position).where(feed_head.c.key == HEAD)
_cursor = select(cursors).where(cursors.c.name == bindparam("cursor_name"))
_after = (
    select(
        changes.c.position,
        changes.c.kind,
        changes.c.document_key,
        documents.c.name,
        changes.c.after_version,
        changes.c.upto_version,
        func.coalesce(changes.c.detail, ""),
    )
    .join(documents, documents.c.key == changes.c.document_key)
    .where(changes.c.position > bindparam("after"))
    .order_by(changes.c.position)
    .limit(bindparam("most"))
)
_span_end = bindparam("after", type_=BigInteger) + bindparam("span", type_=BigInteger)
_last_of_each = (
    select(func.max(changes.c.position))
    .where(changes.c.position > bindparam("after", type_=BigInteger))
    .where(changes.c.position <= _span_end)
    .group_by(changes.c.document_key)
)
_after_in_span = _after.where(changes.c.position.in_(_last_of_each))
_advance = (
    update(cursors)
    .where(
        cursors.c.name == bindparam("cursor_name"),
        cursors.c.position == bindparam("after"),
        cursors.c.holder == bindparam("held_by"),
    )
    .values(
        position=bindparam("upto"),
        holder="",
        held_until_ms=0,
        advanced_at_ms=bindparam("now_ms", type_=BigInteger),
    )
)
_read_up_to = func.coalesce(cursors.c.feed_from, cursors.c.position)
_prune = delete(changes).where(
    changes.c.position
    <= func.coalesce(select(func.min(_read_up_to)).scalar_subquery(), _head.scalar_subquery())
)
_states = select(
    cursors.c.name,
    cursors.c.position,
    select(feed_head.c.position).scalar_subquery()
    + select(func.count()).select_from(new_changes).scalar_subquery()
    - _read_up_to,
    cursors.c.advanced_at_ms,
).order_by(cursors.c.name)


def record(connection: Connection, rows: Sequence[tuple[int, str, int, int]]) -> None:
    """Add changes (document key, kind, after, upto); the heads of their documents are locked."""
    _record.run_many(connection, rows)


def record_detail(connection: Connection, key: int, kind: ChangeKind, **detail: object) -> None:
    """Add a change of a document that says more than its kind; JSON values."""
    told = msgspec.json.encode(detail).decode()
    connection.execute(
        insert(new_changes),
        {"document_key": key, "kind": kind, "after_version": 0, "upto_version": 0, "detail": told},
    )


def drop_unread(connection: Connection) -> None:
    """Remove changes if there is no cursor at all; waits for no lock."""
    statement = _head.with_for_update(skip_locked=True)
    # Without a head, nobody has ever made a cursor; who makes the first one waits for this.
    connection.execute(_make_head[connection.dialect.name], {"key": HEAD, "position": 0})
    if connection.execute(statement).one_or_none() is None:
        return
    if not _is_read(connection):
        connection.execute(delete(new_changes))


class SqlChangeFeed:
    """A `sync.changes.ChangeFeed`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(self, cursor: str, *, at_beginning: bool = False) -> int:
        """Return the position of a cursor; a new one is put behind the last committed change.

        Args:
            at_beginning: a new one gets every document first: see `storage.beginning`.
        """
        async with self._database.write() as transaction:
            return await transaction.run(partial(start, cursor=cursor, at_beginning=at_beginning))

    async def claim(
        self,
        cursor: str,
        holder: str,
        *,
        limit: int,
        now_ms: int,
        lease_ms: int,
        span: int | None = None,
    ) -> Claim | None:
        """Claim the changes after a cursor; None if there are none, or another holds it.

        Args:
            span: of so many changes, only the last one of each document is claimed.

        Raises `StoreError` if there is no such cursor.
        """
        if not await self._database.read(partial(_has_news, cursor=cursor)):
            return None
        await self._sequence_up_to(limit if span is None else span)
        async with self._database.write() as transaction:
            return await transaction.run(
                partial(
                    _claim,
                    cursor=cursor,
                    holder=holder,
                    limit=limit,
                    span=span,
                    now_ms=now_ms,
                    held_until_ms=now_ms + lease_ms,
                )
            )

    async def _sequence_up_to(self, limit: int) -> None:
        """Assign positions, some at a time, so that whoever writes gets in between.

        The claim itself assigns the last ones.
        """
        for _ in range(limit // SEQUENCED_ROWS):
            if not await self._database.read(is_more_than_one_step):
                return
            async with self._database.write() as transaction:
                await transaction.run(_sequence_some)

    async def advance(self, claim: Claim, upto: int, work: Work[object] | None = None) -> bool:
        """Move the cursor behind `upto`, one of the claimed changes, and give the claim up.

        Args:
            work: SQL that takes effect if and only if the cursor advances, in its transaction.

        Returns only after commit: False, and nothing changed, if the claim was lost meanwhile.
        """
        if not claim.after < upto <= claim.changes[-1].position:
            raise ValueError(f"position {upto} is not among what was claimed after {claim.after}")
        async with self._database.write() as transaction:
            return await transaction.run(partial(_move, claim=claim, upto=upto, work=work))

    async def cursors(self) -> dict[str, int]:
        """Return the position of every cursor."""
        return await self._database.read(_positions)

    async def cursor_states(self) -> list[CursorState]:
        """Return how far every cursor is, by name."""
        return await self._database.read(_cursor_states)

    async def forget(self, cursor: str) -> bool:
        """Remove a cursor; changes are kept for those that remain. False if there was none."""
        async with self._database.write() as transaction:
            return await transaction.run(partial(forget, cursor=cursor))


def lock(connection: Connection) -> int:
    """Wait for all others who claim or advance; return the last position assigned."""
    connection.execute(_make_head[connection.dialect.name], {"key": HEAD, "position": 0})
    return int(connection.execute(_head.with_for_update()).scalar_one())


def _is_read(connection: Connection) -> bool:
    """Return whether there is any cursor."""
    return connection.execute(select(cursors.c.name).limit(1)).one_or_none() is not None


def _sequence_some(connection: Connection) -> int:
    return sequence(connection, lock(connection))


def start(connection: Connection, cursor: str, *, at_beginning: bool = False) -> int:
    """Do what `SqlChangeFeed.start` does, in a transaction under way; others wait until its end."""
    last = lock(connection)
    if _is_read(connection):
        while moved := sequence(connection, last):
            last += moved
    else:
        connection.execute(delete(new_changes))
    made = {"name": cursor, "position": last, "holder": "", "held_until_ms": 0, "feed_from": None}
    if at_beginning:
        made |= {"position": BEFORE_ALL, "feed_from": last}
    connection.execute(_make_cursor[connection.dialect.name], made)
    connection.execute(_prune)
    return int(_find(connection, cursor).position)


def _find(connection: Connection, cursor: str) -> Any:
    row = connection.execute(_cursor, {"cursor_name": cursor}).one_or_none()
    if row is None:
        raise StoreError(f"there is no cursor {cursor!r}")
    return row


def _has_news(connection: Connection, cursor: str) -> bool:
    found = _find(connection, cursor)
    if found.feed_from is not None:
        return True
    if connection.execute(select(new_changes.c.key).limit(1)).one_or_none() is not None:
        return True
    return bool(connection.execute(_after, {"after": found.position, "most": 1}).all())


def _claim(
    connection: Connection,
    cursor: str,
    holder: str,
    limit: int,
    now_ms: int,
    held_until_ms: int,
    span: int | None,
) -> Claim | None:
    last = lock(connection)
    found = _find(connection, cursor)
    if found.holder not in ("", holder) and found.held_until_ms > now_ms:
        return None
    sequence(connection, last)
    after, claimed = found.position, []
    if found.feed_from is not None:
        claimed = beginning.read(connection, after, found.feed_from, limit)
        if not claimed:
            after = found.feed_from
            ended = {"position": after, "feed_from": None}
            connection.execute(update(cursors).where(cursors.c.name == cursor), ended)
    if not claimed:
        found_by, values = _after, {"after": after, "most": limit}
        if span is not None:
            found_by, values = _after_in_span, values | {"span": span}
        rows = connection.execute(found_by, values)
        claimed = [Change(*row) for row in rows]
    if not claimed:
        return None
    held = {"holder": holder, "held_until_ms": held_until_ms}
    connection.execute(update(cursors).where(cursors.c.name == cursor), held)
    return Claim(cursor, holder, after, claimed)


def _move(connection: Connection, claim: Claim, upto: int, work: Work[object] | None) -> bool:
    lock(connection)
    moved = connection.execute(
        _advance,
        {
            "cursor_name": claim.cursor,
            "after": claim.after,
            "held_by": claim.holder,
            "upto": upto,
            "now_ms": time_ns() // 1_000_000,
        },
    )
    if moved.rowcount != 1:
        return False
    if work is not None:
        work(connection)
    connection.execute(_prune)
    return True


def _positions(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(cursors.c.name, cursors.c.position).order_by(cursors.c.name))
    return {row.name: row.position for row in rows}


def _cursor_states(connection: Connection) -> list[CursorState]:
    return [CursorState(*row) for row in connection.execute(_states)]


def forget(connection: Connection, cursor: str) -> bool:
    """Do what `SqlChangeFeed.forget` does, in a transaction under way; others wait for it."""
    lock(connection)
    removed = connection.execute(delete(cursors).where(cursors.c.name == cursor)).rowcount
    connection.execute(_prune)
    return bool(removed)
