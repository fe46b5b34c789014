"""The images of each document, in SQL. Their bytes are blobs: see `storage.blobs`."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, text, update

from storage.engine import Database
from storage.fullness import FullError, lock_document
from storage.table import documents, events, images

_OF_RICH_TEXT = "[]"
"""The ops of an event that changed something other than the text."""


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


class Mentions(Struct, frozen=True):
    """The words of events that may refer to images."""

    texts: list[str]
    upto: int | None
    """The last version looked at; None: there is nothing more."""


_this = (images.c.document_key == bindparam("of_document"), images.c.digest == bindparam("of"))
_find = select(*images.c).where(*_this)
_used = select(func.coalesce(func.sum(images.c.size_bytes), 0)).where(
    images.c.document_key == bindparam("of_document")
)
_has_document = exists().where(
    documents.c.key == images.c.document_key, documents.c.purged_at_ms.is_(None)
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
_mark = update(images).where(images.c.digest == bindparam("of")).values(is_referenced=True)
_remove = delete(images).where(*_this)
_touch = update(images).where(*_this).values(uploaded_at_ms=bindparam("now_ms"))
_others = select(images.c.document_key).where(images.c.digest == bindparam("of")).limit(1)
_keys = (
    select(documents.c.key)
    .where(documents.c.key > bindparam("after"))
    .order_by(documents.c.key)
    .limit(bindparam("most"))
)
_mentioning = (
    select(events.c.version, events.c.ops, events.c.update)
    .where(
        events.c.document_key == bindparam("of_document"),
        events.c.version > bindparam("after"),
        events.c.ops.like("%/files/%") | (events.c.ops == _OF_RICH_TEXT),
    )
    .order_by(events.c.version)
    .limit(bindparam("most"))
)


class SqlImages:
    """The images of documents. Every method may raise `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, image: ImageRecord, *, max_bytes: int) -> bool:
        """Note an image before its blob is saved; return False if the document had it already.

        Raises:
            FullError: the images of the document would have more than `max_bytes`.
        """

        def work(connection: Connection) -> bool:
            lock_document(connection, image.document_key)
            _lock_blob(connection, image.digest)
            this = {"of_document": image.document_key, "of": image.digest}
            if connection.execute(_find, this).first() is not None:
                # As if it came now: whoever has just sent it is about to refer to it. Its version
                # stays: those since it first came may refer to it.
                connection.execute(_touch, this | {"now_ms": image.uploaded_at_ms})
                return False
            used: int = connection.execute(_used, this).scalar_one()
            if used + image.size_bytes > max_bytes:
                raise FullError
            connection.execute(insert(images), asdict(image))
            return True

        async with self._database.write() as transaction:
            return await transaction.run(work)

    async def find(self, document_key: int, digest: str) -> ImageRecord | None:
        """Return an image of a document."""
        return await self._database.read(partial(_find_one, key=document_key, digest=digest))

    async def unreferenced(self, before_ms: int, limit: int) -> list[ImageRecord]:
        """Return images of which no reference is known, and those whose document is gone."""

        def work(connection: Connection) -> list[ImageRecord]:
            gone = connection.execute(_orphaned, {"most": limit}).all()
            old = connection.execute(_unreferenced, {"before_ms": before_ms, "most": limit}).all()
            return [ImageRecord(*row) for row in dict.fromkeys((*gone, *old))]

        return await self._database.read(work)

    async def mark_referenced(self, digests: Iterable[str]) -> None:
        """Note that versions refer to images: in whichever documents they are."""
        rows = [{"of": digest} for digest in digests]
        if not rows:
            return

        def work(connection: Connection) -> None:
            connection.execute(_mark, rows)

        async with self._database.write() as transaction:
            await transaction.run(work)

    async def forget(
        self, image: ImageRecord, delete_blob: Callable[[str], Awaitable[None]]
    ) -> bool:
        """Remove an image that is as it was found, and its blob if no document has it then.

        Whoever adds the same image meanwhile waits, and saves the blob anew.
        """
        async with self._database.write() as transaction:
            is_removed, is_last = await transaction.run(partial(_forget, image=image))
            if is_last:
                await delete_blob(image.digest)
            return is_removed

    async def with_document(self, keys: set[int]) -> set[int]:
        """Return those of some keys whose documents are there, in the trash or not."""

        def work(connection: Connection) -> set[int]:
            return set(connection.execute(_living, {"keys": sorted(keys)}).scalars())

        return await self._database.read(work)

    async def document_keys(self, after: int, limit: int) -> list[int]:
        """Return the keys of documents, in order."""

        def work(connection: Connection) -> list[int]:
            values = {"after": after, "most": limit}
            return list(connection.execute(_keys, values).scalars())

        return await self._database.read(work)

    async def mentions(self, document_key: int, after: int, limit: int) -> Mentions:
        """Return what events of a document say, if it may refer to images.

        Args:
            after: the version after which to look.
        """
        values = {"of_document": document_key, "after": after, "most": limit}
        return await self._database.read(partial(_mentions, values=values))


def _find_one(connection: Connection, key: int, digest: str) -> ImageRecord | None:
    row = connection.execute(_find, {"of_document": key, "of": digest}).one_or_none()
    return None if row is None else ImageRecord(*row)


def _forget(connection: Connection, image: ImageRecord) -> tuple[bool, bool]:
    _lock_blob(connection, image.digest)
    found = _find_one(connection, image.document_key, image.digest)
    if found != image:
        return False, False
    connection.execute(_remove, {"of_document": image.document_key, "of": image.digest})
    return True, connection.execute(_others, {"of": image.digest}).first() is None


def _mentions(connection: Connection, values: dict[str, int]) -> Mentions:
    rows: Sequence[tuple[int, str, bytes]] = [
        tuple(row) for row in connection.execute(_mentioning, values)
    ]
    texts = [
        bytes(update).decode("latin-1") if ops == _OF_RICH_TEXT else ops for _, ops, update in rows
    ]
    is_last = len(rows) < values["most"]
    return Mentions(texts, None if is_last else rows[-1][0])


_lock = text("SELECT pg_advisory_xact_lock(:lock)")


def _lock_blob(connection: Connection, digest: str) -> None:
    """Have others who add or remove the same image wait. In SQLite BEGIN IMMEDIATE does it."""
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(bytes.fromhex(digest[:16]), signed=True)
        connection.execute(_lock, {"lock": number})
