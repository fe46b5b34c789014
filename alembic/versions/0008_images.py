"""The images of documents; their bytes are blobs outside the database."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "images",
        sa.Column("document_key", key, autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploaded_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("is_referenced", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("document_key", "digest", name="pk_images"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_images_digest", "images", ["digest"])
    op.create_index(
        "ix_images_is_referenced_uploaded_at_ms", "images", ["is_referenced", "uploaded_at_ms"]
    )
