"""The names of blobs, and those that are to be removed.

Images that are there count as referred to: edits mark what they mention from now on alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("images", sa.Column("blob", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE images SET blob = digest, is_referenced = true")
    op.create_index("ix_images_blob_size_bytes", "images", ["blob", "size_bytes"])
    op.create_index("ix_images_uploaded_by", "images", ["uploaded_by"])
    op.create_table(
        "blob_removals",
        sa.Column("blob", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("blob", name="pk_blob_removals"),
        sqlite_with_rowid=False,
    )
