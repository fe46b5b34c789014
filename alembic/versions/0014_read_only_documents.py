"""Documents that an operator has made read-only."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("read_only_at_ms", sa.BigInteger(), nullable=True))
    is_read_only = sa.text("read_only_at_ms IS NOT NULL")
    op.create_index(
        "ix_documents_read_only_at_ms",
        "documents",
        ["read_only_at_ms"],
        sqlite_where=is_read_only,
        postgresql_where=is_read_only,
    )
