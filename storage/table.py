"""The tables, portable between SQLite and PostgreSQL. `alembic/` creates and changes them.

Columns stand in the order of the fields of the records in `sync.port`, so that a row becomes a
record by position. `docs/log.md` explains each column to somebody with an SQL shell.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts up by itself only in a column whose type is spelled INTEGER (64 bits there as well).
_KEY = BigInteger().with_variant(Integer(), "sqlite")

documents = Table(
    "documents",
    metadata,
    Column("key", _KEY, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
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
    Index(None, "updated_at_ms", "key"),
)

events = Table(
    "events",
    metadata,
    Column("document_key", _KEY, ForeignKey("documents.key"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("type", Text, nullable=False),
    # JSON as text, not JSONB: inserted text may hold what JSONB refuses (NUL, as \u0000).
    Column("ops", Text, nullable=False),
    Column("update", LargeBinary, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    UniqueConstraint("document_key", "id"),
    Index(None, "document_key", "actor_id", "version"),
    # The rows lie in the tree of the primary key: the events of one document side by side.
    sqlite_with_rowid=False,
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("document_key", _KEY, ForeignKey("documents.key"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("text", LargeBinary, nullable=False),
    Column("state", LargeBinary),
    Column("pairs", LargeBinary, nullable=False),
)

authors = Table(
    "authors",
    metadata,
    Column("document_key", _KEY, ForeignKey("documents.key"), primary_key=True),
    Column("client_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", Text, nullable=False),
    sqlite_with_rowid=False,
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
