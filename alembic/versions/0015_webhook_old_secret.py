"""The secret that a webhook had before, for the time in which both sign."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhooks", sa.Column("old_secret", sa.LargeBinary(), nullable=True))
    op.add_column("webhooks", sa.Column("old_until_ms", sa.BigInteger(), nullable=True))
