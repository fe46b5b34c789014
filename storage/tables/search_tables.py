"""The texts as search has read them: see `storage.search`."""

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from storage.tables.table_metadata import KEY, metadata

# The index itself is the database's own.
search_texts = Table(
    "search_texts",
    metadata,
    Column("document_key", KEY, ForeignKey("documents.key"), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
)
