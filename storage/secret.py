"""Random keys that all processes of an installation share, each made by the first that asks."""

import os

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.table import secrets

KEY_BYTES = 32

_by_name = select(secrets.c.value).where(secrets.c.name == bindparam("secret_name"))
_create = {
    "sqlite": sqlite.insert(secrets).on_conflict_do_nothing(index_elements=["name"]),
    "postgresql": postgresql.insert(secrets).on_conflict_do_nothing(index_elements=["name"]),
}


def find(connection: Connection, name: str) -> bytes | None:
    return connection.execute(_by_name, {"secret_name": name}).scalar_one_or_none()


def find_or_make(connection: Connection, name: str) -> bytes:
    """In a write transaction; of several at once, all return what the first has made."""
    new = {"name": name, "value": os.urandom(KEY_BYTES)}
    connection.execute(_create[connection.dialect.name], new)
    value = find(connection, name)
    assert value is not None, "it was there, or is now"
    return value
