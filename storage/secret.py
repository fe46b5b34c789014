"""Random keys that all processes of an installation share, each made by the first that asks."""

import os
from functools import partial

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.engine import Database
from storage.table import secrets

KEY_BYTES = 32
NONCES = "nonces"
"""The name of the secret of `sync.yjs.nonce`."""
SIGNING_PREFIX = "signing:"
"""Begins the names of keys that sign what users keep: a copied installation has them too."""

_by_name = select(secrets.c.value).where(secrets.c.name == bindparam("secret_name"))
_create = {
    "sqlite": sqlite.insert(secrets).on_conflict_do_nothing(index_elements=["name"]),
    "postgresql": postgresql.insert(secrets).on_conflict_do_nothing(index_elements=["name"]),
}


_PROBE_NAME = "write_probe"
_put_sqlite = sqlite.insert(secrets)
_put_postgresql = postgresql.insert(secrets)
_put = {
    "sqlite": _put_sqlite.on_conflict_do_update(
        index_elements=["name"], set_={"value": _put_sqlite.excluded.value}
    ),
    "postgresql": _put_postgresql.on_conflict_do_update(
        index_elements=["name"], set_={"value": _put_postgresql.excluded.value}
    ),
}


def find(connection: Connection, name: str) -> bytes | None:
    return connection.execute(_by_name, {"secret_name": name}).scalar_one_or_none()


async def shared(database: Database, name: str) -> bytes:
    """Return a secret, made by the first process that asks for it."""
    found = await database.read(partial(find, name=name))
    if found is not None:
        return found
    async with database.write() as transaction:
        return await transaction.run(partial(find_or_make, name=name))


def change_probe(connection: Connection) -> None:
    """Change a row that nobody reads: in a transaction that commits, proof that writing works.

    To another value each time, because SQLite does not write what stays the same.
    """
    new = {"name": _PROBE_NAME, "value": os.urandom(8)}
    connection.execute(_put[connection.dialect.name], new)


def find_or_make(connection: Connection, name: str) -> bytes:
    """Return a secret, in a write transaction; callers at the same time get the same one."""
    new = {"name": name, "value": os.urandom(KEY_BYTES)}
    connection.execute(_create[connection.dialect.name], new)
    value = find(connection, name)
    assert value is not None, "it was there, or is now"
    return value
