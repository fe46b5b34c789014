"""Cursors that begin with the documents there are, and when each last advanced."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cursors", sa.Column("feed_from", sa.BigInteger()))
    op.add_column("cursors", sa.Column("advanced_at_ms", sa.BigInteger()))
