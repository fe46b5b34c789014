"""Verification of a document: its log is replayed, and compared with all that came from it.

Replayed are the deltas, which give the text, and the updates, which give the Yjs document. At each
checkpoint both texts are compared with what it holds, and at the head once more.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from storage.compaction.log_care import SqlLogCare
from storage.log import SqlEventLog
from sync.names import DEFAULT_TEXT_ROOT
from sync.port import Checkpoint, DocumentRecord, StoreError
from sync.shells.log_reader import pages
from sync.text.delta import DeltaError, apply
from sync.yjs.replica import Replica, ReplicaBrokenError, shown_by

_IDS_EVERY: Final = 997
"""One event of so many is looked for by its id."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a verification."""

    events: int
    """Replayed, up to the first difference."""
    checkpoints: int
    difference: str | None
    """The first one, as a sentence; None: there is none."""


class DifferenceError(Exception):
    """Something is not what the log says."""


async def verify_log(log: SqlEventLog, care: SqlLogCare, document: DocumentRecord) -> Verdict:
    """Replay a document from its first event to its head, and compare.

    Raises:
        StoreError: the store does not answer. What it has lost is a difference.
    """
    replay = _Replay(log, document)
    try:
        await _verify_bounds(care, document)
        versions = await care.checkpoint_versions(document.key)
        for version in versions:
            await replay.advance(version)
            await replay.compare(version)
        await replay.advance(document.version)
        await asyncio.to_thread(replay.compare_replica)
    except DifferenceError as error:
        return Verdict(replay.version, replay.checkpoints, str(error))
    return Verdict(replay.version, replay.checkpoints, None)


async def _verify_bounds(care: SqlLogCare, document: DocumentRecord) -> None:
    """Raise `DifferenceError` unless merged events and segments have all up to the bound."""
    at = 0
    for first, last in await care.merged_bounds(document.key):
        if first != at + 1 or last < first:
            raise DifferenceError(
                f"after version {at}, the next merged event has {first} to {last}"
            )
        at = last
    for first, last in await care.bounds(document.key):
        if first != at + 1 or last < first:
            raise DifferenceError(f"after version {at}, the next segment has {first} to {last}")
        at = last
    if at != document.compacted_version:
        raise DifferenceError(f"segments end at {at}, not at {document.compacted_version}")


class _Replay:
    def __init__(self, log: SqlEventLog, document: DocumentRecord) -> None:
        self._log = log
        self._document = document
        self._root = document.text_root or DEFAULT_TEXT_ROOT
        self._text = ""
        self._replica = Replica(document.crdt_client_id, self._root)
        self.version = 0
        self.checkpoints = 0

    async def advance(self, version: int) -> None:
        """Apply the events up to a version."""
        try:
            async for page in pages(self._log, self._document.key, self.version, version):
                for event in page:
                    self._text = apply(self._text, event.ops)
                    self.version = event.version
                    if event.version % _IDS_EVERY == 0 and event.first == event.version:
                        await self._find(event.version, event.id)
                updates = [event.update for event in page]
                await asyncio.to_thread(self._replica.load, updates)
        except DeltaError:
            raise DifferenceError(f"the ops after version {self.version} do not fit") from None
        except ReplicaBrokenError as error:
            raise DifferenceError(
                f"the updates up to {self.version} do not load: {error}"
            ) from None
        except StoreError as error:
            raise DifferenceError(f"after version {self.version}: {error}") from None

    async def compare(self, version: int) -> None:
        """Compare a checkpoint with what was replayed up to it."""
        saved = await self._log.checkpoint_at_or_before(self._document.key, version)
        if saved is None or saved.version != version:
            raise DifferenceError(f"the checkpoint at {version} is damaged")
        if saved.text != self._text:
            raise DifferenceError(f"the checkpoint at {version} has another text than the log")
        await asyncio.to_thread(self.compare_replica)
        await asyncio.to_thread(self._compare_state, saved)
        self.checkpoints += 1

    def compare_replica(self) -> None:
        """Compare the text that the updates show with the one that the deltas give."""
        if self._replica.text != self._text:
            raise DifferenceError(f"at version {self.version} the updates show another text")

    def _compare_state(self, saved: Checkpoint) -> None:
        if saved.state is None:
            return
        try:
            shown = shown_by(saved.state, self._root)
        except ReplicaBrokenError:
            raise DifferenceError(f"the state at {saved.version} does not load") from None
        if shown != saved.text:
            raise DifferenceError(f"the state at {saved.version} shows another text")

    async def _find(self, version: int, event_id: str) -> None:
        found = await self._log.find_id(self._document.key, event_id)
        if found is None or found.version != version:
            raise DifferenceError(f"the event {version} is not found by its id")
