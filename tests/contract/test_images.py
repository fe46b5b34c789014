"""The images of documents in both databases, and which of them are removed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.service.image_collection import ImageCollector
from storage.blobs.file_blobs import FileBlobs
from storage.fullness import FullError
from storage.image_rows import ImageRecord
from storage.store import Store
from sync.port import DocumentRecord, NewDocument
from sync.text.delta import Delta
from tests.contract.sample import append, event, open_whole

pytestmark = pytest.mark.anyio

DAY_MS = 86_400_000
ONE, OTHER = "a1" * 32, "0f" * 32
MUCH = 1 << 30


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    opened = open_whole(database_url)
    yield opened
    await opened.aclose()


async def document(store: Store, name: str) -> DocumentRecord:
    record, _ = await store.log.create(new_document(name))
    return record


def new_document(name: str) -> NewDocument:
    return NewDocument(
        name=name,
        title="",
        text_root="content",
        epoch="e",
        crdt_client_id=7,
        owner_id="ana",
        at_ms=1,
    )


def image(record: DocumentRecord, digest: str = ONE, *, at_ms: int = 0) -> ImageRecord:
    return ImageRecord(record.key, digest, "png", 100, 4, 3, "ana", at_ms, record.version)


async def test_image_belongs_to_its_document_alone(store: Store) -> None:
    notes, plans = await document(store, "notes"), await document(store, "plans")
    assert await store.images.add(image(notes), max_bytes=MUCH)
    assert await store.images.find(notes.key, ONE) == image(notes)
    assert await store.images.find(plans.key, ONE) is None
    assert await store.images.find(notes.key, OTHER) is None


async def test_image_that_comes_again_counts_once_and_is_young_again(store: Store) -> None:
    notes = await document(store, "notes")
    assert await store.images.add(image(notes), max_bytes=100)
    assert not await store.images.add(image(notes, at_ms=5), max_bytes=100)
    found = await store.images.find(notes.key, ONE)
    assert found is not None
    assert found.uploaded_at_ms == 5
    with pytest.raises(FullError):
        await store.images.add(image(notes, OTHER), max_bytes=199)
    assert await store.images.add(image(notes, OTHER), max_bytes=200)


class Scene:
    """A store, a folder of blobs, and a collector that runs when it is told to."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.blobs = FileBlobs(folder)
        self.collector = ImageCollector(store.images, self.blobs, store.log, grace_days=7)

    async def upload(self, record: DocumentRecord, digest: str = ONE) -> None:
        head = (await self.store.log.heads([record.key]))[record.key]
        await self.store.images.add(image(head, digest), max_bytes=MUCH)
        await self.blobs.put(digest, b"image")

    async def write(self, record: DocumentRecord, *edits: Delta) -> None:
        head = (await self.store.log.heads([record.key]))[record.key]
        for number, ops in enumerate(edits):
            version = head.version + 1 + number
            await append(self.store.log, record.key, event(version, ops, event_id=f"e{version}"))

    async def is_kept(self, record: DocumentRecord, digest: str = ONE) -> bool:
        return await self.store.images.find(record.key, digest) is not None

    async def has_blob(self, digest: str = ONE) -> bool:
        chunks = await self.blobs.read(digest)
        if chunks is not None:
            async for _ in chunks:
                pass
        return chunks is not None

    async def collect(self, day: float = 8) -> int:
        return await self.collector.collect(int(day * DAY_MS))


@pytest.fixture
def scene(store: Store, tmp_path: Path) -> Scene:
    return Scene(store, tmp_path / "blobs")


async def test_image_without_a_reference_goes_after_its_grace(scene: Scene) -> None:
    notes = await document(scene.store, "notes")
    await scene.upload(notes)
    assert await scene.collect(6.9) == 0
    assert await scene.is_kept(notes)
    assert await scene.collect() == 1
    assert not await scene.is_kept(notes)
    assert not await scene.has_blob()
    assert await scene.collect() == 0


async def test_image_that_an_old_version_refers_to_stays(scene: Scene) -> None:
    notes = await document(scene.store, "notes")
    await scene.upload(notes)
    reference = f"![x](/api/documents/notes/files/{ONE}.png)"
    await scene.write(notes, (reference,), (-len(reference),))
    for _ in range(2):
        assert await scene.collect() == 0
        assert await scene.is_kept(notes)
        assert await scene.has_blob()


async def test_image_whose_reference_was_made_bit_by_bit_stays(scene: Scene) -> None:
    notes = await document(scene.store, "notes")
    await scene.upload(notes)
    await scene.write(notes, (ONE[:30],), (30, ONE[30:]), (-64,))
    assert await scene.collect() == 0
    assert await scene.has_blob()


async def test_image_stays_that_was_referred_to_before_it_came_again(scene: Scene) -> None:
    notes = await document(scene.store, "notes")
    await scene.upload(notes)
    await scene.write(notes, (ONE[:30],), (30, ONE[30:]), (-64,))
    await scene.upload(notes)
    assert await scene.collect() == 0
    assert await scene.has_blob()


async def test_image_that_another_document_shows_stays(scene: Scene) -> None:
    notes, plans = await document(scene.store, "notes"), await document(scene.store, "plans")
    await scene.upload(notes)
    await scene.write(plans, (f"![x](/api/documents/notes/files/{ONE}.png)",))
    assert await scene.collect() == 0
    assert await scene.is_kept(notes)


async def test_image_in_rich_text_stays(scene: Scene) -> None:
    notes = await document(scene.store, "notes")
    await scene.upload(notes)
    update = b"\x01\x02src" + f"/api/documents/notes/files/{ONE}.png".encode() + b"\0"
    await append(scene.store.log, notes.key, event(1, (), event_id="rich", update=update))
    assert await scene.collect() == 0
    assert await scene.is_kept(notes)


async def test_purged_document_takes_its_images_along(scene: Scene) -> None:
    notes = await document(scene.store, "notes")
    await scene.upload(notes)
    await scene.write(notes, (f"![x](/api/documents/notes/files/{ONE}.png)",))
    assert await scene.collect() == 0
    await scene.store.log.update_document("notes", deleted_at_ms=9, updated_at_ms=9)
    assert await scene.collect() == 0
    assert await scene.store.shelf.purge(notes.key, 10)
    assert await scene.has_blob()
    assert await scene.collect(0) == 1
    assert not await scene.is_kept(notes)
    assert not await scene.has_blob()


async def test_blob_stays_while_another_document_has_the_same_image(scene: Scene) -> None:
    notes, plans = await document(scene.store, "notes"), await document(scene.store, "plans")
    await scene.upload(notes)
    await scene.upload(plans)
    await scene.write(notes, (f"/files/{ONE}.png",))
    assert await scene.collect() == 0, "one reference keeps the image wherever it is"
    await scene.upload(notes, OTHER)
    await scene.upload(plans, OTHER)
    gone = await scene.store.images.find(notes.key, OTHER)
    assert gone is not None
    assert await scene.store.images.forget(gone, scene.blobs.delete)
    assert await scene.has_blob(OTHER)
    assert await scene.is_kept(plans, OTHER)


async def test_image_that_was_sent_again_meanwhile_is_not_removed(scene: Scene) -> None:
    notes = await document(scene.store, "notes")
    await scene.upload(notes)
    found = await scene.store.images.find(notes.key, ONE)
    assert found is not None
    again = replace(found, uploaded_at_ms=found.uploaded_at_ms + 1)
    await scene.store.images.add(again, max_bytes=MUCH)
    assert not await scene.store.images.forget(found, scene.blobs.delete)
    assert await scene.has_blob()
