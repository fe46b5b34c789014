"""The whole store of an installation: its parts, on one database."""

from storage.access.sql_access import SqlAccess
from storage.audit_rows import SqlAudit
from storage.compaction.log_care import SqlLogCare
from storage.compaction.sql_compaction import SqlCompaction
from storage.database import open_database
from storage.engine import Database
from storage.identity.sql_identity import SqlIdentity
from storage.image_rows import SqlImages
from storage.log import SqlEventLog
from storage.retention.sql_retention import SqlRetention
from storage.search.sql_search import SqlSearch
from storage.shelf.sql_shelf import SqlShelf
from storage.staged_import import SqlImports
from storage.versions.sql_versions import SqlVersions
from storage.webhooks.sql_webhooks import SqlWebhooks


class Store:
    """The event log, the policies, the users, the audit trail, search, shelves, webhooks …"""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.log = SqlEventLog(database)
        self.compaction = SqlCompaction(database)
        self.care = SqlLogCare(database)
        self.retention = SqlRetention(database)
        self.access = SqlAccess(database)
        self.identity = SqlIdentity(database)
        self.audit = SqlAudit(database)
        self.search = SqlSearch(database)
        self.shelf = SqlShelf(database)
        self.images = SqlImages(database)
        self.versions = SqlVersions(database)
        self.imports = SqlImports(database)
        self.webhooks = SqlWebhooks(database)

    async def aclose(self) -> None:
        """Wait for the transaction under way, then close all connections."""
        await self._database.aclose()


def open_store(database_url: str, *, pool_size: int = 10, timeout_s: float = 30.0) -> Store:
    """The store of an installation, e.g. `sqlite+aiosqlite:///quire.db`.

    Connects at its first use; `storage.migrate.upgrade` should have run before.

    Args:
        pool_size: connections to PostgreSQL, at least two: who writes may have to read beside that.
        timeout_s: how long PostgreSQL may take to answer; see `storage.postgresql`.

    Raises:
        StoreError: the URL names no database.
    """
    return Store(open_database(database_url, pool_size=pool_size, timeout_s=timeout_s))
