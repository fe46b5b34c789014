"""The images of each document, in SQL. Their bytes are blobs: see `storage.blobs`.

    a row in `images` names its blob ──▶ the last such row goes, and the name of ──▶ the blob is
                                         the blob into `blob_removals`, at once      deleted, later

The name of a blob is new each time that an image comes which no document has. So a name that is in
`blob_removals` is never referred to again, and its blob may be deleted at any time, and twice.
"""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import (
    Boolean,
    Connection,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    true,
    update,
)

from storage.engine import Database
from storage.fullness import FullError, lock_document, lock_user
from storage.image_references import mark_digests
from storage.many import encode_texts, is_one_of
from storage.table import blob_removals, documents, images


class ImageRecord(Struct, frozen=True):
    """An image of a document. Its fields are the columns of `images`, in their order."""

    document_key: int
    digest: str
    """SHA-256 of its bytes, 64 hexadecimal digits."""
    kind: str
    size_bytes: int
    width: int
    height: int
    uploaded_by: str
    uploaded_at_ms: int
    version: int
    """The head of the document when it first came: no earlier version can refer to it."""
    is_referenced: bool = False
    """True: some version of some document refers to it, and history keeps that version."""
    blob: str = ""
    """The name of its blob, which begins with the digest."""


class ImageBounds(Struct, frozen=True):
    """The most bytes that images may have."""

    document_bytes: int
    """All those of one document."""
    user_bytes: int
    """All those that one user uploaded, each of them once."""


class UserFullError(FullError):
    """The images of the user, not those of the document, would have too many bytes."""


class AddedImage(Struct, frozen=True):
    """The outcome of adding an image."""

    record: ImageRecord
    is_new: bool
    """The document did not have it before."""


_MANY: Final = 1_000
_of_document = images.c.document_key == bindparam("of_document")
_this = (_of_document, images.c.digest == bindparam("of"))
_find = select(*images.c).where(*_this)
_used = select(func.coalesce(func.sum(images.c.size_bytes), 0)).where(_of_document)
_blobs = select(images.c.blob, func.max(images.c.size_bytes).label("size_bytes"))
_blobs_of_user = (
    _blobs.where(images.c.uploaded_by == bindparam("by")).group_by(images.c.blob).subquery()
)
_used_by_user = select(func.coalesce(func.sum(_blobs_of_user.c.size_bytes), 0))
_each_blob = _blobs.group_by(images.c.blob).subquery()
_used_by_all = select(func.coalesce(func.sum(_each_blob.c.size_bytes), 0))
_has_blob_of_user = (
    select(images.c.blob)
    .where(images.c.digest == bindparam("of"), images.c.uploaded_by == bindparam("by"))
    .limit(1)
)
_has_document = (
    select(documents.c.key)
    .where(documents.c.key == images.c.document_key, documents.c.purged_at_ms.is_(None))
    .exists()
)
_living = select(documents.c.key).where(
    documents.c.key.in_(bindparam("keys", expanding=True)), documents.c.purged_at_ms.is_(None)
)
_unreferenced = (
    select(*images.c)
    .where(~images.c.is_referenced, images.c.uploaded_at_ms < bindparam("before_ms"))
    .order_by(images.c.uploaded_at_ms)
    .limit(bindparam("most"))
)
_orphaned = select(*images.c).where(~_has_document).limit(bindparam("most"))
# As it was found: on PostgreSQL an edit may just have marked it.
_remove = delete(images).where(
    *_this,
    images.c.uploaded_at_ms == bindparam("found_at_ms"),
    or_(~images.c.is_referenced, bindparam("found_marked", type_=Boolean)),
)
_touch = update(images).where(*_this).values(uploaded_at_ms=bindparam("now_ms"))
_blob_of = select(images.c.blob).where(images.c.digest == bindparam("of")).limit(1)
_users_of_blob = select(images.c.digest).where(images.c.blob == bindparam("of_blob")).limit(1)
_due = select(blob_removals.c.blob).order_by(blob_removals.c.blob).limit(bindparam("most"))
_done = delete(blob_removals).where(blob_removals.c.blob == bindparam("of_blob"))
_named_after = (
    select(images.c.blob)
    .distinct()
    .where(images.c.blob > bindparam("after"))
    .order_by(images.c.blob)
    .limit(bindparam("most"))
)


class SqlImages:
    """The images of documents. Every method may raise `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, image: ImageRecord, *, blob: str, bounds: ImageBounds) -> AddedImage:
        """Note an image before its blob is saved; returns the record as it is then.

        Args:
            blob: the name of its blob, unless some document has the same image already: a new one,
                that begins with the digest.

        Raises:
            FullError: its document would have too many bytes; `UserFullError`: its user.
        """

        def work(connection: Connection) -> AddedImage:
            lock_document(connection, image.document_key)
            lock_user(connection, image.uploaded_by)
            _lock_blob(connection, image.digest)
            return _add(connection, image, blob, bounds)

        async with self._database.write() as transaction:
            return await transaction.run(work)

    async def find(self, document_key: int, digest: str) -> ImageRecord | None:
        """Return an image of a document."""
        return await self._database.read(partial(_find_one, key=document_key, digest=digest))

    async def copy(
        self, source_key: int, target_key: int, digests: Sequence[str], at_ms: int
    ) -> int:
        """Give a new document some images of another; return how many. No blob is copied."""

        def work(connection: Connection) -> int:
            return _copy(connection, source_key, target_key, digests, at_ms)

        if not digests:
            return 0
        async with self._database.write() as transaction:
            return await transaction.run(work)

    async def used_bytes(self) -> int:
        """Return the size of all images, each counted once."""
        return await self._database.read(lambda found: int(found.scalar(_used_by_all) or 0))

    async def unreferenced(self, before_ms: int, limit: int) -> list[ImageRecord]:
        """Return images of which no reference is known, and those whose document is gone."""

        def work(connection: Connection) -> list[ImageRecord]:
            gone = connection.execute(_orphaned, {"most": limit}).all()
            old = connection.execute(_unreferenced, {"before_ms": before_ms, "most": limit}).all()
            return [ImageRecord(*row) for row in dict.fromkeys((*gone, *old))]

        return await self._database.read(work)

    async def mark_referenced(self, digests: Collection[str]) -> None:
        """Note that versions refer to images: in whichever documents they are."""
        if not digests:
            return
        work = partial(mark_digests, digests=sorted(digests))
        async with self._database.write() as transaction:
            await transaction.run(work)

    async def forget(self, image: ImageRecord) -> bool:
        """Remove an image that is as it was found; its blob is due for removal if it is the last.

        Whoever adds the same image afterwards saves another blob.
        """
        async with self._database.write() as transaction:
            return await transaction.run(partial(_forget, image=image))

    async def discard(self, blob: str) -> None:
        """Have a blob removed that was saved for an image which is gone by now."""

        def work(connection: Connection) -> None:
            _lock_blob(connection, blob)
            _discard(connection, blob)

        async with self._database.write() as transaction:
            await transaction.run(work)

    async def removals(self, limit: int) -> list[str]:
        """Return names of blobs that are to be deleted."""
        return await self._database.read(lambda found: list(found.scalars(_due, {"most": limit})))

    async def removed(self, blobs: Sequence[str]) -> None:
        """Note that blobs are deleted."""
        rows = [{"of_blob": blob} for blob in blobs]
        if not rows:
            return
        async with self._database.write() as transaction:
            await transaction.run(lambda connection: connection.execute(_done, rows))

    async def blobs(self, after: str, limit: int = _MANY) -> list[str]:
        """Return the names of the blobs that there should be, in order."""
        values = {"after": after, "most": limit}
        return await self._database.read(lambda found: list(found.scalars(_named_after, values)))

    async def unknown_blobs(self, names: Sequence[str]) -> list[str]:
        """Return those of some names that no row has, and that are not due for removal."""

        def work(connection: Connection) -> list[str]:
            values = {"names": encode_texts(connection, names)}
            known = set[str]()
            for column in (images.c.blob, blob_removals.c.blob):
                is_named = is_one_of(column, "names", connection.dialect.name)
                known.update(connection.scalars(select(column).where(is_named), values))
            return [name for name in names if name not in known]

        return await self._database.read_snapshot(work) if names else []

    async def with_document(self, keys: set[int]) -> set[int]:
        """Return those of some keys whose documents are there, in the trash or not."""

        def work(connection: Connection) -> set[int]:
            return set(connection.execute(_living, {"keys": sorted(keys)}).scalars())

        return await self._database.read(work)


def _find_one(connection: Connection, key: int, digest: str) -> ImageRecord | None:
    row = connection.execute(_find, {"of_document": key, "of": digest}).one_or_none()
    return None if row is None else ImageRecord(*row)


def _add(connection: Connection, image: ImageRecord, blob: str, bounds: ImageBounds) -> AddedImage:
    found = _find_one(connection, image.document_key, image.digest)
    if found is not None:
        # As if it came now: whoever has just sent it is about to refer to it. Its version stays:
        # those since it first came may refer to it.
        this = {"of_document": image.document_key, "of": image.digest}
        connection.execute(_touch, this | {"now_ms": image.uploaded_at_ms})
        return AddedImage(
            msgspec.structs.replace(found, uploaded_at_ms=image.uploaded_at_ms), is_new=False
        )
    used: int = connection.execute(_used, {"of_document": image.document_key}).scalar_one()
    if used + image.size_bytes > bounds.document_bytes:
        raise FullError
    by_user = {"of": image.digest, "by": image.uploaded_by}
    if connection.execute(_has_blob_of_user, by_user).first() is None:
        used = connection.execute(_used_by_user, {"by": image.uploaded_by}).scalar_one()
        if used + image.size_bytes > bounds.user_bytes:
            raise UserFullError
    shared = connection.scalar(_blob_of, {"of": image.digest})
    added = msgspec.structs.replace(image, blob=shared or blob)
    connection.execute(insert(images), asdict(added))
    return AddedImage(added, is_new=True)


def _copy(
    connection: Connection, source_key: int, target_key: int, digests: Sequence[str], at_ms: int
) -> int:
    wanted = {"digests": encode_texts(connection, digests), "of_document": source_key}
    is_wanted = is_one_of(images.c.digest, "digests", connection.dialect.name)
    # Locked: whoever removes one meanwhile waits, and finds the copy.
    locked = (
        select(images.c.digest)
        .where(_of_document, is_wanted)
        .order_by(images.c.digest)
        .with_for_update(read=True)
    )
    kept = connection.execute(locked, wanted).scalars().all()
    if not kept:
        return 0
    own = {"document_key": target_key, "uploaded_at_ms": at_ms, "version": 0}
    columns = [literal(own[each.name]) if each.name in own else each for each in images.c]
    copied = select(*columns).where(_of_document, is_wanted)
    connection.execute(insert(images).from_select(list(images.c.keys()), copied), wanted)
    return len(kept)


def _forget(connection: Connection, image: ImageRecord) -> bool:
    _lock_blob(connection, image.digest)
    found = {
        "of_document": image.document_key,
        "of": image.digest,
        "found_at_ms": image.uploaded_at_ms,
        "found_marked": image.is_referenced,
    }
    if connection.execute(_remove, found).rowcount != 1:
        return False
    _discard(connection, image.blob)
    return True


def _discard(connection: Connection, blob: str) -> None:
    if connection.execute(_users_of_blob, {"of_blob": blob}).first() is None:
        is_due = select(true()).where(blob_removals.c.blob == blob).exists()
        unless_due = select(literal(blob)).where(~is_due)
        connection.execute(insert(blob_removals).from_select(["blob"], unless_due))


_lock = text("SELECT pg_advisory_xact_lock(:lock)")


def _lock_blob(connection: Connection, name: str) -> None:
    """Have others who add or remove the same image wait. In SQLite BEGIN IMMEDIATE does it.

    Args:
        name: the digest of the image, or what begins with it.
    """
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(bytes.fromhex(name[:16]), signed=True)
        connection.execute(_lock, {"lock": number})
