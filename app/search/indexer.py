"""The indexer of full-text search: a consumer of the feed over all documents.

    claim the changes ──▶ read the texts of their documents ──▶ segment them ──▶ write the index and
    after the cursor      as they are now                       (a thread)       advance, at once

Nobody who writes waits for it. Writing the index and advancing are one transaction, and a text that
changes after it was read makes another change in the feed: so the index follows exactly, also over
a crash at any moment. The claim is a lease, which one process has at a time. After each round it
rests, the longer the more there was to do, so that it takes a bounded share of the machine; and
while many write, until they pause, since each round would index all of their texts again.
"""

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from app.service.feed_lease import FeedLease
from app.service.writing_pause import wait_for_pause
from storage.beginning import BEFORE_ALL
from storage.change_feed import SqlChangeFeed
from storage.search.search_record import IndexedWords, SearchText
from storage.search.sql_search import SqlSearch, index_work
from sync.changes import Claim
from sync.port import DocumentRecord, EventLog, StoreError
from sync.shells.log_reader import text_at
from sync.text.segment import FORMAT, segment
from sync.text.title import derive_title

_log = logging.getLogger(__name__)

_CURSORS: Final = "search-"
SEARCH_CURSOR: Final = f"{_CURSORS}{FORMAT}"
"""Another format has another cursor, which starts at the beginning."""
PAUSE_S: Final = 0.5
"""The rest after each round, at least."""
_REST: Final = 24.0
"""The rest in proportion to the time that the round took: 4 % of one core is the bound.

While people write in 200 documents, each round indexes all of them again.
"""
_MAX_PAUSE_S: Final = 60.0
_DOCUMENTS: Final = 2_000
"""The documents of one round, at most."""
_SPAN: Final = 100_000
"""The changes of one round, at most. A document is indexed once for all of its own: with fewer, the
index would never come to the end of the feed while people write in many documents."""
_MAX_CHARS: Final = 2_000_000
"""The characters of one round: its texts are in memory at once."""
_LEASE_MS: Final = 20_000
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


@dataclass(slots=True)
class _Part:
    """The part of a claim that one transaction indexes."""

    upto: int
    texts: list[SearchText] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    """The keys of documents that were purged."""


@dataclass(slots=True)
class Indexer:
    """Keeps the index of one store, together with those of other processes.

    Args:
        pause_s: the rest after each round, at least.
    """

    log: EventLog
    changes: SqlChangeFeed
    search: SqlSearch
    pause_s: float = PAUSE_S
    _lease: FeedLease = field(init=False)

    def __post_init__(self) -> None:
        self._lease = FeedLease(self.changes, SEARCH_CURSOR, _DOCUMENTS, _SPAN, _LEASE_MS)

    async def run(self) -> None:
        """Follow the feed until cancelled. While the store fails, try again and again."""
        is_started = False
        while True:
            begun = monotonic()
            try:
                if not is_started:
                    await self.start()
                    is_started = True
                await self.round()
            except StoreError as error:
                # The cursor may be gone: somebody wants the index built anew.
                is_started = False
                _log.warning("the search index is not brought up to date now: %s", error)
            took_s = monotonic() - begun
            await asyncio.sleep(min(max(0.0, took_s * _REST - self.pause_s), _MAX_PAUSE_S))
            await wait_for_pause(self.log, self.pause_s)

    async def start(self) -> None:
        """Start at the beginning, unless there is a cursor already. Raises `StoreError`."""
        present = await self.changes.cursors()
        for name in present:
            if name.startswith(_CURSORS) and name != SEARCH_CURSOR:
                await self.changes.forget(name)
        if SEARCH_CURSOR not in present:
            await self.changes.start(SEARCH_CURSOR, at_beginning=True)

    async def round(self) -> bool:
        """Index what the next changes are about; False: there are none, or another does it.

        Cancelled or failed, it has changed nothing: the same changes are claimed again.

        Raises `StoreError`.
        """
        claim = await self._lease.claim()
        if claim is None:
            return False
        part = await self._read(claim)
        words = await asyncio.to_thread(_segment_all, part.texts)
        work = index_work(part.texts, words, part.gone, is_first=claim.after == BEFORE_ALL)
        await self.changes.advance(claim, part.upto, work)
        return True

    async def _read(self, claim: Claim) -> _Part:
        """Read the texts that claimed changes are about: of the first ones, if those are long."""
        keys = list(dict.fromkeys(change.key for change in claim.changes))
        heads = await self.log.heads(keys)
        indexed = {} if claim.after == BEFORE_ALL else await self.search.indexed(keys)
        part = _Part(claim.after)
        seen: set[int] = set()
        size = 0
        for change in claim.changes:
            if change.key not in seen:
                if size > _MAX_CHARS:
                    break
                seen.add(change.key)
                head = heads.get(change.key)
                if head is None or head.purged_at_ms is not None:
                    part.gone.append(change.key)
                elif found := await self._text(head, indexed.get(change.key)):
                    part.texts.append(found)
                    size += len(found.text)
            part.upto = change.position
        return part

    async def _text(
        self, head: DocumentRecord, indexed: tuple[int, str] | None
    ) -> SearchText | None:
        """Return the text of a document as it is now; None: that is what is indexed."""
        if head.title and indexed == (head.version, head.title):
            return None
        text = await self._text_at(head)
        title = head.title or await asyncio.to_thread(derive_title, text)
        if indexed == (head.version, title):
            return None
        # One character for one, so that places stay the same.
        text, title = (_UNSTORABLE.sub(" ", each) for each in (text, title))
        return SearchText(head.key, head.name, head.version, title, text)

    async def _text_at(self, head: DocumentRecord) -> str:
        """Return a text; that of a document whose log is damaged is empty, and keeps nobody up."""
        try:
            return await text_at(self.log, head.key, head.version)
        except StoreError:
            # If it is the store that fails, so does this.
            await self.log.ping()
        try:
            return await text_at(self.log, head.key, head.version)
        except StoreError as error:
            _log.error("the text of document %d is not searched: %s", head.key, error)
            return ""


def _segment_all(texts: Sequence[SearchText]) -> list[IndexedWords]:
    return [
        IndexedWords(each.key, [*words_of(each.title), *words_of(each.name)], words_of(each.text))
        for each in texts
    ]


def words_of(text: str) -> list[str]:
    """Return the folded words of a text."""
    return [word.folded for word in segment(text)]
