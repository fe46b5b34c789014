"""The images of documents: taken in, and given out to whoever may read the document."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import BinaryIO, Final

from app.image.image_kind import Image, ImageError
from app.image.image_reader import read_image
from app.image_settings import ImageSettings
from app.service.grant import Grant
from app.service.service_error import ServiceCode, ServiceError
from storage.blobs.blob_store import BlobStore
from storage.fullness import FullError
from storage.image_rows import ImageRecord, SqlImages
from sync.permission import Action
from sync.shells.clock import now_ms

_AT_ONCE: Final = 4
"""Images that one process takes in at the same time: each is in memory, twice."""


class ImageStore:
    """The images of one installation: their rows, and the blobs of their bytes."""

    def __init__(self, rows: SqlImages, blobs: BlobStore, limits: ImageSettings) -> None:
        self.rows = rows
        self.blobs = blobs
        self.limits = limits
        self._taking_in = asyncio.Semaphore(_AT_ONCE)

    async def add(self, grant: Grant, body: BinaryIO) -> tuple[ImageRecord, bool]:
        """Keep an image; returns when it is durable. Also returns whether it is new there.

        The row is there before the blob: killed in between, whoever sends the image again saves it,
        and without that the row is removed as one that nothing refers to.

        Args:
            body: the image as it was sent, of at most `max_image_bytes`; read when it is its turn.

        Raises:
            ServiceError: `no_image`, `images_full`.
            QuireError: `forbidden`.
            StoreError: the store does not answer.
        """
        grant.require(Action.WRITE)
        async with self._taking_in:
            return await self._take_in(grant, body)

    async def _take_in(self, grant: Grant, body: BinaryIO) -> tuple[ImageRecord, bool]:
        image = await self._read(body)
        record = ImageRecord(
            document_key=grant.document.key,
            digest=hashlib.sha256(image.content).hexdigest(),
            kind=image.kind.value,
            size_bytes=len(image.content),
            width=image.width,
            height=image.height,
            uploaded_by=grant.user.id,
            uploaded_at_ms=now_ms(),
            version=grant.document.version,
        )
        try:
            is_new = await self.rows.add(record, max_bytes=self.limits.max_document_image_bytes)
        except FullError:
            most = self.limits.max_document_image_bytes
            raise ServiceError(
                ServiceCode.IMAGES_FULL, f"The images of a document have at most {most} bytes."
            ) from None
        await self.blobs.put(record.digest, image.content)
        return record, is_new

    async def read(
        self, grant: Grant, digest: str, kind: str
    ) -> tuple[ImageRecord, AsyncIterator[bytes]]:
        """Return an image of a document that may be read, in chunks.

        Raises:
            ServiceError: `unknown_image`.
            StoreError: the store does not answer.
        """
        record = await self.find(grant, digest, kind)
        chunks = await self.blobs.read(digest)
        if chunks is None:
            raise _unknown()
        return record, chunks

    async def find(self, grant: Grant, digest: str, kind: str) -> ImageRecord:
        """Return what is known of an image; raises as `read`."""
        grant.require(Action.READ)
        record = await self.rows.find(grant.document.key, digest)
        if record is None or record.kind != kind:
            raise _unknown()
        return record

    async def _read(self, body: BinaryIO) -> Image:
        most = self.limits.max_image_pixels
        try:
            return await asyncio.to_thread(lambda: read_image(body.read(), most))
        except ImageError as error:
            raise ServiceError(ServiceCode.NO_IMAGE, str(error)) from None


def _unknown() -> ServiceError:
    return ServiceError(ServiceCode.UNKNOWN_IMAGE, "The document has no such image.")
