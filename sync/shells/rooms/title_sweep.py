"""Titles of documents from before titles were derived: each once, after the start of a process.

A document whose title was never derived and that nobody opens would keep none. So a process goes
once through the list of documents, the newest first, and derives what is missing from the log, a
few a second. Rooms keep the titles of what is open, see `titles`; whichever of the two is first,
a title is never replaced by that of an earlier version.
"""

import asyncio
import logging
from typing import Final

from sync.port import DerivedTitle, DocumentRecord, EventLog, StoreError
from sync.shells.log_reader import text_at
from sync.text.title import derive_title

_DELAY_S: Final = 2.0
"""Before the first look: a start has better things to do."""
_PAUSE_S: Final = 0.05
"""After each document and after each page: 20 documents a second at most."""
_RETRY_S: Final = 30.0
_PAGE_DOCUMENTS: Final = 200

_log = logging.getLogger(__name__)


async def sweep_titles(log: EventLog) -> None:
    """Derive the titles that are missing; returns once all documents were looked at.

    A store that fails is asked again later. Cancelling is safe.
    """
    await asyncio.sleep(_DELAY_S)
    before: tuple[int, int] | None = None
    while True:
        try:
            before = await _sweep_page(log, before)
        except StoreError as error:
            _log.warning("missing titles are not derived yet: %s", error)
            await asyncio.sleep(_RETRY_S)
        else:
            if before is None:
                return
            await asyncio.sleep(_PAUSE_S)


async def _sweep_page(log: EventLog, before: tuple[int, int] | None) -> tuple[int, int] | None:
    """Derive what is missing in a page; return where the next one starts, None at the end."""
    page = await log.list_documents(query=None, before=before, limit=_PAGE_DOCUMENTS)
    for document in page:
        if document.version and not document.title_version:
            await _derive(log, document)
            await asyncio.sleep(_PAUSE_S)
    return (page[-1].updated_at_ms, page[-1].key) if page else None


async def _derive(log: EventLog, document: DocumentRecord) -> None:
    try:
        text = await text_at(log, document.key, document.version)
    except StoreError as error:
        # One damaged log leaves the others their titles; a store that is away fails again.
        _log.warning("the title of %s is not derived: %s", document.name, error)
        await log.ping()
        return
    title = DerivedTitle(document.key, document.version, derive_title(text))
    await log.set_derived_titles([title])
