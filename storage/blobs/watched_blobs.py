"""A store of blobs that remembers whether its last answer was a failure, for `/readyz`."""

import time
from collections.abc import AsyncIterator, Awaitable
from typing import Final, TypeVar

from storage.blobs.blob_store import BlobStore
from sync.port import StoreError

T = TypeVar("T")

TROUBLE_LASTS_S: Final = 300.0
"""The time for which a failure counts when nobody has asked the store since."""


class WatchedBlobs:
    """A `BlobStore` around another one."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._failed_at_s: float | None = None

    @property
    def is_failing(self) -> bool:
        """True if the last operation failed, and that is not long ago."""
        failed_at_s = self._failed_at_s
        return failed_at_s is not None and time.monotonic() - failed_at_s < TROUBLE_LASTS_S

    async def put(self, name: str, content: bytes) -> None:
        await self._watch(self._blobs.put(name, content))

    async def read(self, name: str) -> AsyncIterator[bytes] | None:
        chunks = await self._watch(self._blobs.read(name))
        return None if chunks is None else self._watched(chunks)

    async def delete(self, name: str) -> None:
        await self._watch(self._blobs.delete(name))

    def names(self) -> AsyncIterator[str]:
        return self._watched(self._blobs.names())

    async def aclose(self) -> None:
        await self._blobs.aclose()

    async def _watch(self, operation: Awaitable[T]) -> T:
        try:
            result = await operation
        except StoreError:
            self._failed_at_s = time.monotonic()
            raise
        self._failed_at_s = None
        return result

    async def _watched(self, items: AsyncIterator[T]) -> AsyncIterator[T]:
        try:
            async for item in items:
                yield item
        except StoreError:
            self._failed_at_s = time.monotonic()
            raise
