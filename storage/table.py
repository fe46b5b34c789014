"""The tables, portable between SQLite and PostgreSQL. `alembic/` creates and changes them.

`docs/log.md` explains each column to somebody with an SQL shell. The columns of `documents` stand
in the order of the fields of `sync.port.DocumentRecord`: a row becomes a record by position. In
`events` those of a fixed width stand first: between others PostgreSQL would pad them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts up by itself only in a column of the type INTEGER, written so (64 bits there too).
_KEY = BigInteger().with_variant(Integer(), "sqlite")

# Compared byte by byte, as SQLite does anyway: so that the index finds the names of a beginning.
_NAME = Text().with_variant(Text(collation="C"), "postgresql")

documents = Table(
    "documents",
    metadata,
    Column("key", _KEY, primary_key=True, autoincrement=True),
    Column("name", _NAME, nullable=False, unique=True),
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
    Index(None, "updated_at_ms", "key"),
    Index(None, "owner_id"),
    Index(
        None,
        "deleted_at_ms",
        sqlite_where=text("deleted_at_ms IS NOT NULL"),
        postgresql_where=text("deleted_at_ms IS NOT NULL"),
    ),
)

writers = Table(
    "writers",
    metadata,
    Column("key", _KEY, primary_key=True, autoincrement=True),
    Column("document_key", _KEY, ForeignKey("documents.key"), nullable=False),
    Column("session", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    UniqueConstraint("document_key", "session", "actor_id", "actor_name"),
)

events = Table(
    "events",
    metadata,
    Column("document_key", _KEY, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("writer", _KEY, ForeignKey("writers.key"), nullable=False),
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

# Old events, many in a row: see `storage.compaction`. Those of versions up to the document's
# `compacted_version` are here; their rows in `events` are removed soon after.

segments = Table(
    "segments",
    metadata,
    Column("document_key", _KEY, ForeignKey("documents.key"), primary_key=True),
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
    Column("document_key", _KEY, ForeignKey("documents.key"), primary_key=True),
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
    Column("document_key", _KEY, ForeignKey("documents.key"), primary_key=True),
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
    Column("document_key", _KEY, ForeignKey("documents.key"), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("days", Integer),
    Column("before_version", BigInteger),
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

# The images of documents: see `storage.image_rows`. A document may be gone before its images are.

images = Table(
    "images",
    metadata,
    Column("document_key", _KEY, primary_key=True, autoincrement=False),
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

# The names that people give to versions: see `storage.versions`.

named_versions = Table(
    "named_versions",
    metadata,
    Column("document_key", _KEY, ForeignKey("documents.key"), primary_key=True),
    Column("name", _NAME, primary_key=True),
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
    Column("document_key", _KEY, ForeignKey("documents.key"), primary_key=True),
    Column("version", BigInteger, nullable=False),
)

# Made from the log when somebody asks, and from time to time: see `storage.versions.blame_codec`.
blame_checkpoints = Table(
    "blame_checkpoints",
    metadata,
    Column("document_key", _KEY, ForeignKey("documents.key"), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# The feed of changes: see `storage.change_feed`.

new_changes = Table(
    "new_changes",
    metadata,
    Column("key", _KEY, primary_key=True, autoincrement=True),
    Column("document_key", _KEY, nullable=False),
    Column("kind", Text, nullable=False),
    Column("after_version", BigInteger, nullable=False),
    Column("upto_version", BigInteger, nullable=False),
    # JSON as text, of some kinds.
    Column("detail", Text),
)

changes = Table(
    "changes",
    metadata,
    Column("position", _KEY, primary_key=True, autoincrement=False),
    Column("document_key", _KEY, nullable=False),
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
    Column("key", _KEY, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
)

# Who is told of changes over HTTP, and what is still to be told: see `storage.webhooks`.

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
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("key", _KEY, primary_key=True, autoincrement=True),
    Column("webhook_id", Text, ForeignKey("webhooks.id"), nullable=False),
    Column("document_key", _KEY, nullable=False),
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

# Who may do what: see `storage.access`.

grants = Table(
    "grants",
    metadata,
    Column("document_key", _KEY, ForeignKey("documents.key"), primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Index(None, "subject", "document_key"),
    sqlite_with_rowid=False,
)

links = Table(
    "links",
    metadata,
    Column("id", Text, primary_key=True),
    Column("document_key", _KEY, ForeignKey("documents.key"), nullable=False),
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
    Column("document_key", _KEY, primary_key=True),
    Column("link_id", Text, ForeignKey("links.id"), primary_key=True),
    Column("used_at_ms", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

access_changes = Table(
    "access_changes",
    metadata,
    Column("position", _KEY, primary_key=True, autoincrement=False),
    Column("document_key", _KEY),
    Column("user_id", Text),
    Column("session_id", Text),
    Column("token_id", Text),
    Column("at_ms", BigInteger, nullable=False),
)

access_head = Table(
    "access_head",
    metadata,
    Column("key", _KEY, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
)

# How users keep the documents for themselves: see `storage.shelf`.

user_documents = Table(
    "user_documents",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("document_key", _KEY, ForeignKey("documents.key"), primary_key=True),
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
    Column("document_key", _KEY, ForeignKey("documents.key"), primary_key=True),
    Index(None, "document_key"),
    sqlite_with_rowid=False,
)

# The texts as search has read them; the index itself is the database's own: see `storage.search`.

search_texts = Table(
    "search_texts",
    metadata,
    Column("document_key", _KEY, ForeignKey("documents.key"), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
)

# Who somebody is: see `storage.identity`.

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("color", Text, nullable=False),
    Column("login", Text, unique=True),
    Column("password_hash", Text),
    Column("is_operator", Boolean, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("seen_at_ms", BigInteger, nullable=False),
    Column("issuer", Text),
    Column("subject", Text),
    UniqueConstraint("issuer", "subject"),
    Index(None, "name", "id"),
    Index(
        None,
        "is_operator",
        sqlite_where=text("is_operator = 1"),
        postgresql_where=text("is_operator"),
    ),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("secret_hash", LargeBinary, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
    Column("seen_at_ms", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Index(None, "user_id"),
    Index(None, "expires_at_ms"),
)

tickets = Table(
    "tickets",
    metadata,
    Column("secret_hash", LargeBinary, primary_key=True),
    # JSON as text: only `app` knows its form.
    Column("principal", Text, nullable=False),
    Column("document", Text),
    Column("origin", Text),
    Column("expires_at_ms", BigInteger, nullable=False),
    Column("used_at_ms", BigInteger),
    Column("bound_until_ms", BigInteger),
    Column("address", Text),
    Index(None, "expires_at_ms"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("claims", Text, nullable=False),
    Column("may_create", Boolean, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger),
    Column("revoked_at_ms", BigInteger),
    Column("used_at_ms", BigInteger),
)

invitations = Table(
    "invitations",
    metadata,
    Column("secret_hash", LargeBinary, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("is_operator", Boolean, nullable=False),
    Column("user_id", Text),
    Column("created_by", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
    Column("used_at_ms", BigInteger),
    Index(None, "expires_at_ms"),
)

audit = Table(
    "audit",
    metadata,
    Column("key", _KEY, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("document", Text),
    Column("document_key", _KEY),
    Column("user_id", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "document_key", "key"),
    Index(None, "kind", "key"),
    Index(None, "at_ms"),
)
