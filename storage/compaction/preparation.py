"""The work of a step of compaction, done before its transaction: reading, and compressing.

Nothing here writes. It may be done by another process (`storage.compaction.preparing_process`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

import msgspec

from storage.checkpoint import Condensed, condensed
from storage.compaction.piece import CompactionRule
from storage.compaction.piece_query import read_piece, read_resting
from storage.compaction.segment_row import NewSegment, make_segment
from storage.engine import Database
from sync.port import DocumentRecord, EventRecord

Make = Callable[[Sequence[EventRecord], int], Awaitable[NewSegment]]


class PreparedSegment(msgspec.Struct, frozen=True):
    """A segment of a document that is as it was when its events were read."""

    document: DocumentRecord
    new: NewSegment


class PreparedCheckpoints(msgspec.Struct, frozen=True):
    """The new forms of checkpoints of a document that rests."""

    document: DocumentRecord
    new: Condensed


class Preparation(Protocol):
    """The part that does the work. Its methods may raise `StoreError`."""

    async def segment(self, key: int, rule: CompactionRule, now_ms: int) -> PreparedSegment | None:
        """Return the next segment of a document; None: there is none.

        Raises `UnequalError`.
        """
        ...

    async def checkpoints(
        self, key: int, rule: CompactionRule, now_ms: int
    ) -> PreparedCheckpoints | None:
        """Return the checkpoints of a document that can be denser.

        None: there are none, or the document does not rest.
        """
        ...

    async def end(self) -> None:
        """Give back what it needs to work; it may be asked again."""
        ...


class ThreadPreparation:
    """A `Preparation` in this process: what it reads and compresses, threads do.

    Args:
        make: makes segments, instead of `make_segment`.
    """

    def __init__(self, database: Database, make: Make | None = None) -> None:
        self._database = database
        self._make = make

    async def segment(self, key: int, rule: CompactionRule, now_ms: int) -> PreparedSegment | None:
        piece = await self._database.read_snapshot(
            partial(read_piece, key=key, rule=rule, now_ms=now_ms)
        )
        if piece is None:
            return None
        indexed = piece.document.compacted_version
        if self._make is not None:
            new = await self._make(piece.events, indexed)
        else:
            make = partial(make_segment, nonce_secret=piece.nonce_secret)
            new = await asyncio.to_thread(make, piece.events, indexed)
        return PreparedSegment(piece.document, new)

    async def checkpoints(
        self, key: int, rule: CompactionRule, now_ms: int
    ) -> PreparedCheckpoints | None:
        found = await self._database.read_snapshot(
            partial(read_resting, key=key, rule=rule, now_ms=now_ms)
        )
        if found is None:
            return None
        document, stored = found
        new = await asyncio.to_thread(condensed, stored)
        return PreparedCheckpoints(document, new) if new.dense or new.removed else None

    async def end(self) -> None:
        """Nothing: the threads are those of everybody."""
