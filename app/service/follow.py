"""Following a document: its events as they are committed, without a gap."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from app.service.backend import Backend
from app.service.grant import Grant
from app.service.version_reader import read_events
from sync.error import ErrorCode, QuireError
from sync.permission import Action, may
from sync.port import DocumentRecord, EventRecord, StoreError
from sync.shells.clock import now_ms

IDLE_S: Final = 0.5
"""The longest wait of a follower before it is told that nothing is new."""


class _Standing:
    """The permission of a follower, asked again once something was changed."""

    def __init__(self, backend: Backend, grant: Grant) -> None:
        self._backend = backend
        self._grant = grant
        self._revision = -1
        self._until_ms: int | None = None

    async def holds(self) -> bool:
        """Return whether the follower may still read; raises `StoreError`."""
        revision = self._backend.watch.revision
        is_due = self._until_ms is not None and self._until_ms <= now_ms()
        if revision == self._revision and not is_due:
            return True
        principal = await self._backend.identifier.renew(self._grant.principal)
        document = self._grant.document
        admitted = principal and await self._backend.authority.review(
            principal, document.key, document.name
        )
        if not principal or not admitted or not may(admitted.role, Action.READ):
            return False
        self._revision = revision
        ends = (admitted.until_ms, principal.expires_at_ms)
        self._until_ms = min((end for end in ends if end is not None), default=None)
        return True


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
    backend: Backend, grant: Grant, after: int
) -> AsyncIterator[Sequence[EventRecord]]:
    """Yield the events after a version in bounded pages, as they are committed.

    An empty page says that nothing was new for `IDLE_S`. It ends when the document is deleted, the
    grant ends, the store fails or the server stops; whoever may, and asks again from the last
    version on, misses nothing.
    """
    document, standing = grant.document, _Standing(backend, grant)
    try:
        while not backend.rooms.draining and await standing.holds():
            try:
                async with asyncio.timeout(IDLE_S):
                    head = await backend.rooms.wait_beyond(document.name, after)
            except TimeoutError:
                yield ()
                continue
            async for records in read_events(backend, document, after, head):
                if not await standing.holds():
                    return
                yield records
                after = records[-1].version
    except (QuireError, StoreError):
        return
