"""Tickets in SQL: of two who use one at once, exactly one succeeds."""

from collections.abc import Sequence

from msgspec.structs import asdict
from sqlalchemy import Connection, Text, bindparam, insert, select, update

from storage.identity.identity_record import TicketRecord
from storage.table import tickets

_insert = insert(tickets)
_is_usable = (
    tickets.c.secret_hash == bindparam("hash_of_secret"),
    tickets.c.used_at_ms.is_(None),
    tickets.c.expires_at_ms > bindparam("now_ms"),
)
_usable = select(tickets.c.secret_hash).where(*_is_usable)
# One statement: PostgreSQL locks the row, and looks at the conditions again after waiting for it.
_use = (
    update(tickets)
    .where(*_is_usable)
    .values(
        used_at_ms=bindparam("now_ms"),
        bound_until_ms=bindparam("until_ms"),
        address=bindparam("from_address"),
    )
    .returning(*tickets.c)
)
_used = select(*tickets.c).where(
    tickets.c.secret_hash == bindparam("hash_of_secret"),
    tickets.c.used_at_ms.is_not(None),
    tickets.c.bound_until_ms > bindparam("now_ms"),
)
_bind = (
    update(tickets)
    .where(tickets.c.secret_hash == bindparam("hash_of_secret"), tickets.c.used_at_ms.is_not(None))
    .values(
        bound_until_ms=bindparam("until_ms"),
        address=bindparam("from_address"),
        document=bindparam("for_document", type_=Text),
    )
)
# What has ended stays so, however late a renewal comes.
_renew = (
    update(tickets)
    .where(
        tickets.c.secret_hash == bindparam("hash_of_secret"),
        tickets.c.bound_until_ms > bindparam("now_ms"),
    )
    .values(bound_until_ms=bindparam("until_ms"))
)


def add(connection: Connection, ticket: TicketRecord) -> None:
    connection.execute(_insert, asdict(ticket))


def is_usable(connection: Connection, secret_hash: bytes, now_ms: int) -> bool:
    """Return whether a ticket of that secret can be used; somebody else may be faster."""
    values = {"hash_of_secret": secret_hash, "now_ms": now_ms}
    return connection.execute(_usable, values).first() is not None


def use(
    connection: Connection,
    secret_hash: bytes,
    now_ms: int,
    bound_until_ms: int | None,
    address: str | None,
) -> TicketRecord | None:
    values = {
        "hash_of_secret": secret_hash,
        "now_ms": now_ms,
        "until_ms": bound_until_ms,
        "from_address": address,
    }
    row = connection.execute(_use, values).one_or_none()
    return None if row is None else TicketRecord(*row)


def used(connection: Connection, secret_hash: bytes, now_ms: int) -> TicketRecord | None:
    values = {"hash_of_secret": secret_hash, "now_ms": now_ms}
    row = connection.execute(_used, values).one_or_none()
    return None if row is None else TicketRecord(*row)


def bind(
    connection: Connection, secret_hash: bytes, until_ms: int, address: str, document: str | None
) -> bool:
    values = {
        "hash_of_secret": secret_hash,
        "until_ms": until_ms,
        "from_address": address,
        "for_document": document,
    }
    return connection.execute(_bind, values).rowcount == 1


def renew(
    connection: Connection, secret_hashes: Sequence[bytes], until_ms: int, now_ms: int
) -> None:
    rows = [
        {"hash_of_secret": each, "until_ms": until_ms, "now_ms": now_ms}
        for each in sorted(secret_hashes)
    ]
    if rows:
        connection.execute(_renew, rows)
