"""The port of a store of blobs: bytes under the SHA-256 of themselves, so none ever changes."""

from collections.abc import AsyncIterator
from typing import Final, Protocol

CHUNK_BYTES: Final = 64 << 10
"""The most of a blob that is in memory while it is read."""


class BlobStore(Protocol):
    """Keeps blobs by their digest, 64 hexadecimal digits. Every method may raise `StoreError`."""

    async def put(self, digest: str, content: bytes) -> None:
        """Save a blob; returns when it is durable. Again is the same as once.

        Cancelled or killed meanwhile, it leaves the whole blob or none.
        """
        ...

    async def read(self, digest: str) -> AsyncIterator[bytes] | None:
        """Return the chunks of a blob, each of at most `CHUNK_BYTES`; None: there is none."""
        ...

    async def delete(self, digest: str) -> None:
        """Remove a blob, if there is one."""
        ...

    async def aclose(self) -> None:
        """Let go of connections and the like."""
        ...
