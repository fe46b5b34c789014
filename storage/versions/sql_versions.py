"""Named versions in SQL, as the use cases ask for them and change them."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from storage.engine import Database, Work
from storage.storable import require_storable
from storage.versions import blame_rows, version_rows
from storage.versions.blame_codec import decode_blame, encode_blame
from storage.versions.named_version import NamedVersion, SessionEnds, VersionQuery
from sync.text.blame import Blame

T = TypeVar("T")


class SqlVersions:
    """The named versions of documents, and who wrote them. Every method may raise `StoreError`.

    Writes return only after the commit. Times are UTC, milliseconds since the epoch.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, named: NamedVersion) -> bool | None:
        """Add a name; False: the document has it already; None: the document is gone.

        `FullError`: it has too many.
        """
        require_storable(named.name, named.note, named.created_by, named.created_by_name)
        return await self._write(partial(version_rows.add, named=named))

    async def find(self, key: int, name: str) -> NamedVersion | None:
        """Return the named version of a document."""
        require_storable(name)
        return await self._database.read(partial(version_rows.find, key=key, name=name))

    async def page(self, query: VersionQuery) -> list[NamedVersion]:
        """Return named versions, the newest version first, those of one version by name."""
        if query.before is not None:
            require_storable(query.before.name)
        return await self._database.read(partial(version_rows.page, query=query))

    async def change(self, found: NamedVersion, changed: NamedVersion) -> bool | None:
        """Change name, note and author of one that is as it was found; it is automatic no more.

        Returns None if it is not so any more, False if the document has the new name already.
        `FullError`: it would have one name too many.
        """
        require_storable(changed.name, changed.note, changed.created_by_name)
        return await self._write(partial(version_rows.change, found=found, changed=changed))

    async def remove(self, found: NamedVersion) -> bool:
        """Remove one that is as it was found; False: it is not so any more."""
        return await self._write(partial(version_rows.remove, found=found))

    async def marks(self, keys: Sequence[int]) -> dict[int, int]:
        """Return, of some documents, the version up to which automatic ones are made."""
        return await self._database.read(partial(version_rows.marks, keys=keys))

    async def blame(self, key: int) -> Blame | None:
        """Return the newest blame that is kept of a document; None: there is none."""
        found = await self._database.read(partial(blame_rows.find, key=key))
        return None if found is None else await asyncio.to_thread(decode_blame, found)

    async def blamed_versions(self, keys: Sequence[int]) -> dict[int, int]:
        """Return, of some documents, the version of the blame that is kept."""
        return await self._database.read(partial(blame_rows.versions, keys=keys))

    async def save_blame(self, key: int, blame: Blame) -> None:
        """Keep a blame, unless a newer one is kept."""
        data = await asyncio.to_thread(encode_blame, blame)
        await self._write(partial(blame_rows.save, key=key, version=blame.version, data=data))

    async def _write(self, work: Callable[[Connection], T]) -> T:
        async with self._database.write() as transaction:
            return await transaction.run(work)


def automatic_work(found: Sequence[SessionEnds], at_ms: int) -> Work[None]:
    """Return the SQL that makes automatic versions, for the transaction of a cursor's advance."""
    return partial(version_rows.put_automatic, found=found, at_ms=at_ms)
