"""The grants of a document, and what all rows of its policy say of one user."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Connection,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.access.access_record import GrantRecord
from storage.many import encode_pairs, pair_rows
from storage.table import documents, grants, link_uses, links, users
from sync.names import Role
from sync.permission import EVERYONE, SIGNED_IN, LinkGrant, Standing, user_subject
from sync.user import User

_USER_BEGINS = len(user_subject("")) + 1

_insert = insert(grants)
_put_sqlite = sqlite.insert(grants)
_put_postgresql = postgresql.insert(grants)
_put = {
    "sqlite": _put_sqlite.on_conflict_do_update(
        index_elements=["document_key", "subject"], set_={"role": _put_sqlite.excluded.role}
    ),
    "postgresql": _put_postgresql.on_conflict_do_update(
        index_elements=["document_key", "subject"], set_={"role": _put_postgresql.excluded.role}
    ),
}
_remove = delete(grants).where(
    grants.c.document_key == bindparam("of_document"), grants.c.subject == bindparam("of_subject")
)
_has = select(grants.c.subject).where(
    grants.c.document_key == bindparam("of_document"), grants.c.subject == bindparam("of_subject")
)
_of_document = (
    select(grants.c.subject, grants.c.role, users.c.id, users.c.name, users.c.color)
    .outerjoin_from(grants, users, users.c.id == func.substr(grants.c.subject, _USER_BEGINS))
    .where(grants.c.document_key == bindparam("of_document"))
    .order_by(grants.c.subject)
)


def _standings(dialect: str) -> CompoundSelect[Any]:
    never = cast(null(), BigInteger)
    asked = pair_rows(dialect)
    pair = (asked.c.document_key, asked.c.user_id)
    mine = literal(user_subject("")) + asked.c.user_id
    subjects = grants.c.subject.in_((literal(EVERYONE), literal(SIGNED_IN), mine))
    owner = (literal("owner"), documents.c.owner_id, documents.c.read_only_at_ms)
    owners = select(*pair, *owner).join_from(
        asked, documents, documents.c.key == asked.c.document_key
    )
    granted = select(*pair, grants.c.subject, grants.c.role, never).join_from(
        asked, grants, (grants.c.document_key == asked.c.document_key) & subjects
    )
    linked = (
        select(*pair, literal("link"), links.c.role, links.c.expires_at_ms)
        .join_from(
            asked,
            link_uses,
            (link_uses.c.user_id == asked.c.user_id)
            & (link_uses.c.document_key == asked.c.document_key),
        )
        .join(links, links.c.id == link_uses.c.link_id)
        .where(links.c.revoked_at_ms.is_(None))
    )
    return union_all(owners, granted, linked)


_standings_of = {dialect: _standings(dialect) for dialect in ("sqlite", "postgresql")}


def add(connection: Connection, key: int, given: Sequence[tuple[str, Role]]) -> None:
    """Save the grants of a document that was just created."""
    if given:
        rows = [{"document_key": key, "subject": subject, "role": role} for subject, role in given]
        connection.execute(_insert, rows)


def put(connection: Connection, key: int, subject: str, role: Role | None) -> None:
    """Set or, for None, remove a grant."""
    if role is None:
        connection.execute(_remove, {"of_document": key, "of_subject": subject})
        return
    row = {"document_key": key, "subject": subject, "role": role}
    connection.execute(_put[connection.dialect.name], row)


def has(connection: Connection, key: int, subject: str) -> bool:
    """Return whether a subject has a role of its own in a document."""
    return connection.execute(_has, {"of_document": key, "of_subject": subject}).first() is not None


def of_document(connection: Connection, key: int) -> list[GrantRecord]:
    return [
        GrantRecord(subject, role, None if user_id is None else User(user_id, name, color))
        for subject, role, user_id, name, color in connection.execute(
            _of_document, {"of_document": key}
        )
    ]


def standings(
    connection: Connection, pairs: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], Standing]:
    """Return what concerns a user in a document, for each pair, in one statement."""
    unique = list(dict.fromkeys(pairs))
    values = encode_pairs(connection, unique)
    rows = connection.execute(_standings_of[connection.dialect.name], values)
    owners: dict[tuple[int, str], str] = {}
    roles: dict[tuple[int, str, str], Role] = {}
    linked: dict[tuple[int, str], list[LinkGrant]] = {}
    read_only: set[int] = set()
    for key, user_id, what, value, at_ms in rows:
        if what == "owner":
            owners[key, user_id] = value
            if at_ms is not None:
                read_only.add(key)
        elif what == "link":
            linked.setdefault((key, user_id), []).append(LinkGrant(value, at_ms))
        else:
            roles[key, user_id, what] = value
    return {
        (key, user_id): Standing(
            owners.get((key, user_id), ""),
            roles.get((key, user_id, EVERYONE)),
            roles.get((key, user_id, SIGNED_IN)),
            roles.get((key, user_id, user_subject(user_id))),
            tuple(linked.get((key, user_id), ())),
            key in read_only,
        )
        for key, user_id in unique
    }
