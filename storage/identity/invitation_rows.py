"""Invitations in SQL: of two who use one at once, exactly one succeeds."""

from msgspec.structs import asdict
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from storage.identity.identity_record import InvitationRecord
from storage.table import invitations

_insert = insert(invitations)
_is_live = (
    invitations.c.secret_hash == bindparam("hash_of_secret"),
    invitations.c.used_at_ms.is_(None),
    invitations.c.expires_at_ms > bindparam("now_ms"),
)
_live = select(*invitations.c).where(*_is_live)
_use = (
    update(invitations)
    .where(*_is_live)
    .values(used_at_ms=bindparam("now_ms"))
    .returning(*invitations.c)
)
_unused = (
    select(*invitations.c)
    .where(invitations.c.used_at_ms.is_(None))
    .order_by(invitations.c.created_at_ms, invitations.c.id)
)
_remove = delete(invitations).where(
    invitations.c.id == bindparam("of_invitation"), invitations.c.used_at_ms.is_(None)
)
_remove_of_creator = delete(invitations).where(
    invitations.c.created_by == bindparam("of_user"), invitations.c.used_at_ms.is_(None)
)


def add(connection: Connection, invitation: InvitationRecord) -> None:
    connection.execute(_insert, asdict(invitation))


def live(connection: Connection, secret_hash: bytes, now_ms: int) -> InvitationRecord | None:
    values = {"hash_of_secret": secret_hash, "now_ms": now_ms}
    row = connection.execute(_live, values).one_or_none()
    return None if row is None else InvitationRecord(*row)


def use(connection: Connection, secret_hash: bytes, now_ms: int) -> InvitationRecord | None:
    values = {"hash_of_secret": secret_hash, "now_ms": now_ms}
    row = connection.execute(_use, values).one_or_none()
    return None if row is None else InvitationRecord(*row)


def unused(connection: Connection) -> list[InvitationRecord]:
    return [InvitationRecord(*row) for row in connection.execute(_unused)]


def remove(connection: Connection, invitation_id: str) -> bool:
    return connection.execute(_remove, {"of_invitation": invitation_id}).rowcount == 1


def remove_of_creator(connection: Connection, user_id: str) -> None:
    """Remove the invitations of a user that are not used."""
    connection.execute(_remove_of_creator, {"of_user": user_id})
