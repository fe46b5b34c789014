"""The removal of images that no version of any document refers to."""

import asyncio
import logging
from typing import Final

from app.image.image_reference import DigestWalk, Fate, digests_in, fate
from storage.blobs.blob_store import BlobStore
from storage.image_rows import ImageRecord, SqlImages
from sync.port import EventLog, StoreError
from sync.shells.clock import now_ms
from sync.shells.log_reader import pages, text_at

_log = logging.getLogger(__name__)

_FIRST_AFTER_S: Final = 600.0
INTERVAL_S: Final = 6 * 3600.0
_IMAGES_AT_ONCE: Final = 200
_DOCUMENTS_AT_ONCE: Final = 500
_EVENTS_AT_ONCE: Final = 200
_DAY_MS: Final = 86_400_000


class ImageCollector:
    """Removes images without a reference, once each has had its time to get one.

    An image that was found to be referred to is never looked for again. The others are: in what was
    written into any document at once (pasted, copied, brought by an editor of rich text), and in
    each version of their own document, where the reference may have been made bit by bit.

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
            removed_before = removed
            looked_at: list[ImageRecord] = []
            for image in found:
                match self._fate(image, keys, at_ms):
                    case Fate.REMOVE:
                        removed += await self._forget(image)
                    case Fate.LOOK:
                        looked_at.append(image)
                    case Fate.KEEP:
                        pass
            referenced = await self._referenced(looked_at)
            await self._rows.mark_referenced(referenced)
            for image in looked_at:
                if image.digest not in referenced:
                    removed += await self._forget(image)
            if removed == removed_before and not referenced:
                break  # all of them have changed meanwhile
        return removed

    def _fate(self, image: ImageRecord, keys: set[int], at_ms: int) -> Fate:
        return fate(
            is_referenced=image.is_referenced,
            has_document=image.document_key in keys,
            uploaded_at_ms=image.uploaded_at_ms,
            now_ms=at_ms,
            grace_ms=self._grace_ms,
        )

    async def _forget(self, image: ImageRecord) -> bool:
        return await self._rows.forget(image, self._blobs.delete)

    async def _referenced(self, images: list[ImageRecord]) -> set[str]:
        """Return the digests to which some version of some document refers."""
        wanted = {image.digest for image in images}
        found = await self._written_at_once(wanted) if wanted else set[str]()
        for image in images:
            if image.digest not in found and await self._is_in_own_document(image):
                found.add(image.digest)
        return found

    async def _written_at_once(self, wanted: set[str]) -> set[str]:
        found = set[str]()
        after_key = 0
        while keys := await self._rows.document_keys(after_key, _DOCUMENTS_AT_ONCE):
            for key in keys:
                found |= await self._written_into(key) & wanted
                if found == wanted:
                    return found
            after_key = keys[-1]
        return found

    async def _written_into(self, key: int) -> set[str]:
        found = set[str]()
        after: int | None = 0
        while after is not None:
            mentions = await self._rows.mentions(key, after, _EVENTS_AT_ONCE)
            for text in mentions.texts:
                found |= digests_in(text)
            after = mentions.upto
        return found

    async def _is_in_own_document(self, image: ImageRecord) -> bool:
        key = image.document_key
        record = (await self._event_log.heads([key])).get(key)
        if record is None:
            return False
        begin = min(image.version, record.version)
        walk = DigestWalk(await text_at(self._event_log, key, begin))
        async for page in pages(self._event_log, key, begin, record.version):
            for event in page:
                walk.take(event.ops)
            if image.digest in walk.found:
                return True
        return image.digest in walk.found
