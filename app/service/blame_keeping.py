"""The keeping of blames beside the log, so that nobody waits while a long history is walked.

A consumer of the feed of changes: it looks at the documents that were edited, and keeps the blame
of those which have grown much since the last time. Whoever asks walks only what came later.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from app.service.blames import SAVE_AFTER, Blames
from app.service.feed_lease import FeedLease, edited_keys
from app.service.writing_pause import rest_after_start, wait_for_pause
from storage.change_feed import SqlChangeFeed
from storage.versions.sql_versions import SqlVersions
from sync.port import DocumentRecord, EventLog, StoreError

_log = logging.getLogger(__name__)

BLAME_CURSOR: Final = "blame-1"
_PAUSE_S: Final = 30.0
_REST: Final = 24.0
"""The rest in proportion to the time that a round took: 4 % of one core is the bound."""
_DOCUMENTS: Final = 200
_SPAN: Final = 100_000
_LEASE_MS: Final = 120_000


@dataclass(slots=True)
class BlameKeeper:
    """Keeps the blames of one store, together with other processes."""

    log: EventLog
    changes: SqlChangeFeed
    versions: SqlVersions
    blames: Blames
    _lease: FeedLease = field(init=False)

    def __post_init__(self) -> None:
        self._lease = FeedLease(self.changes, BLAME_CURSOR, _DOCUMENTS, _SPAN, _LEASE_MS)

    async def run(self) -> None:
        """Follow the feed until cancelled. While the store fails, try again and again."""
        is_started = False
        await rest_after_start(self.log)
        while True:
            begun = monotonic()
            is_busy = False
            try:
                if not is_started:
                    await self.changes.start(BLAME_CURSOR, at_beginning=True)
                    is_started = True
                is_busy = await self.round()
            except StoreError as error:
                is_started = False
                _log.warning("who wrote what is not kept now: %s", error)
            rest_s = (monotonic() - begun) * _REST
            await asyncio.sleep(rest_s if is_busy else max(_PAUSE_S, rest_s))
            await wait_for_pause(self.log)

    async def round(self) -> bool:
        """Look at the documents of the next changes; True: there may be more.

        Raises `StoreError`.
        """
        claim = await self._lease.claim()
        if claim is None:
            return False
        edited = edited_keys(claim)
        heads = await self.log.heads(edited)
        kept = await self.versions.blamed_versions(edited)
        for head in heads.values():
            if head.purged_at_ms is None and head.version >= kept.get(head.key, 0) + SAVE_AFTER:
                await self._keep(head)
        await self.changes.advance(claim, claim.changes[-1].position)
        return self._lease.may_have_more(claim)

    async def _keep(self, head: DocumentRecord) -> None:
        try:
            await self.blames.keep(head)
        except StoreError as error:
            # If it is the store that fails, so does this; else it is this one document.
            await self.log.ping()
            _log.error("the authors of document %d are not kept: %s", head.key, error)
