"""Web sessions in SQL."""

from msgspec.structs import asdict
from sqlalchemy import Connection, bindparam, delete, false, insert, select, update

from storage.access.access_record import AccessChange
from storage.identity.identity_record import SessionRecord, UserRecord
from storage.table import users, web_sessions

_SESSION_COLUMNS = len(web_sessions.c)

_insert = insert(web_sessions)
_live = (
    select(*web_sessions.c, *users.c)
    .join_from(web_sessions, users, users.c.id == web_sessions.c.user_id)
    .where(
        web_sessions.c.secret_hash == bindparam("hash_of_secret"),
        web_sessions.c.expires_at_ms > bindparam("now_ms"),
        users.c.is_disabled.is_(false()),
    )
)
_of_user = (
    select(*web_sessions.c)
    .where(web_sessions.c.user_id == bindparam("of_user"))
    .order_by(web_sessions.c.created_at_ms, web_sessions.c.id)
)
_extend = (
    update(web_sessions)
    .where(web_sessions.c.secret_hash == bindparam("hash_of_secret"))
    .values(expires_at_ms=bindparam("end_ms"), seen_at_ms=bindparam("now_ms"))
)
_end = (
    delete(web_sessions)
    .where(web_sessions.c.secret_hash == bindparam("hash_of_secret"))
    .returning(web_sessions.c.user_id, web_sessions.c.id)
)
_end_all = (
    delete(web_sessions)
    .where(web_sessions.c.user_id == bindparam("of_user"))
    .returning(web_sessions.c.user_id, web_sessions.c.id)
)
_end_others = _end_all.where(web_sessions.c.secret_hash != bindparam("kept_hash"))


def add(connection: Connection, session: SessionRecord) -> None:
    connection.execute(_insert, asdict(session))


def live(
    connection: Connection, secret_hash: bytes, now_ms: int
) -> tuple[SessionRecord, UserRecord] | None:
    values = {"hash_of_secret": secret_hash, "now_ms": now_ms}
    row = connection.execute(_live, values).one_or_none()
    if row is None:
        return None
    return SessionRecord(*row[:_SESSION_COLUMNS]), UserRecord(*row[_SESSION_COLUMNS:])


def of_user(connection: Connection, user_id: str) -> list[SessionRecord]:
    return [SessionRecord(*row) for row in connection.execute(_of_user, {"of_user": user_id})]


def extend(connection: Connection, secret_hash: bytes, expires_at_ms: int, seen_at_ms: int) -> bool:
    values = {"hash_of_secret": secret_hash, "end_ms": expires_at_ms, "now_ms": seen_at_ms}
    return connection.execute(_extend, values).rowcount == 1


def end(connection: Connection, secret_hash: bytes, at_ms: int) -> list[AccessChange]:
    """Remove a session; return the changes that this is."""
    rows = connection.execute(_end, {"hash_of_secret": secret_hash})
    return [AccessChange(0, None, *row, at_ms=at_ms) for row in rows]


def end_all(
    connection: Connection, user_id: str, except_hash: bytes | None, at_ms: int
) -> list[AccessChange]:
    """Remove the sessions of a user, but one; return the changes that this is."""
    if except_hash is None:
        rows = connection.execute(_end_all, {"of_user": user_id})
    else:
        rows = connection.execute(_end_others, {"of_user": user_id, "kept_hash": except_hash})
    return [AccessChange(0, None, *row, at_ms=at_ms) for row in rows]
