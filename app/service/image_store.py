"""The images of documents: taken in, and given out to whoever may read the document."""

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from typing import BinaryIO, Final

from app.image.image_kind import Image, ImageError
from app.image.image_reader import read_image
from app.image_settings import ImageSettings
from app.service.grant import Grant
from app.service.service_error import ServiceCode, ServiceError
from storage.blobs.blob_store import BlobStore
from storage.fullness import FullError
from storage.image_rows import AddedImage, ImageBounds, ImageRecord, SqlImages, UserFullError
from sync.error import ErrorCode, QuireError
from sync.permission import Action
from sync.shells.clock import now_ms

_AT_ONCE: Final = 4
"""Images that one process takes in at the same time: each is in memory, twice."""
_USAGE_LASTS_S: Final = 10.0
"""The time for which the size of all images counts, plus what came meanwhile."""


class ImageStore:
    """The images of one installation: their rows, and the blobs of their bytes."""

    def __init__(self, rows: SqlImages, blobs: BlobStore, limits: ImageSettings) -> None:
        self.rows = rows
        self.blobs = blobs
        self.limits = limits
        self._bounds = ImageBounds(limits.max_document_image_bytes, limits.max_user_image_bytes)
        self._taking_in = asyncio.Semaphore(_AT_ONCE)
        self._used_bytes = 0
        self._used_until_s = 0.0

    async def add(self, grant: Grant, body: BinaryIO) -> tuple[ImageRecord, bool]:
        """Keep an image; returns when it is durable. Also returns whether it is new there.

        The row is there before the blob: killed in between, whoever sends the image again saves it,
        and without that the row is removed as one that nothing refers to.

        Args:
            body: the image as it was sent, of at most `max_image_bytes`; read when it is its turn.

        Raises:
            ServiceError: `no_image`, `images_full`, `storage_full`.
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
        await self._require_room(record.size_bytes)
        added = await self._note(record)
        await self.blobs.put(added.record.blob, image.content)
        if await self.rows.find(record.document_key, record.digest) is None:
            # The document was removed for good meanwhile, and the blob it had at that time.
            await self.rows.discard(added.record.blob)
            raise QuireError(ErrorCode.UNKNOWN_DOCUMENT, "There is no such document.")
        if added.is_new:
            self._used_bytes += record.size_bytes
        return added.record, added.is_new

    async def _note(self, record: ImageRecord) -> AddedImage:
        # Another name each time: under this one nothing was ever removed.
        blob = f"{record.digest}-{secrets.token_hex(8)}"
        try:
            return await self.rows.add(record, blob=blob, bounds=self._bounds)
        except UserFullError:
            whose, most = "that one user uploads", self._bounds.user_bytes
        except FullError:
            whose, most = "of a document", self._bounds.document_bytes
        raise ServiceError(
            ServiceCode.IMAGES_FULL, f"The images {whose} have at most {most} bytes."
        )

    async def _require_room(self, size_bytes: int) -> None:
        """Raise `storage_full` if an image is one too many, as far as this process knows."""
        if time.monotonic() >= self._used_until_s:
            self._used_bytes = await self.rows.used_bytes()
            self._used_until_s = time.monotonic() + _USAGE_LASTS_S
        if self._used_bytes + size_bytes > self.limits.max_image_storage_bytes:
            raise ServiceError(ServiceCode.STORAGE_FULL, "This server keeps no more images.")

    async def read(
        self, grant: Grant, digest: str, kind: str
    ) -> tuple[ImageRecord, AsyncIterator[bytes]]:
        """Return an image of a document that may be read, in chunks.

        Raises:
            ServiceError: `unknown_image`.
            StoreError: the store does not answer.
        """
        record = await self.find(grant, digest, kind)
        chunks = await self.blobs.read(record.blob)
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
