"""The port of a store of blobs: bytes under a name, which always stands for the same bytes."""

from collections.abc import AsyncIterator
from typing import Final, Protocol

CHUNK_BYTES: Final = 64 << 10
"""The most of a blob that is in memory while it is read."""


class BlobStore(Protocol):
    """Keeps blobs by name: a digest, 64 hexadecimal digits, and perhaps a dash and more of them.

    Every method may raise `StoreError`.
    """

    async def put(self, name: str, content: bytes) -> None:
        """Save a blob; returns when it is durable. Again is the same as once.

        Cancelled or killed meanwhile, it leaves the whole blob or none.
        """
        ...

    async def read(self, name: str) -> AsyncIterator[bytes] | None:
        """Return the chunks of a blob, each of at most `CHUNK_BYTES`; None: there is none."""
        ...

    async def delete(self, name: str) -> None:
        """Remove a blob, if there is one."""
        ...

    def names(self) -> AsyncIterator[str]:
        """Return the names of all blobs, in any order."""
        ...

    async def aclose(self) -> None:
        """Let go of connections and the like."""
        ...
