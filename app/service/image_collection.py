"""The removal of images that no version of any document refers to."""

import asyncio
import logging
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from app.image.image_reference import DigestWalk, Fate, fate
from storage.blobs.blob_store import BlobStore
from storage.image_rows import ImageRecord, SqlImages
from sync.port import EventLog, StoreError
from sync.shells.clock import now_ms
from sync.shells.log_reader import pages, text_at

_log = logging.getLogger(__name__)

_FIRST_AFTER_S: Final = 600.0
INTERVAL_S: Final = 6 * 3600.0
_IMAGES_AT_ONCE: Final = 200
_DAY_MS: Final = 86_400_000


class ImageCollector:
    """Removes images without a reference, once each has had its time to get one.

    An image that any event mentioned is marked (`storage.image_references`) and never looked at
    again. The others are looked for in each version of their own document, where the reference may
    have been made bit by bit: each such document is read once for all its images.

    Blobs are deleted outside of any transaction, after the commit that made their names due. What
    a crash, or a store that failed, has left of them is deleted the next time.

    Args:
        grace_days: how long an image may be without a reference.
    """

    def __init__(
        self, rows: SqlImages, blobs: BlobStore, log: EventLog, *, grace_days: int
    ) -> None:
        self._rows = rows
        self._blobs = blobs
        self._event_log = log
        self._grace_ms = grace_days * _DAY_MS

    async def run(self) -> None:
        """Collect again and again, until cancelled."""
        await asyncio.sleep(_FIRST_AFTER_S)
        while True:
            try:
                removed = await self.collect(now_ms())
            except StoreError as error:
                _log.warning("images without a reference were not removed: %s", error)
            else:
                if removed:
                    _log.info("removed %d images that nothing refers to", removed)
            await asyncio.sleep(INTERVAL_S)

    async def collect(self, at_ms: int) -> int:
        """Remove the images whose time has come at a moment; return how many. May raise
        `StoreError`; what was removed before stays removed.
        """
        removed = 0
        while found := await self._rows.unreferenced(at_ms - self._grace_ms, _IMAGES_AT_ONCE):
            keys = await self._rows.with_document({image.document_key for image in found})
            fates = [(image, self._fate(image, keys, at_ms)) for image in found]
            looked_at = [image for image, each in fates if each is Fate.LOOK]
            referenced = await self._referenced(looked_at)
            await self._rows.mark_referenced(referenced)
            gone = [image for image, each in fates if each is Fate.REMOVE]
            gone += (image for image in looked_at if image.digest not in referenced)
            removed_now = sum([await self._rows.forget(image) for image in gone])
            removed += removed_now
            if not removed_now and not referenced:
                break  # all of them have changed meanwhile
        await self._delete_blobs()
        return removed

    def _fate(self, image: ImageRecord, keys: set[int], at_ms: int) -> Fate:
        return fate(
            is_referenced=image.is_referenced,
            has_document=image.document_key in keys,
            uploaded_at_ms=image.uploaded_at_ms,
            now_ms=at_ms,
            grace_ms=self._grace_ms,
        )

    async def _delete_blobs(self) -> None:
        while due := await self._rows.removals(_IMAGES_AT_ONCE):
            for blob in due:
                await self._blobs.delete(blob)
                await self._rows.removed([blob])

    async def _referenced(self, images: Sequence[ImageRecord]) -> set[str]:
        """Return the digests to which some version of an image's own document refers."""
        by_document = attrgetter("document_key")
        found = set[str]()
        for key, group in groupby(sorted(images, key=by_document), by_document):
            own = list(group)
            found |= await self._written_into(key, own) & {image.digest for image in own}
        return found

    async def _written_into(self, key: int, images: Sequence[ImageRecord]) -> set[str]:
        """Return the digests that versions of a document hold since its images came.

        Of a document whose log is damaged all are kept, and the others are not kept up by it.
        """
        try:
            return await self._walk(key, images)
        except StoreError as error:
            # If it is the store that fails, so does this.
            await self._event_log.ping()
            _log.error("the images of document %d are kept: %s", key, error)
            return {image.digest for image in images}

    async def _walk(self, key: int, images: Sequence[ImageRecord]) -> set[str]:
        record = (await self._event_log.heads([key])).get(key)
        if record is None:
            return set()
        begin = min(record.version, *(image.version for image in images))
        walk = DigestWalk(await text_at(self._event_log, key, begin))
        async for page in pages(self._event_log, key, begin, record.version):
            for event in page:
                walk.take(event.ops)
        return walk.found
