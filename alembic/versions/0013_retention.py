"""Old events merged into one each, and how much of its history a document keeps."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "merged_events",
        sa.Column("document_key", key, nullable=False),
        sa.Column("last_version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_version", sa.BigInteger(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("document_key", "last_version", name="pk_merged_events"),
        sa.ForeignKeyConstraint(
            ["document_key"], ["documents.key"], name="fk_merged_events_document_key"
        ),
    )
    op.create_table(
        "retentions",
        sa.Column("document_key", key, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("before_version", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("document_key", name="pk_retentions"),
        sa.ForeignKeyConstraint(
            ["document_key"], ["documents.key"], name="fk_retentions_document_key"
        ),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        # They are compressed already.
        op.execute("ALTER TABLE merged_events ALTER COLUMN data SET STORAGE EXTERNAL")
