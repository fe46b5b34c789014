"""The parts of a process that use cases work with."""

from dataclasses import dataclass
from typing import Self

from app.audit.audit_trail import AuditTrail
from app.identity.identifier import Identifier
from app.identity.watch import AccessWatch
from app.service.authority import Authority
from app.service.blames import Blames
from app.service.retention_rules import Retention
from storage.access.sql_access import SqlAccess
from storage.identity.sql_identity import SqlIdentity
from storage.image_rows import SqlImages
from storage.retention.retention_rule import KEEP, RetentionRule
from storage.search.sql_search import SqlSearch
from storage.shelf.sql_shelf import SqlShelf
from storage.staged_import import SqlImports
from storage.store import Store
from storage.versions.sql_versions import SqlVersions
from sync.port import EventLog
from sync.shells.rooms.rooms import Rooms


@dataclass(frozen=True, slots=True)
class Backend:
    """The log, the rooms, who asks, and who may do what."""

    log: EventLog
    rooms: Rooms
    authority: Authority
    access: SqlAccess
    """The rows that grant access."""
    identity: SqlIdentity
    """The users, and what proves them."""
    identifier: Identifier
    watch: AccessWatch
    audit: AuditTrail
    search: SqlSearch
    shelf: SqlShelf
    """The shelves of users, and the trash."""
    versions: SqlVersions
    """The named versions of documents."""
    blames: Blames
    images: SqlImages
    """The images that each document has."""
    imports: SqlImports
    """The documents that are being brought in."""
    retention: Retention
    """The rules of how much history each document keeps."""

    @classmethod
    def on(
        cls,
        store: Store,
        rooms: Rooms,
        identifier: Identifier,
        watch: AccessWatch,
        audit: AuditTrail | None = None,
        default_retention: RetentionRule = KEEP,
    ) -> Self:
        """Return the parts of a process that works on a store.

        Args:
            audit: None: a trail that nobody writes, for tests and measurements.
            default_retention: of documents without a rule of their own.
        """
        return cls(
            store.log,
            rooms,
            Authority(store.access),
            store.access,
            store.identity,
            identifier,
            watch,
            audit or AuditTrail(store.audit, store.log.find),
            store.search,
            store.shelf,
            store.versions,
            Blames(store.log, store.versions),
            store.images,
            store.imports,
            Retention(store.retention, default_retention),
        )
