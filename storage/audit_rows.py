"""The audit trail in SQL: who did what, or was refused it; apart from the log and its delivery."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, insert, select

from storage.engine import Database
from storage.storable import escape_unstorable, is_storable
from storage.table import audit


class AuditRecord(Struct, frozen=True):
    """One act, or one refused attempt."""

    at_ms: int
    """UTC, milliseconds since the epoch."""
    kind: str
    user_id: str
    """Empty: nobody was known."""
    user_name: str
    address: str
    document: str | None = None
    """The name, as it was given; perhaps of no document."""
    document_key: int | None = None
    detail: dict[str, Any] = {}
    """JSON values: no document text, no secrets."""
    key: int = 0
    """The place in the trail; the store gives it."""


_insert = insert(audit)
_oldest = (
    select(audit.c.key)
    .where(audit.c.at_ms < bindparam("before_ms"))
    .order_by(audit.c.at_ms)
    .limit(bindparam("most"))
)
_prune = delete(audit).where(audit.c.key.in_(_oldest))


class SqlAudit:
    """The audit trail. Every method may raise `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, records: Sequence[AuditRecord]) -> None:
        """Add records; returns after the commit. Their keys are not looked at.

        Never fails for what somebody has put into them: what cannot be stored is escaped.
        """
        if not records:
            return
        rows = [_row(record) for record in records]
        async with self._database.write() as transaction:
            await transaction.run(partial(_append, rows=rows))

    async def page(
        self,
        document_key: int | None,
        *,
        before: int | None = None,
        limit: int,
        kind: str | None = None,
    ) -> list[AuditRecord]:
        """Return records, newest first.

        Args:
            document_key: only of that document; None: all.
            before: the key of the last one seen.
            kind: only of that kind.
        """
        if kind is not None and not is_storable(kind):
            return []
        return await self._database.read(
            partial(_page, document_key=document_key, before=before, limit=limit, kind=kind)
        )

    async def prune(self, before_ms: int, limit: int) -> int:
        """Remove records from before a time, the oldest first, at most `limit`; return how many."""
        async with self._database.write() as transaction:
            return await transaction.run(partial(_remove, before_ms=before_ms, limit=limit))


def _row(record: AuditRecord) -> dict[str, Any]:
    # In JSON, half a character would not even be encoded; NUL is, as \u0000.
    detail = msgspec.json.encode(_escape(record.detail)).decode()
    row = msgspec.structs.asdict(record) | {"detail": detail}
    del row["key"]
    return {
        name: escape_unstorable(value) if isinstance(value, str) else value
        for name, value in row.items()
    }


def _escape(value: Any) -> Any:
    match value:
        case str():
            return value if is_storable(value) else escape_unstorable(value)
        case dict():
            return {_escape(key): _escape(each) for key, each in value.items()}
        case list() | tuple():
            return [_escape(each) for each in value]
    return value


def _append(connection: Connection, rows: list[dict[str, Any]]) -> None:
    connection.execute(_insert, rows)


def _page(
    connection: Connection,
    document_key: int | None,
    before: int | None,
    limit: int,
    kind: str | None,
) -> list[AuditRecord]:
    statement = select(audit).order_by(audit.c.key.desc()).limit(limit)
    if document_key is not None:
        statement = statement.where(audit.c.document_key == document_key)
    if before is not None:
        statement = statement.where(audit.c.key < before)
    if kind is not None:
        statement = statement.where(audit.c.kind == kind)
    return [
        AuditRecord(**(dict(row) | {"detail": msgspec.json.decode(row["detail"])}))
        for row in connection.execute(statement).mappings()
    ]


def _remove(connection: Connection, before_ms: int, limit: int) -> int:
    return connection.execute(_prune, {"before_ms": before_ms, "most": limit}).rowcount
