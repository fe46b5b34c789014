"""The change of a log that was set back: a backup was restored over a newer one.

Clients and processes may have seen versions that the log no longer has, and later versions will
have other content under the same numbers. New epochs of the documents tell them so. The CRDT client
ids under which the server writes change as well: clocks of the old ones would be used twice, for
different content.
"""

import asyncio
import secrets
from typing import Any

from sqlalchemy import Connection, insert, select, update

from storage.engine import read_url
from storage.migrate import require_current, transact
from storage.sqlite import database_path
from storage.table import authors, documents
from sync.port import SERVER_USER, StoreError


async def renew_epochs(database_url: str) -> int:
    """Give every document, deleted ones too, a new epoch and the server a new CRDT client id there.

    The old id stays the server's: nobody may write under it. Events, versions and texts stay as
    they are. Processes that are running reload a document when they next append to it or look at
    its head. Returns after commit: how many documents there are.

    Raises:
        StoreError: the database cannot be used, or fails; nothing has changed then.
    """
    url = read_url(database_url)
    if url.get_backend_name() == "sqlite" and not database_path(url).exists():
        raise StoreError(f"there is no file {database_path(url)}")
    await require_current(database_url)
    return await asyncio.to_thread(transact, database_url, renew)


def renew(connection: Connection) -> int:
    """Do what `renew_epochs` does, in a transaction under way."""
    ids = select(documents.c.key, documents.c.crdt_client_id).order_by(documents.c.key)
    rows = connection.execute(ids.with_for_update()).all()
    for key, old in rows:
        taken = set(
            connection.scalars(select(authors.c.client_id).where(authors.c.document_key == key))
        )
        if old not in taken:
            connection.execute(insert(authors), _binding(key, old))
        new = {"epoch": secrets.token_hex(8), "crdt_client_id": _unlike(taken | {old})}
        connection.execute(update(documents).where(documents.c.key == key).values(new))
    return len(rows)


def _binding(key: int, client: int) -> dict[str, Any]:
    return {"document_key": key, "client_id": client, "user_id": SERVER_USER}


def _unlike(taken: set[int]) -> int:
    while (client := secrets.randbits(32)) in taken:
        pass
    return client
