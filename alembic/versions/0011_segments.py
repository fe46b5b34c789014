"""Old events in compressed segments, and an index of their ids."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column(
        "documents",
        sa.Column("compacted_version", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_table(
        "segments",
        sa.Column("document_key", key, nullable=False),
        sa.Column("last_version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_version", sa.BigInteger(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("actors", sa.Text(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("document_key", "last_version", name="pk_segments"),
        sa.ForeignKeyConstraint(
            ["document_key"], ["documents.key"], name="fk_segments_document_key"
        ),
    )
    op.create_table(
        "segment_ids",
        sa.Column("document_key", key, nullable=False),
        sa.Column("stem", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("low", sa.Integer(), nullable=False),
        sa.Column("high", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("document_key", "stem", "version", name="pk_segment_ids"),
        sa.ForeignKeyConstraint(
            ["document_key"], ["documents.key"], name="fk_segment_ids_document_key"
        ),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        # They are compressed already.
        op.execute("ALTER TABLE segments ALTER COLUMN data SET STORAGE EXTERNAL")
