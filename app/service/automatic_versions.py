"""Automatic versions: the ends of sessions of writing, found by a consumer of the feed of changes.

    claim the changes ──▶ read the sittings since ──▶ the ends of sessions ──▶ save them and
    after the cursor      what was seen of each        of writing               advance, at once

The newest session of a document may go on. Its end so far is saved all the same, and moves with it;
nobody is shown it before the session is over. So nothing waits in memory, and a crash at any moment
loses and doubles nothing. The claim is a lease, which one process has at a time.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from app.service.feed_lease import FeedLease, edited_keys
from app.service.writing_pause import rest_after_start, wait_for_pause
from storage.change_feed import SqlChangeFeed
from storage.versions.named_version import SessionEnds
from storage.versions.sql_versions import SqlVersions, automatic_work
from storage.versions.version_rows import MAX_AUTOMATIC
from sync.port import SITTING_CUT, DocumentRecord, EventLog, Sitting, StoreError
from sync.shells.clock import now_ms

_log = logging.getLogger(__name__)

VERSIONS_CURSOR: Final = "versions-1"
SESSION_PAUSE_MS: Final = 300_000
"""A longer pause ends a session of writing."""
PAUSE_S: Final = 20.0
"""The rest after each round: nothing is shown before `SESSION_PAUSE_MS` anyway."""
_BUSY_PAUSE_S: Final = 1.0
"""The rest while there is more to do, at the first start of a large installation."""
_DOCUMENTS: Final = 500
"""The documents of one round, at most."""
_SPAN: Final = 100_000
"""The changes of one round, at most; a document is looked at once for all of its own."""
_LEASE_MS: Final = 60_000


@dataclass(slots=True)
class AutomaticVersions:
    """Makes the automatic versions of one store, together with those of other processes.

    Args:
        pause_ms: a longer pause ends a session of writing.
    """

    log: EventLog
    changes: SqlChangeFeed
    versions: SqlVersions
    pause_ms: int = SESSION_PAUSE_MS
    _lease: FeedLease = field(init=False)

    def __post_init__(self) -> None:
        self._lease = FeedLease(self.changes, VERSIONS_CURSOR, _DOCUMENTS, _SPAN, _LEASE_MS)

    async def run(self) -> None:
        """Follow the feed until cancelled. While the store fails, try again and again."""
        is_started = False
        await rest_after_start(self.log)
        while True:
            is_busy = False
            try:
                if not is_started:
                    await self.changes.start(VERSIONS_CURSOR, at_beginning=True)
                    is_started = True
                is_busy = await self.round()
            except StoreError as error:
                is_started = False
                _log.warning("automatic versions are not made now: %s", error)
            await asyncio.sleep(_BUSY_PAUSE_S if is_busy else PAUSE_S)
            await wait_for_pause(self.log)

    async def round(self) -> bool:
        """Look at the documents of the next changes; True: there may be more.

        Cancelled or failed, it has changed nothing: the same changes are claimed again.

        Raises `StoreError`.
        """
        claim = await self._lease.claim()
        if claim is None:
            return False
        edited = edited_keys(claim)
        heads = await self.log.heads(edited)
        marks = await self.versions.marks(edited)
        found = [
            ends
            for head in heads.values()
            if head.purged_at_ms is None
            for ends in (await self._look(head, marks.get(head.key)),)
            if ends is not None
        ]
        work = automatic_work(found, now_ms())
        await self.changes.advance(claim, claim.changes[-1].position, work)
        return self._lease.may_have_more(claim)

    async def _look(self, head: DocumentRecord, mark: int | None) -> SessionEnds | None:
        """Return what has ended since a version; None: there is nothing new."""
        if head.version <= (mark or 0):
            return None
        try:
            sittings = await self._sittings(head, max(0, (mark or 0) - 1))
        except StoreError as error:
            # If it is the store that fails, so does this; else it is this one document.
            await self.log.ping()
            _log.error("document %d gets no automatic versions: %s", head.key, error)
            return None
        return session_ends(head.key, head.version, mark, sittings, self.pause_ms)

    async def _sittings(self, head: DocumentRecord, floor: int) -> list[Sitting]:
        """Return the sittings after a version, newest first: no more than there is room for."""
        found: list[Sitting] = []
        top = head.version
        while top > floor and len(_ends(found, self.pause_ms)) <= MAX_AUTOMATIC:
            # From one cut to the next, so that what is read begins where a sitting does.
            bottom = max(floor, (top - 1) // SITTING_CUT * SITTING_CUT)
            found += await self.log.sittings(head.key, bottom, top, self.pause_ms)
            top = bottom
        return found


def session_ends(
    key: int, head: int, mark: int | None, sittings: Sequence[Sitting], pause_ms: int
) -> SessionEnds:
    """Return the automatic versions that a document is to have.

    Args:
        mark: the end of the newest session that was seen, from which on sittings were read; None:
            none was.
        sittings: newest first.
        pause_ms: a longer pause ends a session of writing; sittings also end for other reasons.
    """
    ends = _ends(sittings, pause_ms)
    is_end = any(version == mark for version, _ in ends)
    moved_from = None if is_end else mark
    later = tuple(each for each in reversed(ends) if mark is None or each[0] > mark)
    return SessionEnds(key, head, moved_from, later[-MAX_AUTOMATIC:])


def _ends(sittings: Sequence[Sitting], pause_ms: int) -> list[tuple[int, int]]:
    """Return last version and time of each session of writing, newest first."""
    ends: list[tuple[int, int]] = []
    begun_ms: int | None = None
    for sitting in sittings:
        if begun_ms is None or begun_ms - sitting.to_ms > pause_ms:
            ends.append((sitting.last, sitting.to_ms))
        begun_ms = sitting.from_ms
    return ends
