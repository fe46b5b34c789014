"""Webhooks, and what they are still to be told: see `storage.webhooks`."""

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

from storage.tables.table_metadata import KEY, metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    # It signs what is sent, so a hash of it would not do.
    Column("secret", LargeBinary, nullable=False),
    # JSON as text: the types of events that it is sent.
    Column("events", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("paused_at_ms", BigInteger),
    Column("paused_because", Text, nullable=False, server_default=""),
    Column("failures", BigInteger, nullable=False, server_default="0"),
    Column("failing_since_ms", BigInteger),
    Column("not_before_ms", BigInteger, nullable=False, server_default="0"),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("delivered", BigInteger, nullable=False, server_default="0"),
    Column("delivered_at_ms", BigInteger),
    Column("lost", BigInteger, nullable=False, server_default="0"),
    Column("old_secret", LargeBinary),
    Column("old_until_ms", BigInteger),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("webhook_id", Text, ForeignKey("webhooks.id"), nullable=False),
    Column("document_key", KEY, nullable=False),
    Column("id", Text, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    # JSON as text.
    Column("detail", Text, nullable=False),
    Column("after_version", BigInteger, nullable=False),
    Column("upto_version", BigInteger, nullable=False),
    Column("first_at_ms", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("due_at_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("is_dead", Boolean, nullable=False),
    Column("last_error", Text, nullable=False),
    Index(None, "webhook_id", "document_key", "key"),
    Index(None, "webhook_id", "is_dead", "due_at_ms"),
)
