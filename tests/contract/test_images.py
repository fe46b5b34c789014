"""The images of documents in both databases, and which of them are removed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.service.image_collection import ImageCollector
from storage.blobs.blob_store import BlobStore
from storage.blobs.file_blobs import FileBlobs
from storage.fullness import FullError
from storage.image_rows import AddedImage, ImageBounds, ImageRecord, UserFullError
from storage.store import Store
from sync.port import DocumentRecord, NewDocument, StoreError
from sync.text.delta import Delta
from tests.contract.conftest import run_sql
from tests.contract.sample import append, event, open_whole
from tests.patience import PATIENCE_S

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


async def add(
    store: Store, new: ImageRecord, *, most: int = MUCH, of_user: int = MUCH, blob: str = ""
) -> AddedImage:
    name = blob or f"{new.digest}-1"
    return await store.images.add(new, blob=name, bounds=ImageBounds(most, of_user))


def image(record: DocumentRecord, digest: str = ONE, *, at_ms: int = 0) -> ImageRecord:
    return ImageRecord(record.key, digest, "png", 100, 4, 3, "ana", at_ms, record.version)


async def test_image_belongs_to_its_document_alone(store: Store) -> None:
    notes, plans = await document(store, "notes"), await document(store, "plans")
    added = await add(store, image(notes))
    assert added == AddedImage(replace(image(notes), blob=f"{ONE}-1"), is_new=True)
    assert await store.images.find(notes.key, ONE) == added.record
    assert await store.images.find(plans.key, ONE) is None
    assert await store.images.find(notes.key, OTHER) is None


async def test_image_that_comes_again_counts_once_and_is_young_again(store: Store) -> None:
    notes = await document(store, "notes")
    assert (await add(store, image(notes), most=100)).is_new
    again = await add(store, image(notes, at_ms=5), most=100, blob=f"{ONE}-2")
    assert not again.is_new
    found = await store.images.find(notes.key, ONE)
    assert found is not None
    assert found == again.record
    assert (found.uploaded_at_ms, found.blob) == (5, f"{ONE}-1")
    with pytest.raises(FullError):
        await add(store, image(notes, OTHER), most=199)
    assert (await add(store, image(notes, OTHER), most=200)).is_new


async def test_images_of_a_user_are_bounded_over_all_documents(store: Store) -> None:
    notes, plans = await document(store, "notes"), await document(store, "plans")
    await add(store, image(notes), of_user=150)
    # The same image again takes no more room.
    await add(store, image(plans), of_user=150)
    with pytest.raises(UserFullError):
        await add(store, image(plans, OTHER), of_user=199)
    await add(store, replace(image(plans, OTHER), uploaded_by="ben"), of_user=199)
    assert await store.images.used_bytes() == 200


class Scene:
    """A store, a folder of blobs, and a collector that runs when it is told to."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.blobs: BlobStore = FileBlobs(folder)
        self.folder = folder
        self.uploads = 0
        self.collector = ImageCollector(store.images, self.blobs, store.log, grace_days=7)

    async def upload(self, record: DocumentRecord, digest: str = ONE) -> None:
        head = (await self.store.log.heads([record.key]))[record.key]
        self.uploads += 1
        added = await add(self.store, image(head, digest), blob=f"{digest}-{self.uploads}")
        await self.blobs.put(added.record.blob, b"image")

    async def write(self, record: DocumentRecord, *edits: Delta) -> None:
        head = (await self.store.log.heads([record.key]))[record.key]
        for number, ops in enumerate(edits):
            version = head.version + 1 + number
            await append(self.store.log, record.key, event(version, ops, event_id=f"e{version}"))

    async def is_kept(self, record: DocumentRecord, digest: str = ONE) -> bool:
        return await self.store.images.find(record.key, digest) is not None

    async def has_blob(self, digest: str = ONE) -> bool:
        return any(self.folder.glob(f"*/{digest}-*"))

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


async def test_damaged_log_keeps_its_images_and_nobody_elses(
    scene: Scene, database_url: str
) -> None:
    damaged, plans = await document(scene.store, "damaged"), await document(scene.store, "plans")
    await scene.write(damaged, ("one",), ("two",))
    await scene.upload(damaged)
    await scene.upload(plans, OTHER)
    await run_sql(database_url, f"DELETE FROM events WHERE document_key = {damaged.key}")
    assert await scene.collect() == 1
    assert await scene.is_kept(damaged)
    assert not await scene.is_kept(plans, OTHER)


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
    assert await scene.store.images.forget(gone)
    assert await scene.store.images.removals(9) == []
    assert await scene.has_blob(OTHER)
    assert await scene.is_kept(plans, OTHER)


async def test_image_that_was_sent_again_meanwhile_is_not_removed(scene: Scene) -> None:
    notes = await document(scene.store, "notes")
    await scene.upload(notes)
    found = await scene.store.images.find(notes.key, ONE)
    assert found is not None
    again = replace(found, uploaded_at_ms=found.uploaded_at_ms + 1)
    await add(scene.store, again)
    assert not await scene.store.images.forget(found)
    assert await scene.store.images.removals(9) == []
    assert await scene.has_blob()


async def test_image_that_an_edit_mentions_at_the_last_moment_is_not_removed(scene: Scene) -> None:
    notes, plans = await document(scene.store, "notes"), await document(scene.store, "plans")
    await scene.upload(notes)
    found = await scene.store.images.find(notes.key, ONE)
    assert found is not None
    await scene.write(plans, (f"/api/documents/notes/files/{ONE}.png",))
    assert not await scene.store.images.forget(found)
    assert await scene.is_kept(notes)


class SlowBlobs(FileBlobs):
    """A store that answers no deletion until it is told to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.is_asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def delete(self, name: str) -> None:
        self.is_asked.set()
        await self.may_answer.wait()
        await super().delete(name)


async def test_store_that_deletes_slowly_keeps_nobody_from_writing(
    store: Store, tmp_path: Path
) -> None:
    scene = Scene(store, tmp_path / "blobs")
    slow = SlowBlobs(scene.folder)
    scene.collector = ImageCollector(store.images, slow, store.log, grace_days=7)
    notes = await document(store, "notes")
    await scene.upload(notes)
    collecting = asyncio.create_task(scene.collect())
    async with asyncio.timeout(PATIENCE_S):
        await slow.is_asked.wait()
        await scene.write(notes, ("written meanwhile",))
        # It comes again before its old blob is gone.
        await scene.upload(notes)
    slow.may_answer.set()
    assert await collecting == 1
    found = await store.images.find(notes.key, ONE)
    assert found is not None
    assert [path.name for path in scene.folder.glob(f"*/{ONE}-*")] == [found.blob]


class FailingBlobs(FileBlobs):
    """A store that is killed, or answers no more, after some deletions."""

    def __init__(self, folder: Path, deletions: int) -> None:
        super().__init__(folder)
        self.left = deletions

    async def delete(self, name: str) -> None:
        if self.left == 0:
            raise StoreError("it is away")
        self.left -= 1
        await super().delete(name)


async def test_blobs_that_could_not_be_deleted_are_deleted_the_next_time(
    store: Store, tmp_path: Path
) -> None:
    scene = Scene(store, tmp_path / "blobs")
    failing = FailingBlobs(scene.folder, 1)
    scene.collector = ImageCollector(store.images, failing, store.log, grace_days=7)
    notes = await document(store, "notes")
    await scene.upload(notes)
    await scene.upload(notes, OTHER)
    with pytest.raises(StoreError):
        await scene.collect()
    assert len(await store.images.removals(9)) == 1
    assert (await scene.has_blob(ONE), await scene.has_blob(OTHER)) == (True, False)
    scene.collector = ImageCollector(store.images, scene.blobs, store.log, grace_days=7)
    assert await scene.collect() == 0
    assert await store.images.removals(9) == []
    assert not await scene.has_blob(ONE)


async def test_blob_that_was_saved_for_a_removed_image_is_discarded(scene: Scene) -> None:
    notes = await document(scene.store, "notes")
    await scene.upload(notes)
    await scene.store.images.discard(f"{ONE}-1")
    assert await scene.store.images.removals(9) == [], "an image has it"
    for _ in range(2):
        await scene.store.images.discard(f"{OTHER}-9")
    assert await scene.store.images.removals(9) == [f"{OTHER}-9"]


async def test_duplicate_has_the_images_and_keeps_their_blobs(scene: Scene) -> None:
    notes, plans = await document(scene.store, "notes"), await document(scene.store, "plans")
    await scene.upload(notes)
    await scene.upload(notes, OTHER)
    assert await scene.store.images.copy(notes.key, plans.key, [ONE, "77" * 32], 3) == 1
    copied = await scene.store.images.find(plans.key, ONE)
    source = await scene.store.images.find(notes.key, ONE)
    assert source is not None
    assert copied == replace(source, document_key=plans.key, uploaded_at_ms=3, version=0)
    assert not await scene.is_kept(plans, OTHER)
    assert await scene.store.images.forget(source)
    assert await scene.store.images.removals(9) == []


async def test_no_event_is_read_to_find_references(scene: Scene) -> None:
    """However much was written anywhere, a mention is found where it was written."""
    notes, plans = await document(scene.store, "notes"), await document(scene.store, "plans")
    await scene.upload(notes)
    await scene.write(plans, *((f"text {n} ",) for n in range(50)))
    await scene.write(plans, (f"![x](/api/documents/notes/files/{ONE}.png)",))
    found = await scene.store.images.find(notes.key, ONE)
    assert found is not None
    assert found.is_referenced
