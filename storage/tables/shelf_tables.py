"""The documents as users keep them for themselves: see `storage.shelf`."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from storage.tables.table_metadata import KEY, metadata

user_documents = Table(
    "user_documents",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("document_key", KEY, ForeignKey("documents.key"), primary_key=True),
    Column("opened_at_ms", BigInteger),
    Column("pinned_at_ms", BigInteger),
    Index(None, "document_key"),
    sqlite_with_rowid=False,
)

user_tags = Table(
    "user_tags",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("tag", Text, primary_key=True),
    Column("document_key", KEY, ForeignKey("documents.key"), primary_key=True),
    Index(None, "document_key"),
    sqlite_with_rowid=False,
)
