"""The trash that is emptied, templates, pins, tags, what was opened, and full-text search."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("purged_at_ms", sa.BigInteger(), nullable=True))
    op.add_column(
        "documents",
        sa.Column("is_template", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index(
        "ix_documents_deleted_at_ms",
        "documents",
        ["deleted_at_ms"],
        sqlite_where=sa.text("deleted_at_ms IS NOT NULL"),
        postgresql_where=sa.text("deleted_at_ms IS NOT NULL"),
    )
    _create_shelves()
    _create_search()


def _create_shelves() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "user_documents",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("document_key", key, autoincrement=False, nullable=False),
        sa.Column("opened_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("pinned_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", "document_key", name="pk_user_documents"),
        sa.ForeignKeyConstraint(
            ["document_key"], ["documents.key"], name="fk_user_documents_document_key"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_user_documents_document_key", "user_documents", ["document_key"])
    op.create_table(
        "user_tags",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("document_key", key, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "tag", "document_key", name="pk_user_tags"),
        sa.ForeignKeyConstraint(
            ["document_key"], ["documents.key"], name="fk_user_tags_document_key"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_user_tags_document_key", "user_tags", ["document_key"])


def _create_search() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "search_texts",
        sa.Column("document_key", key, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("document_key", name="pk_search_texts"),
        sa.ForeignKeyConstraint(
            ["document_key"], ["documents.key"], name="fk_search_texts_document_key"
        ),
    )
    if op.get_bind().dialect.name == "sqlite":
        # What it is given is segmented already: words with spaces between, and no punctuation.
        op.execute(
            "CREATE VIRTUAL TABLE search_index USING fts5("
            "title, body, tokenize = 'ascii', prefix = '1 2 3')"
        )
        return
    op.create_table(
        "search_index",
        sa.Column("document_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("title_words", sa.dialects.postgresql.TSVECTOR(), nullable=False),
        sa.Column("words", sa.dialects.postgresql.TSVECTOR(), nullable=False),
        sa.Column("is_partial", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("document_key", name="pk_search_index"),
    )
    op.create_index("ix_search_index_words", "search_index", ["words"], postgresql_using="gin")
    op.create_index(
        "ix_search_index_partial",
        "search_index",
        ["document_key"],
        postgresql_where=sa.text("is_partial"),
    )
