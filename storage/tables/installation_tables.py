"""The secrets and the audit trail of the whole installation."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from storage.tables.table_metadata import KEY, metadata

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("document", Text),
    Column("document_key", KEY),
    Column("user_id", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "document_key", "key"),
    Index(None, "kind", "key"),
    Index(None, "at_ms"),
)
