"""Events without what can be derived or is the same for a session; the feed of changes.

The rows are rewritten a batch at a time, in the one transaction of the whole upgrade: who is killed
meanwhile leaves the old schema, and memory does not grow with the log.
"""

import re
import zlib
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BATCH_ROWS = 500
_MADE_UP = re.compile(r"(.+)-(0|[1-9][0-9]{0,8})-([0-9a-f]{12})", re.ASCII)

_NEXT = """
    SELECT document_key, version, id, ops, "update", actor_id, actor_name, session, at_ms, digest
    FROM old_events WHERE (document_key, version) > (:key, :version)
    ORDER BY document_key, version LIMIT :most"""
_INSERT = """
    INSERT INTO events
        (document_key, version, at_ms, writer, number, nonce, id, digest, ops, "update")
    VALUES
        (:document_key, :version, :at_ms, :writer, :number, :nonce, :id, :digest, :ops, :update)"""
_WRITERS = """
    INSERT INTO writers (document_key, session, actor_id, actor_name)
    SELECT document_key, session, actor_id, actor_name FROM old_events
    GROUP BY document_key, session, actor_id, actor_name
    ORDER BY document_key, min(version)"""
_WRITER = """
    SELECT key FROM writers WHERE document_key = :document_key AND session = :session
    AND actor_id = :actor_id AND actor_name = :actor_name"""


def upgrade() -> None:
    _rename_old()
    _create_tables()
    connection = op.get_bind()
    connection.execute(sa.text(_WRITERS))
    _copy(connection)
    op.drop_table("old_events")
    op.create_index(
        "ix_events_document_key_id",
        "events",
        ["document_key", "id"],
        unique=True,
        sqlite_where=sa.text("id IS NOT NULL"),
        postgresql_where=sa.text("id IS NOT NULL"),
    )
    op.create_index("ix_events_writer_number", "events", ["writer", "number"])
    _compress_states(connection)
    _create_feed()


def _compress_states(connection: sa.Connection) -> None:
    found = sa.text(
        "SELECT document_key, version FROM checkpoints WHERE state IS NOT NULL "
        "ORDER BY document_key, version"
    )
    read = sa.text("SELECT state FROM checkpoints WHERE document_key = :key AND version = :version")
    write = sa.text(
        "UPDATE checkpoints SET state = :state WHERE document_key = :key AND version = :version"
    )
    # One at a time: a state may have many megabytes.
    for key, version in connection.execute(found).all():
        at = {"key": key, "version": version}
        state = connection.execute(read, at).scalar_one()
        connection.execute(write, at | {"state": zlib.compress(state, 1)})


def _create_feed() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for name, own_key in (("new_changes", "key"), ("changes", "position")):
        op.create_table(
            name,
            sa.Column(own_key, key, autoincrement=own_key == "key", nullable=False),
            sa.Column("document_key", key, nullable=False),
            sa.Column("kind", sa.Text(), nullable=False),
            sa.Column("after_version", sa.BigInteger(), nullable=False),
            sa.Column("upto_version", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint(own_key, name=f"pk_{name}"),
        )
    op.create_table(
        "cursors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("held_until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cursors"),
    )
    op.create_table(
        "feed_head",
        sa.Column("key", key, autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_feed_head"),
    )


def _rename_old() -> None:
    op.drop_index("ix_events_document_key_actor_id_version", "events")
    op.rename_table("events", "old_events")
    if op.get_bind().dialect.name == "postgresql":
        # There, indexes of all tables share their names.
        op.execute("ALTER TABLE old_events RENAME CONSTRAINT pk_events TO pk_old_events")
        op.execute("ALTER TABLE old_events DROP CONSTRAINT uq_events_document_key_id")


def _create_tables() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "writers",
        sa.Column("key", key, autoincrement=True, nullable=False),
        sa.Column("document_key", key, nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_writers"),
        sa.ForeignKeyConstraint(
            ["document_key"], ["documents.key"], name="fk_writers_document_key"
        ),
        sa.UniqueConstraint(
            "document_key",
            "session",
            "actor_id",
            "actor_name",
            name="uq_writers_document_key_session_actor_id_actor_name",
        ),
    )
    op.create_table(
        "events",
        sa.Column("document_key", key, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("writer", key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("nonce", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Text(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("ops", sa.Text(), nullable=False),
        sa.Column("update", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("document_key", "version", name="pk_events"),
        sa.ForeignKeyConstraint(["writer"], ["writers.key"], name="fk_events_writer"),
        sqlite_with_rowid=False,
    )


def _copy(connection: sa.Connection) -> None:
    key, version = -1, -1
    writer_of: dict[tuple[Any, ...], int] = {}
    while True:
        rows = connection.execute(
            sa.text(_NEXT), {"key": key, "version": version, "most": _BATCH_ROWS}
        ).all()
        if not rows:
            return
        key, version = rows[-1][:2]
        if len(writer_of) > 10_000:
            writer_of.clear()
        connection.execute(sa.text(_INSERT), [_compact(connection, row, writer_of) for row in rows])


def _compact(
    connection: sa.Connection, row: Sequence[Any], writer_of: dict[tuple[Any, ...], int]
) -> dict[str, Any]:
    key, version, event_id, ops, update, actor_id, actor_name, session, at_ms, digest = row
    named = (key, session, actor_id, actor_name)
    if named not in writer_of:
        names = ("document_key", "session", "actor_id", "actor_name")
        found = connection.execute(sa.text(_WRITER), dict(zip(names, named, strict=True)))
        writer_of[named] = found.scalar_one()
    made_up = _MADE_UP.fullmatch(event_id)
    is_made_up = made_up is not None and made_up[1] == session
    is_derived = digest == blake2b(update, digest_size=16, person=b"update").digest()
    return {
        "document_key": key,
        "version": version,
        "at_ms": at_ms,
        "writer": writer_of[named],
        "number": int(made_up[2]) if made_up and is_made_up else None,
        "nonce": bytes.fromhex(made_up[3]) if made_up and is_made_up else None,
        "id": None if is_made_up else event_id,
        "digest": None if is_derived else digest,
        "ops": ops,
        "update": update,
    }
