"""Shelves and the trash in SQL, as the use cases ask for them and change them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from storage.engine import Database
from storage.shelf import listing, mark_rows, trash_rows
from storage.shelf.shelf_record import Listed, ListQuery, Marks
from storage.storable import require_storable

T = TypeVar("T")


class SqlShelf:
    """The shelves of users. Every method may raise `StoreError`.

    Writes return only after the commit. Times are UTC, milliseconds since the epoch.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, query: ListQuery) -> list[Listed]:
        """Return documents of a list, in its order, at most `query.limit`."""
        require_storable(query.reader.user_id, query.query, query.tag)
        return await self._database.read_snapshot(partial(listing.page, query=query))

    async def marks(self, user_id: str, keys: Sequence[int]) -> dict[int, Marks]:
        """Return how a user keeps each of some documents."""
        require_storable(user_id)
        return await self._database.read(partial(mark_rows.marks_of, user_id=user_id, keys=keys))

    async def tags(self, user_id: str) -> list[tuple[str, int]]:
        """Return the tags of a user, each with the number of its documents, in order."""
        require_storable(user_id)
        return await self._database.read(partial(mark_rows.tags_of_user, user_id=user_id))

    async def note_opened(self, user_id: str, key: int, at_ms: int) -> None:
        """Note that a user has opened a document; the last `MAX_OPENED` are kept."""
        require_storable(user_id)
        await self._write(partial(mark_rows.note_opened, user_id=user_id, key=key, at_ms=at_ms))

    async def set_pin(self, user_id: str, key: int, pinned_at_ms: int | None) -> None:
        """Pin a document for a user; None takes the pin away. `FullError`: there are too many."""
        require_storable(user_id)
        await self._write(
            partial(mark_rows.set_pin, user_id=user_id, key=key, pinned_at_ms=pinned_at_ms)
        )

    async def set_tags(self, user_id: str, key: int, tags: Sequence[str]) -> None:
        """Give a document these tags of a user. `FullError`: the user has too many."""
        require_storable(user_id, *tags)
        await self._write(partial(mark_rows.set_tags, user_id=user_id, key=key, tags=tags))

    async def set_template(self, key: int, *, is_template: bool) -> None:
        """Make a document a template for all who may read it, or no template any more."""
        await self._write(partial(trash_rows.set_template, key=key, is_template=is_template))

    async def restore(self, key: int, at_ms: int) -> bool:
        """Bring a document back from the trash; False: it is not there."""
        return await self._write(partial(trash_rows.restore, key=key, at_ms=at_ms))

    async def purge(self, key: int, at_ms: int) -> bool:
        """Remove a document in the trash for good, all but its name; False: it is not there.

        From the first commit on nobody reads it. Its events follow, some at a time, so that whoever
        edits gets in between; what a crash leaves of them `finish_purges` removes.
        """
        if not await self._write(partial(trash_rows.empty, key=key, at_ms=at_ms)):
            return False
        await self._remove_events(key)
        return True

    async def finish_purges(self) -> int:
        """Remove what a crash has left of purged documents; return of how many."""
        keys = await self._database.read(trash_rows.unfinished)
        for key in keys:
            await self._remove_events(key)
        return len(keys)

    async def expired(self, before_ms: int, limit: int) -> list[str]:
        """Return the names of documents in the trash that were deleted before a time."""
        return await self._database.read(
            partial(trash_rows.expired, before_ms=before_ms, limit=limit)
        )

    async def _remove_events(self, key: int) -> None:
        while await self._write(partial(trash_rows.remove_events, key=key)):
            pass

    async def _write(self, work: Callable[[Connection], T]) -> T:
        async with self._database.write() as transaction:
            return await transaction.run(work)
