"""Processes that bring a `.quire` file in and kill themselves at a chosen step; no test is in here.

`python -m tests.contract.import_process FILE` works as `tests.contract.compaction_process` does;
the key is that of no document, but the number in the name of the new one.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from app.identity.identifier import Identifier, Verifiers
from app.identity.principal import Principal
from app.identity.watch import AccessWatch
from app.service import document_import
from app.service.backend import Backend
from app.service.document_import import DocumentImport
from storage.store import open_store
from sync.limit import Limits
from sync.shells.rooms.rooms import Rooms
from sync.user import User
from tests.contract.compaction_process import serve

OPERATOR = Principal(User("u-ann", "Ann", "#123456"), "account", True, True, is_operator=True)
EVENTS_AT_ONCE = 15


@asynccontextmanager
async def backend_on(url: str) -> AsyncIterator[Backend]:
    """The parts of a process without doors."""
    store = open_store(url, pool_size=2)
    identifier = Identifier(Verifiers(), takes_names=True)
    async with Rooms(store.log, Limits(), flush_interval_s=0.0) as rooms:
        yield Backend.on(store, rooms, identifier, AccessWatch(store.access, lambda _: None))
    await store.aclose()


async def bring_in(url: str, number: int, _: int, *, data: bytes) -> None:
    """Bring a file in, in small transactions."""
    vars(document_import)["_EVENTS_AT_ONCE"] = EVENTS_AT_ONCE
    async with backend_on(url) as backend:
        name = f"notes{number}"
        await DocumentImport(backend).add(OPERATOR, data, name=name, title=None)


if __name__ == "__main__":
    serve(partial(bring_in, data=Path(sys.argv[1]).read_bytes()))
