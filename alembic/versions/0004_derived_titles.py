"""The title that a document's text gives itself, and the version it was derived from."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Documents that are there get theirs after the start of a server, a few a second.
    op.add_column(
        "documents", sa.Column("derived_title", sa.Text(), nullable=False, server_default="")
    )
    op.add_column(
        "documents", sa.Column("title_version", sa.BigInteger(), nullable=False, server_default="0")
    )
