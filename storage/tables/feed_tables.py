"""The feed of changes: see `storage.change_feed`."""

from sqlalchemy import BigInteger, Column, Table, Text

from storage.tables.table_metadata import KEY, metadata

new_changes = Table(
    "new_changes",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("document_key", KEY, nullable=False),
    Column("kind", Text, nullable=False),
    Column("after_version", BigInteger, nullable=False),
    Column("upto_version", BigInteger, nullable=False),
    # JSON as text, of some kinds.
    Column("detail", Text),
)

changes = Table(
    "changes",
    metadata,
    Column("position", KEY, primary_key=True, autoincrement=False),
    Column("document_key", KEY, nullable=False),
    Column("kind", Text, nullable=False),
    Column("after_version", BigInteger, nullable=False),
    Column("upto_version", BigInteger, nullable=False),
    # JSON as text, of some kinds.
    Column("detail", Text),
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("holder", Text, nullable=False),
    Column("held_until_ms", BigInteger, nullable=False),
    Column("feed_from", BigInteger),
    Column("advanced_at_ms", BigInteger),
)

feed_head = Table(
    "feed_head",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
)
