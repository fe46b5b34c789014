"""All tables, portable between SQLite and PostgreSQL. `alembic/` creates and changes them.

`storage/tables/` describes them; here are all of them, so that whoever imports this module knows
the whole schema. `docs/log.md` explains each column to somebody with an SQL shell.
"""

from storage.tables.access_tables import access_changes, access_head, grants, link_uses, links
from storage.tables.feed_tables import changes, cursors, feed_head, new_changes
from storage.tables.history_tables import (
    automatic_marks,
    blame_checkpoints,
    merged_events,
    named_versions,
    retentions,
    segment_ids,
    segments,
)
from storage.tables.identity_tables import api_tokens, invitations, tickets, users, web_sessions
from storage.tables.image_tables import blob_removals, images
from storage.tables.installation_tables import audit, secrets
from storage.tables.log_tables import authors, checkpoints, documents, events, writers
from storage.tables.search_tables import search_texts
from storage.tables.shelf_tables import user_documents, user_tags
from storage.tables.table_metadata import metadata
from storage.tables.webhook_tables import webhook_deliveries, webhooks

__all__ = [
    "access_changes",
    "access_head",
    "api_tokens",
    "audit",
    "authors",
    "automatic_marks",
    "blame_checkpoints",
    "blob_removals",
    "changes",
    "checkpoints",
    "cursors",
    "documents",
    "events",
    "feed_head",
    "grants",
    "images",
    "invitations",
    "link_uses",
    "links",
    "merged_events",
    "metadata",
    "named_versions",
    "new_changes",
    "retentions",
    "search_texts",
    "secrets",
    "segment_ids",
    "segments",
    "tickets",
    "user_documents",
    "user_tags",
    "users",
    "web_sessions",
    "webhook_deliveries",
    "webhooks",
    "writers",
]
