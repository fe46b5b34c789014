"""Old history: segments, merged events, named versions, and kept blames."""

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
)

from storage.tables.table_metadata import KEY, NAME, metadata

# Old events, many in a row: see `storage.compaction`. Those of versions up to the document's
# `compacted_version` are here; their rows in `events` are removed soon after.
segments = Table(
    "segments",
    metadata,
    Column("document_key", KEY, ForeignKey("documents.key"), primary_key=True),
    Column("last_version", BigInteger, primary_key=True, autoincrement=False),
    Column("first_version", BigInteger, nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger, nullable=False),
    # JSON as text: the ids of those who wrote them; null: too many to list.
    Column("actors", Text),
    Column("data", LargeBinary, nullable=False),
)

segment_ids = Table(
    "segment_ids",
    metadata,
    Column("document_key", KEY, ForeignKey("documents.key"), primary_key=True),
    Column("stem", BigInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("low", Integer, nullable=False),
    Column("high", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# Events that were merged into one each: see `storage.retention`. A document's versions up to the
# newest of these are here, those after it in segments, then in `events`.
merged_events = Table(
    "merged_events",
    metadata,
    Column("document_key", KEY, ForeignKey("documents.key"), primary_key=True),
    Column("last_version", BigInteger, primary_key=True, autoincrement=False),
    Column("first_version", BigInteger, nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

# How much of its history each document keeps; one without a row keeps what the settings say.
retentions = Table(
    "retentions",
    metadata,
    Column("document_key", KEY, ForeignKey("documents.key"), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("days", Integer),
    Column("before_version", BigInteger),
    sqlite_with_rowid=False,
)

# The names that people give to versions: see `storage.versions`.
named_versions = Table(
    "named_versions",
    metadata,
    Column("document_key", KEY, ForeignKey("documents.key"), primary_key=True),
    Column("name", NAME, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("is_automatic", Boolean, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_by_name", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    # The time of the version, not of its name.
    Column("at_ms", BigInteger, nullable=False),
    Index(None, "document_key", "version"),
    sqlite_with_rowid=False,
)

automatic_marks = Table(
    "automatic_marks",
    metadata,
    Column("document_key", KEY, ForeignKey("documents.key"), primary_key=True),
    Column("version", BigInteger, nullable=False),
)

# Made from the log when somebody asks, and from time to time: see `storage.versions.blame_codec`.
blame_checkpoints = Table(
    "blame_checkpoints",
    metadata,
    Column("document_key", KEY, ForeignKey("documents.key"), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
