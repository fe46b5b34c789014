"""Users in SQL."""

from collections.abc import Sequence

from msgspec.structs import asdict
from sqlalchemy import (
    Connection,
    bindparam,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.identity.identity_record import TakenError, UserRecord
from storage.many import encode_texts, is_one_of
from storage.table import users

_by_id = select(*users.c).where(users.c.id == bindparam("of_user"))
_by_login = select(*users.c).where(users.c.login == bindparam("of_login"))
_by_subject = select(*users.c).where(
    users.c.issuer == bindparam("of_issuer"), users.c.subject == bindparam("of_subject")
)
# Whatever it is that is taken; who owns it is asked afterwards, in the same transaction.
_insert = {
    "sqlite": sqlite.insert(users).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(users).on_conflict_do_nothing(),
}
_count_operators = (
    select(func.count()).select_from(users).where(users.c.is_operator, ~users.c.is_disabled)
)
# In one order, so that two who lock them do not wait for each other.
_lock_operators = (
    select(users.c.id)
    .where(users.c.is_operator, ~users.c.is_disabled)
    .order_by(users.c.id)
    .with_for_update()
)
_replace_hash = (
    update(users)
    .where(users.c.id == bindparam("of_user"), users.c.password_hash == bindparam("hash_before"))
    .values(password_hash=bindparam("hash_after"))
)


def put(connection: Connection, user: UserRecord) -> None:
    """Add a user, or update the profile of the one with that id."""
    if connection.execute(_insert[connection.dialect.name], asdict(user)).rowcount == 1:
        return
    profile = {"name": user.name, "color": user.color, "seen_at_ms": user.seen_at_ms}
    if not change(connection, user.id, **profile):
        raise TakenError("the login, or the subject of the provider, belongs to another user")


def add(connection: Connection, user: UserRecord) -> None:
    """Add a user; its id, its login and its subject are to be new."""
    if connection.execute(_insert[connection.dialect.name], asdict(user)).rowcount != 1:
        raise TakenError("the id, the login or the subject belongs to another user")


def change(connection: Connection, user_id: str, **values: object) -> bool:
    """Change columns of a user; return whether there is one."""
    statement = update(users).where(users.c.id == user_id).values(values)
    return connection.execute(statement).rowcount == 1


def replace_hash(connection: Connection, user_id: str, before: str, after: str) -> bool:
    """Replace the hash of a password, unless it was changed meanwhile."""
    values = {"of_user": user_id, "hash_before": before, "hash_after": after}
    return connection.execute(_replace_hash, values).rowcount == 1


def by_id(connection: Connection, user_id: str) -> UserRecord | None:
    row = connection.execute(_by_id, {"of_user": user_id}).one_or_none()
    return None if row is None else UserRecord(*row)


def colors(connection: Connection, user_ids: Sequence[str]) -> dict[str, str]:
    asked = is_one_of(users.c.id, "ids", connection.dialect.name)
    rows = connection.execute(
        select(users.c.id, users.c.color).where(asked),
        {"ids": encode_texts(connection, user_ids)},
    )
    return {row.id: row.color for row in rows}


def by_login(connection: Connection, login: str) -> UserRecord | None:
    row = connection.execute(_by_login, {"of_login": login}).one_or_none()
    return None if row is None else UserRecord(*row)


def by_subject(connection: Connection, issuer: str, subject: str) -> UserRecord | None:
    values = {"of_issuer": issuer, "of_subject": subject}
    row = connection.execute(_by_subject, values).one_or_none()
    return None if row is None else UserRecord(*row)


def page(
    connection: Connection,
    query: str | None,
    limit: int,
    after: tuple[str, str] | None,
    kinds: Sequence[str],
) -> list[UserRecord]:
    statement = select(*users.c).order_by(users.c.name, users.c.id).limit(limit)
    if query:
        statement = statement.where(
            or_(
                users.c.name.icontains(query, autoescape=True),
                users.c.login.icontains(query, autoescape=True),
            )
        )
    if after is not None:
        statement = statement.where(tuple_(users.c.name, users.c.id) > after)
    if kinds:
        statement = statement.where(users.c.kind.in_(kinds))
    return [UserRecord(*row) for row in connection.execute(statement)]


def count_operators(connection: Connection) -> int:
    return int(connection.execute(_count_operators).scalar_one())


def lock_operators(connection: Connection) -> list[str]:
    """Return the ids of the operators who are not disabled; nobody ends one until the commit."""
    return list(connection.execute(_lock_operators).scalars())
