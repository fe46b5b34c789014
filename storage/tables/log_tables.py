"""The log: documents, who writes them, their events and checkpoints.

The columns of `documents` stand in the order of the fields of `sync.port.DocumentRecord`: a row
becomes a record by position. In `events` those of a fixed width stand first: between others
PostgreSQL would pad them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from storage.tables.table_metadata import KEY, NAME, metadata

documents = Table(
    "documents",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("name", NAME, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("text_root", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("crdt_client_id", BigInteger, nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("deleted_at_ms", BigInteger),
    Column("derived_title", Text, nullable=False, server_default=""),
    Column("title_version", BigInteger, nullable=False, server_default="0"),
    Column("purged_at_ms", BigInteger),
    Column("is_template", Boolean, nullable=False, server_default=false()),
    Column("compacted_version", BigInteger, nullable=False, server_default="0"),
    Column("read_only_at_ms", BigInteger),
    Index(None, "updated_at_ms", "key"),
    Index(None, "owner_id"),
    Index(
        None,
        "deleted_at_ms",
        sqlite_where=text("deleted_at_ms IS NOT NULL"),
        postgresql_where=text("deleted_at_ms IS NOT NULL"),
    ),
    Index(
        None,
        "read_only_at_ms",
        sqlite_where=text("read_only_at_ms IS NOT NULL"),
        postgresql_where=text("read_only_at_ms IS NOT NULL"),
    ),
)

writers = Table(
    "writers",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("document_key", KEY, ForeignKey("documents.key"), nullable=False),
    Column("session", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    UniqueConstraint("document_key", "session", "actor_id", "actor_name"),
)

events = Table(
    "events",
    metadata,
    Column("document_key", KEY, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("writer", KEY, ForeignKey("writers.key"), nullable=False),
    Column("number", Integer),
    Column("nonce", LargeBinary),
    Column("id", Text),
    Column("digest", LargeBinary),
    # JSON as text, not JSONB: inserted text may hold what JSONB refuses (NUL, as \u0000).
    Column("ops", Text, nullable=False),
    Column("update", LargeBinary, nullable=False),
    # Not of made-up ids, which nobody can choose: those are found by writer and number.
    Index(
        None,
        "document_key",
        "id",
        unique=True,
        sqlite_where=text("id IS NOT NULL"),
        postgresql_where=text("id IS NOT NULL"),
    ),
    Index(None, "writer", "number"),
    # The rows lie in the tree of the primary key: the events of one document side by side.
    sqlite_with_rowid=False,
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("document_key", KEY, ForeignKey("documents.key"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("text", LargeBinary, nullable=False),
    Column("state", LargeBinary),
    Column("pairs", LargeBinary, nullable=False),
)

authors = Table(
    "authors",
    metadata,
    Column("document_key", KEY, ForeignKey("documents.key"), primary_key=True),
    Column("client_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", Text, nullable=False),
    sqlite_with_rowid=False,
)
