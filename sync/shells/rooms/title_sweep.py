"""The sweep after a start that derives the titles of documents which have none yet.

A document from before titles were derived gets a title when it is opened. For those that nobody
opens, a process goes once through the list of documents, newest first, and derives missing titles
from the log, a few per second. The titles of open rooms are kept by `titles`. A title is never
replaced by the title of an earlier version, in whatever order the two act.
"""

import asyncio
import logging
from typing import Final

from sync.port import DerivedTitle, DocumentRecord, EventLog, StoreError
from sync.shells.log_reader import text_at
from sync.text.title import derive_title

_DELAY_S: Final = 2.0
"""The pause before the sweep, which leaves the start of the process to more urgent work."""
_PAUSE_S: Final = 0.05
"""The pause after each document and each page: at most 20 documents per second."""
_RETRY_S: Final = 30.0
_PAGE_DOCUMENTS: Final = 200

_log = logging.getLogger(__name__)


async def sweep_titles(log: EventLog) -> None:
    """Derive missing titles; return after all documents were checked.

    If the store fails, it is asked again later. Cancelling is safe.
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
    """Derive missing titles in one page; return the start of the next page, None at the end."""
    page = await log.list_documents(query=None, before=before, limit=_PAGE_DOCUMENTS)
    for document in page:
        if document.version and not document.title_version:
            await _derive(log, document)
            await asyncio.sleep(_PAUSE_S)
    return (page[-1].updated_at_ms, page[-1].key) if page else None


async def _derive(log: EventLog, document: DocumentRecord) -> None:
    try:
        text = await text_at(log, document.key, document.version)
        title = derive_title(text)
    except StoreError as error:
        # A damaged log must not stop the sweep; if the store is away, the next read fails too.
        _log.warning("the title of %s is not derived: %s", document.name, error)
        await log.ping()
        return
    except Exception:  # noqa: BLE001
        _log.exception("the title of %s cannot be derived", document.name)
        return
    await log.set_derived_titles([DerivedTitle(document.key, document.version, title)])
