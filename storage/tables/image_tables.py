"""The images of documents: see `storage.image_rows`."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text

from storage.tables.table_metadata import KEY, metadata

# A document may be gone before its images are.
images = Table(
    "images",
    metadata,
    Column("document_key", KEY, primary_key=True, autoincrement=False),
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("width", BigInteger, nullable=False),
    Column("height", BigInteger, nullable=False),
    Column("uploaded_by", Text, nullable=False),
    Column("uploaded_at_ms", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("is_referenced", Boolean, nullable=False),
    Column("blob", Text, nullable=False, server_default=""),
    Index(None, "digest"),
    Index(None, "is_referenced", "uploaded_at_ms"),
    Index(None, "blob", "size_bytes"),
    Index(None, "uploaded_by"),
    sqlite_with_rowid=False,
)

# Names of blobs that no image has any more, and that are to be deleted.
blob_removals = Table(
    "blob_removals",
    metadata,
    Column("blob", Text, primary_key=True),
    sqlite_with_rowid=False,
)
