"""The store, opened by a command; no server need run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.settings import Settings
from storage.migrate import require_current
from storage.store import Store, open_store


@asynccontextmanager
async def open_current_store(settings: Settings) -> AsyncIterator[Store]:
    """Open the store of the settings for the time of a block.

    Raises:
        StoreError: the database does not have the schema of this Quire.
    """
    await require_current(settings.database_url)
    store = open_store(settings.database_url)
    try:
        yield store
    finally:
        await store.aclose()
