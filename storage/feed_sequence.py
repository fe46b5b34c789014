"""The positions of the feed of changes, assigned to committed changes in the order of their keys.

`storage.change_feed` says why they are assigned after the commits. Whoever assigns holds the lock
of the feed. One statement moves many rows within the database, so that a change costs far less than
the update that it is about.
"""

from typing import Final

from sqlalchemy import Connection, bindparam, select, text, update

from storage.table import feed_head, new_changes

HEAD: Final = 1
SEQUENCED_ROWS: Final = 1_000
"""The most changes that get their positions in one transaction."""

_FIELDS: Final = "document_key, kind, after_version, upto_version, detail"
_ADD: Final = f"INSERT INTO changes (position, {_FIELDS}) "
_NUMBERED: Final = f"SELECT :last + row_number() OVER (ORDER BY key), {_FIELDS} FROM "
_last_key = text(
    "SELECT max(key) FROM (SELECT key FROM new_changes ORDER BY key LIMIT :most) AS oldest"
)
_add = text(f"{_ADD}{_NUMBERED}new_changes WHERE key <= :last_key")
_remove = text("DELETE FROM new_changes WHERE key <= :last_key")
# By their keys: rows with smaller ones may be committed between the two statements.
_oldest_keys = text(
    "SELECT array_agg(key) FROM (SELECT key FROM new_changes ORDER BY key LIMIT :most) AS oldest"
)
_move = text(
    "WITH moved AS (DELETE FROM new_changes WHERE key = ANY(CAST(:keys AS bigint[])) "
    f"RETURNING key, {_FIELDS}) "
    + _ADD
    + _NUMBERED.replace(":last", "CAST(:last AS bigint)")
    + "moved"
)
_beyond = select(new_changes.c.key).order_by(new_changes.c.key).offset(bindparam("most")).limit(1)


def is_more_than_one_step(connection: Connection) -> bool:
    """Return whether there are more changes without a position than one step assigns."""
    return connection.execute(_beyond, {"most": SEQUENCED_ROWS}).one_or_none() is not None


def sequence(connection: Connection, last: int) -> int:
    """Assign positions after `last` to the oldest changes without one; return their number.

    The lock of the feed is held, and `last` the last position that is assigned.
    """
    if connection.dialect.name == "postgresql":
        moved = _sequence_among_others(connection, last)
    else:
        moved = _sequence_alone(connection, last)
    if moved:
        connection.execute(
            update(feed_head).where(feed_head.c.key == HEAD), {"position": last + moved}
        )
    return moved


def _sequence_alone(connection: Connection, last: int) -> int:
    """Do it where nobody else writes meanwhile."""
    last_key = connection.execute(_last_key, {"most": SEQUENCED_ROWS}).scalar_one()
    if last_key is None:
        return 0
    moved = connection.execute(_add, {"last": last, "last_key": last_key}).rowcount
    connection.execute(_remove, {"last_key": last_key})
    return moved


def _sequence_among_others(connection: Connection, last: int) -> int:
    """Do it where others add changes meanwhile."""
    keys = connection.execute(_oldest_keys, {"most": SEQUENCED_ROWS}).scalar_one()
    if keys is None:
        return 0
    return connection.execute(_move, {"keys": keys, "last": last}).rowcount
