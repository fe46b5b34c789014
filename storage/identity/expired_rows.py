"""The removal of rows that have expired: web sessions, tickets, invitations."""

from sqlalchemy import Connection, Table, bindparam, delete, or_, select
from sqlalchemy.sql.dml import Delete

from storage.table import invitations, tickets, web_sessions


def _remove_from(table: Table) -> Delete:
    oldest = (
        select(table.c.secret_hash)
        .where(table.c.expires_at_ms <= bindparam("now_ms"))
        .order_by(table.c.expires_at_ms)
        .limit(bindparam("most"))
    )
    if "bound_until_ms" in table.c:
        bound = table.c.bound_until_ms
        oldest = oldest.where(or_(bound.is_(None), bound <= bindparam("now_ms")))
    return delete(table).where(table.c.secret_hash.in_(oldest))


_removals = [_remove_from(table) for table in (web_sessions, tickets, invitations)]


def sweep(connection: Connection, now_ms: int, limit: int) -> int:
    """Remove at most `limit` rows of each table, the first to expire first; return how many."""
    values = {"now_ms": now_ms, "most": limit}
    return sum(connection.execute(removal, values).rowcount for removal in _removals)
