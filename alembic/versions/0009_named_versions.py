"""The names that people give to versions, how far automatic ones are made, and who wrote what."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "named_versions",
        sa.Column("document_key", key, autoincrement=False, nullable=False),
        sa.Column("name", name, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_by_name", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_key"], ["documents.key"], name="fk_named_versions_document_key"
        ),
        sa.PrimaryKeyConstraint("document_key", "name", name="pk_named_versions"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_named_versions_document_key_version", "named_versions", ["document_key", "version"]
    )
    op.create_table(
        "automatic_marks",
        sa.Column("document_key", key, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_key"], ["documents.key"], name="fk_automatic_marks_document_key"
        ),
        sa.PrimaryKeyConstraint("document_key", name="pk_automatic_marks"),
    )
    op.create_table(
        "blame_checkpoints",
        sa.Column("document_key", key, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_key"], ["documents.key"], name="fk_blame_checkpoints_document_key"
        ),
        sa.PrimaryKeyConstraint("document_key", name="pk_blame_checkpoints"),
    )
