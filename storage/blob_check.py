"""The check of blobs against the rows that name them, and the copying of those that are lacking.

    orphaned   a blob lies there that no row names, and that is not on its way to be removed
    missing    a row names a blob that is not there
    damaged    its bytes have not the digest that its name begins with

A server may be at work meanwhile. A row is there before its blob, so the names of blobs are taken
first and looked up afterwards; and a row that is gone by the time that its blob is missed is none.
"""

import hashlib
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

from storage.blobs.blob_store import BlobStore
from storage.image_rows import SqlImages

_PAGE: Final = 1_000
_DIGEST_CHARS: Final = 64


class BlobFault(StrEnum):
    """The ways in which rows and blobs differ."""

    MISSING = "missing"
    DAMAGED = "damaged"
    ORPHANED = "orphaned"


class BlobFinding(Struct, frozen=True):
    """A blob that is not as it should be."""

    fault: BlobFault
    name: str


async def check_blobs(rows: SqlImages, blobs: BlobStore) -> AsyncIterator[BlobFinding]:
    """Yield every difference; reads every blob whole. May raise `StoreError`."""
    async for name in orphaned(rows, blobs):
        yield BlobFinding(BlobFault.ORPHANED, name)
    async for name in _named(rows):
        content = await read_blob(blobs, name)
        if content is None:
            if await _is_named(rows, name):
                yield BlobFinding(BlobFault.MISSING, name)
        elif not is_whole(name, content):
            yield BlobFinding(BlobFault.DAMAGED, name)


async def orphaned(rows: SqlImages, blobs: BlobStore) -> AsyncIterator[str]:
    """Yield the names of blobs that nothing names."""
    page: list[str] = []
    async for name in blobs.names():
        page.append(name)
        if len(page) == _PAGE:
            for each in await rows.unknown_blobs(page):
                yield each
            page = []
    for each in await rows.unknown_blobs(page):
        yield each


async def fetch_blobs(rows: SqlImages, source: BlobStore, target: BlobStore) -> AsyncIterator[bool]:
    """Copy what the target lacks, or has damaged; yields for each whether it is whole there now.

    May be run again, and goes on where it ended. May raise `StoreError`.
    """
    async for name in _named(rows):
        content = await read_blob(target, name)
        if content is not None and is_whole(name, content):
            yield True
            continue
        content = await read_blob(source, name)
        if content is not None and is_whole(name, content):
            await target.put(name, content)
            yield True
        elif await _is_named(rows, name):
            yield False


async def _named(rows: SqlImages) -> AsyncIterator[str]:
    after = ""
    while page := await rows.blobs(after, _PAGE):
        for name in page:
            yield name
        after = page[-1]


async def _is_named(rows: SqlImages, name: str) -> bool:
    return not await rows.unknown_blobs([name])


async def read_blob(blobs: BlobStore, name: str) -> bytes | None:
    """Return the bytes of a blob; None: there is none. May raise `StoreError`."""
    chunks = await blobs.read(name)
    return None if chunks is None else b"".join([chunk async for chunk in chunks])


def is_whole(name: str, content: bytes) -> bool:
    """Return whether bytes have the digest that their name begins with."""
    return hashlib.sha256(content).hexdigest() == name[:_DIGEST_CHARS]
