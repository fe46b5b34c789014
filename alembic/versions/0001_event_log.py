"""The event log: documents, events, checkpoints, authors."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "documents",
        sa.Column("key", key, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text_root", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("crdt_client_id", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_documents"),
        sa.UniqueConstraint("name", name="uq_documents_name"),
    )
    op.create_index("ix_documents_updated_at_ms_key", "documents", ["updated_at_ms", "key"])
    op.create_table(
        "events",
        sa.Column("document_key", key, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("ops", sa.Text(), nullable=False),
        sa.Column("update", sa.LargeBinary(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("document_key", "version", name="pk_events"),
        sa.ForeignKeyConstraint(["document_key"], ["documents.key"], name="fk_events_document_key"),
        sa.UniqueConstraint("document_key", "id", name="uq_events_document_key_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_events_document_key_actor_id_version",
        "events",
        ["document_key", "actor_id", "version"],
    )
    op.create_table(
        "checkpoints",
        sa.Column("document_key", key, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=True),
        sa.Column("pairs", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("document_key", "version", name="pk_checkpoints"),
        sa.ForeignKeyConstraint(
            ["document_key"], ["documents.key"], name="fk_checkpoints_document_key"
        ),
    )
    op.create_table(
        "authors",
        sa.Column("document_key", key, nullable=False),
        sa.Column("client_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("document_key", "client_id", name="pk_authors"),
        sa.ForeignKeyConstraint(
            ["document_key"], ["documents.key"], name="fk_authors_document_key"
        ),
        sqlite_with_rowid=False,
    )
