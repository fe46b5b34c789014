"""Checkpoints in SQL: save one, find one, and delete states that no opening will need."""

import logging
import zlib
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

from msgspec import Struct
from sqlalchemy import Connection, Select, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.checkpoint_bytes import pack_dense, unpack
from storage.row import Row, checkpoint_record, checkpoint_row
from storage.table import checkpoints
from sync.port import Checkpoint

_log = logging.getLogger(__name__)

_STATES_KEPT = 2
"""States kept for each document: one to open from, and one more in case that one is unreadable."""

_SPACING_EVENTS = 2_500
"""Events between two checkpoints of large texts, at most: what reading an old version applies."""

_SPARSE_EVENTS = 40_960
"""Compacted events between two checkpoints, at most. Reading an old version reads parts of two
segments, and of those in between, 9 at most, only what they make of the text."""

_LARGE_TEXT_BYTES = 2_048
"""Compressed. Smaller texts are all kept: they cost little, and their events are as few."""

_key = bindparam("of_document", type_=checkpoints.c.document_key.type)


_Columns = tuple[int, bytes, bytes | None, bytes]


def _newest() -> Select[_Columns]:
    return (
        select(checkpoints.c.version, checkpoints.c.text, checkpoints.c.state, checkpoints.c.pairs)
        .where(checkpoints.c.document_key == _key)
        .order_by(checkpoints.c.version.desc())
        .limit(1)
    )


_newest_before = _newest().where(checkpoints.c.version < bindparam("before"))
_newest_with_state = _newest_before.where(checkpoints.c.state.is_not(None))

_oldest_kept = (
    select(checkpoints.c.version)
    .where(checkpoints.c.document_key == _key, checkpoints.c.state.is_not(None))
    .order_by(checkpoints.c.version.desc())
    .limit(1)
    .offset(_STATES_KEPT - 1)
)
_versions_with_state = select(
    func.min(checkpoints.c.version), func.max(checkpoints.c.version)
).where(checkpoints.c.document_key == _key, checkpoints.c.state.is_not(None))
_drop_old_states = (
    update(checkpoints)
    .where(
        checkpoints.c.document_key == _key,
        checkpoints.c.version < _oldest_kept.scalar_subquery(),
        checkpoints.c.state.is_not(None),
    )
    .values(state=None, pairs=b"")
)

_newest_versions = (
    select(
        checkpoints.c.version,
        checkpoints.c.state.is_not(None).label("has_state"),
        func.length(checkpoints.c.text).label("text_bytes"),
    )
    .where(checkpoints.c.document_key == _key)
    .order_by(checkpoints.c.version.desc())
    .limit(_STATES_KEPT + 3)
)
_all = (
    select(checkpoints.c.version, checkpoints.c.state.is_not(None))
    .where(checkpoints.c.document_key == _key)
    .order_by(checkpoints.c.version)
)
_stored = (
    select(checkpoints.c.version, checkpoints.c.text, checkpoints.c.state)
    .where(checkpoints.c.document_key == _key)
    .order_by(checkpoints.c.version)
)
_replace = (
    update(checkpoints)
    .where(checkpoints.c.document_key == _key, checkpoints.c.version == bindparam("of_version"))
    .values(text=bindparam("new_text"), state=bindparam("new_state"))
)
_remove = delete(checkpoints).where(
    checkpoints.c.document_key == _key, checkpoints.c.version == bindparam("version")
)


def _upsert(insert: sqlite.Insert | postgresql.Insert) -> sqlite.Insert | postgresql.Insert:
    """Two processes may save the same version; a state is never replaced by none."""
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["document_key", "version"],
        set_={"text": new.text, "state": new.state, "pairs": new.pairs},
        where=new.state.is_not(None),
    )


_save = {
    "sqlite": _upsert(sqlite.insert(checkpoints)),
    "postgresql": _upsert(postgresql.insert(checkpoints)),
}


def save(connection: Connection, key: int, checkpoint: Checkpoint) -> None:
    """Save a checkpoint, drop states that no opening will need, and thin the texts before them."""
    connection.execute(_save[connection.dialect.name], checkpoint_row(key, checkpoint))
    connection.execute(_drop_old_states, {"of_document": key})
    _thin_out(connection, key)


def _thin_out(connection: Connection, key: int) -> None:
    """Remove the newest text-only checkpoint whose neighbours are near, if its text is large.

    Called at each save, that leaves one large text in `_SPACING_EVENTS` at least: the texts of a
    long document would otherwise take as much space as its events.
    """
    newest = connection.execute(_newest_versions, {"of_document": key}).all()
    for later, middle, earlier in zip(newest, newest[1:], newest[2:], strict=False):
        is_large = not middle.has_state and middle.text_bytes > _LARGE_TEXT_BYTES
        if is_large and later.version - earlier.version <= _SPACING_EVENTS:
            connection.execute(_remove, {"of_document": key, "version": middle.version})
            return


def versions_with_state(connection: Connection, key: int) -> tuple[int, int]:
    """Return the versions of the oldest and of the newest checkpoint with a state; 0: none."""
    oldest, newest = connection.execute(_versions_with_state, {"of_document": key}).one()
    return oldest or 0, newest or 0


def make_sparse(connection: Connection, key: int, upto: int) -> None:
    """Remove most texts of compacted versions: those after segments are found quickly, too."""
    rows = connection.execute(_all, {"of_document": key}).all()
    kept = 0
    for (version, has_state), (after, _) in pairwise(rows):
        # From one that stays to the next there are no more events than this.
        if has_state or version > upto or after - kept > _SPARSE_EVENTS:
            kept = version
        else:
            connection.execute(_remove, {"of_document": key, "version": version})


class StoredCheckpoint(Struct, frozen=True):
    """A checkpoint as its row has it."""

    version: int
    text: bytes
    state: bytes | None


def stored(connection: Connection, key: int) -> list[StoredCheckpoint]:
    """Return all checkpoints of a document as they are stored, ascending."""
    rows = connection.execute(_stored, {"of_document": key})
    return [StoredCheckpoint(*row) for row in rows]


def condensed(found: Sequence[StoredCheckpoint]) -> list[StoredCheckpoint]:
    """Return checkpoints in their dense form; those that are damaged are left out."""
    dense: list[StoredCheckpoint] = []
    for each in found:
        with suppress(zlib.error):
            state = None if each.state is None else pack_dense(unpack(each.state))
            dense.append(StoredCheckpoint(each.version, pack_dense(unpack(each.text)), state))
    return dense


def replace_stored(connection: Connection, key: int, dense: Sequence[StoredCheckpoint]) -> None:
    """Put other forms of the same checkpoints in their places."""
    for each in dense:
        values = {"of_document": key, "of_version": each.version}
        connection.execute(_replace, values | {"new_text": each.text, "new_state": each.state})


def newest_with_state(connection: Connection, key: int, before: int) -> Checkpoint | None:
    """Return the newest checkpoint with a state and a version below `before` that can be read."""
    return _newest_readable(connection, _newest_with_state, key, before)


def at_or_before(connection: Connection, key: int, version: int) -> Checkpoint | None:
    """Return the newest checkpoint at or before a version that can be read."""
    return _newest_readable(connection, _newest_before, key, version + 1)


def _newest_readable(
    connection: Connection, statement: Select[_Columns], key: int, before: int
) -> Checkpoint | None:
    """Return the first checkpoint below a version that `statement` finds and that can be read."""
    while True:
        found = connection.execute(statement, {"of_document": key, "before": before})
        row = found.one_or_none()
        if row is None:
            return None
        record = _read(row, key)
        if record is not None:
            return record
        before = row.version


def _read(row: Row, key: int) -> Checkpoint | None:
    """Return the checkpoint of a row; None if its bytes are damaged: the events are the truth."""
    try:
        return checkpoint_record(row)
    except (zlib.error, UnicodeError) as error:
        _log.error("the checkpoint of document %d at %d is damaged: %s", key, row[0], error)
        return None
