"""Roles in documents, links that give them, and their changes: see `storage.access`."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text

from storage.tables.table_metadata import KEY, metadata

grants = Table(
    "grants",
    metadata,
    Column("document_key", KEY, ForeignKey("documents.key"), primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Index(None, "subject", "document_key"),
    sqlite_with_rowid=False,
)

links = Table(
    "links",
    metadata,
    Column("id", Text, primary_key=True),
    Column("document_key", KEY, ForeignKey("documents.key"), nullable=False),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger),
    Column("revoked_at_ms", BigInteger),
    Index(None, "document_key"),
)

link_uses = Table(
    "link_uses",
    metadata,
    Column("user_id", Text, primary_key=True),
    # The link's, here again: so that one lookup finds what a user may do in a document.
    Column("document_key", KEY, primary_key=True),
    Column("link_id", Text, ForeignKey("links.id"), primary_key=True),
    Column("used_at_ms", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

access_changes = Table(
    "access_changes",
    metadata,
    Column("position", KEY, primary_key=True, autoincrement=False),
    Column("document_key", KEY),
    Column("user_id", Text),
    Column("session_id", Text),
    Column("token_id", Text),
    Column("at_ms", BigInteger, nullable=False),
)

access_head = Table(
    "access_head",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
)
