"""Looking after the log in SQL: its sizes, what it consists of, and free pages given back."""

import sqlite3
from functools import partial
from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, select

from storage.compaction.log_sizes import LogSize, database_bytes, read_sizes
from storage.engine import Database
from storage.retention import merged_rows
from storage.table import checkpoints, documents, segments

PAGES_AT_ONCE: Final = 16
"""Free pages that one transaction gives back, so that whoever edits gets in between."""
_INCREMENTAL: Final = 2

_key = bindparam("of_document", type_=BigInteger)
_keys = (
    select(documents.c.key)
    .where(documents.c.key > bindparam("after"))
    .order_by(documents.c.key)
    .limit(bindparam("most"))
)
_bounds = (
    select(segments.c.first_version, segments.c.last_version)
    .where(segments.c.document_key == _key)
    .order_by(segments.c.last_version)
)
_checkpoints = (
    select(checkpoints.c.version)
    .where(checkpoints.c.document_key == _key)
    .order_by(checkpoints.c.version)
)


class SqlLogCare:
    """The care of a log. Every method may raise `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sizes(self, name: str | None) -> list[LogSize]:
        """Return the sizes of all documents, or of one, by name."""
        return await self._database.read_snapshot(partial(read_sizes, name=name))

    async def database_bytes(self) -> tuple[int, int]:
        """Return the size of the database, and how much of it is free for new rows, if known."""
        return await self._database.read(database_bytes)

    async def bounds(self, key: int) -> list[tuple[int, int]]:
        """Return the first and last versions of the segments of a document, in order."""

        def work(connection: Connection) -> list[tuple[int, int]]:
            return [(row[0], row[1]) for row in connection.execute(_bounds, {"of_document": key})]

        return await self._database.read(work)

    async def merged_bounds(self, key: int) -> list[tuple[int, int]]:
        """Return the first and last versions of the merged events of a document, in order."""
        return await self._database.read(partial(merged_rows.bounds, key=key))

    async def checkpoint_versions(self, key: int) -> list[int]:
        """Return the versions of the checkpoints of a document, ascending."""

        def work(connection: Connection) -> list[int]:
            return list(connection.execute(_checkpoints, {"of_document": key}).scalars())

        return await self._database.read(work)

    async def document_keys(self, after: int, limit: int) -> list[int]:
        """Return the next keys of documents, in order."""
        values = {"after": after, "most": limit}

        def work(connection: Connection) -> list[int]:
            return list(connection.execute(_keys, values).scalars())

        return await self._database.read(work)

    async def gives_pages_back(self) -> bool:
        """Return whether the database can give free pages back to the file system by `give_back`.

        SQLite can if its file was made so, as those are that Quire makes; PostgreSQL does it by
        itself.
        """

        def work(connection: Connection) -> bool:
            if connection.dialect.name != "sqlite":
                return False
            mode = connection.exec_driver_sql("PRAGMA auto_vacuum").scalar_one()
            return bool(mode == _INCREMENTAL)

        return await self._database.read(work)

    async def give_back(self, pages: int = PAGES_AT_ONCE) -> int:
        """Give some free pages back; return how many are left."""

        def work(connection: Connection) -> int:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection), "only SQLite's pages are given back"
            free = int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())
            # One page a statement: of more, Python takes the first step and leaves it at that.
            for _ in range(min(pages, free)):
                driver.execute("PRAGMA incremental_vacuum(1)")
            return free - min(pages, free)

        async with self._database.write(is_background=True) as transaction:
            return await transaction.run(work)
