"""Following a document: its events as they are committed, without a gap."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from app.service.backend import Backend
from app.service.version_reader import read_events
from sync.error import ErrorCode, QuireError
from sync.port import DocumentRecord, EventRecord, StoreError

IDLE_S: Final = 1.0
"""The longest wait of a follower before it is told that nothing is new."""


def require_followable(
    backend: Backend, document: DocumentRecord, after: int, epoch: str | None
) -> None:
    """Raise `QuireError` unless a document can be followed from a version on.

    Raises:
        QuireError: `base_unknown`: the version is of another history, or beyond the head;
            `store_unavailable`: the server is stopping.
    """
    if after > document.version or (epoch is not None and epoch != document.epoch):
        raise QuireError(
            ErrorCode.BASE_UNKNOWN,
            f"Version {after} is not of this history, whose head is {document.version}.",
        )
    if backend.rooms.draining:
        raise QuireError(ErrorCode.STORE_UNAVAILABLE, "The server is stopping.", retryable=True)


async def follow_events(
    backend: Backend, document: DocumentRecord, after: int
) -> AsyncIterator[Sequence[EventRecord]]:
    """Yield the events after a version in bounded pages, as they are committed.

    An empty page says that nothing was new for `IDLE_S`. It ends when the document is deleted, the
    store fails or the server stops; whoever asks again from the last version on misses nothing.
    """
    try:
        while not backend.rooms.draining:
            try:
                async with asyncio.timeout(IDLE_S):
                    head = await backend.rooms.wait_beyond(document.name, after)
            except TimeoutError:
                yield ()
                continue
            async for records in read_events(backend, document, after, head):
                yield records
                after = records[-1].version
    except (QuireError, StoreError):
        return
