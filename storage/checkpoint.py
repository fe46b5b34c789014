"""Checkpoints in SQL: save one, find one, and delete states that no opening will need."""

import logging
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, Select, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.checkpoint_bytes import is_dense, pack_dense, unpack
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

_REPLAYED_EVENTS = 200_000
"""Events that can be replayed to open a document, should its only state be damaged: in seconds."""

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
    select(checkpoints.c.version, checkpoints.c.text, checkpoints.c.state, checkpoints.c.pairs)
    .where(checkpoints.c.document_key == _key)
    .order_by(checkpoints.c.version)
)
_replace = (
    update(checkpoints)
    .where(checkpoints.c.document_key == _key, checkpoints.c.version == bindparam("of_version"))
    .values(text=bindparam("new_text"), state=bindparam("new_state"), pairs=bindparam("new_pairs"))
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
    for version in _superfluous(_versions(connection, key), upto):
        connection.execute(_remove, {"of_document": key, "version": version})


def has_superfluous(connection: Connection, key: int, upto: int) -> bool:
    """Return whether `make_sparse` would remove any."""
    return any(True for _ in _superfluous(_versions(connection, key), upto))


def _versions(connection: Connection, key: int) -> list[tuple[int, bool]]:
    """Return the versions of the checkpoints of a document, and whether each has a state."""
    return [(row[0], bool(row[1])) for row in connection.execute(_all, {"of_document": key})]


def _superfluous(rows: Sequence[tuple[int, bool]], upto: int) -> Iterator[int]:
    """Yield the versions that may go, of checkpoints given by version and whether with a state."""
    kept = 0
    for (version, has_state), (after, _) in pairwise(rows):
        # From one that stays to the next there are no more events than this.
        if has_state or version > upto or after - kept > _SPARSE_EVENTS:
            kept = version
        else:
            yield version


class StoredCheckpoint(Struct, frozen=True):
    """A checkpoint as its row has it."""

    version: int
    text: bytes
    state: bytes | None
    pairs: bytes


def stored(connection: Connection, key: int) -> list[StoredCheckpoint]:
    """Return all checkpoints of a document as they are stored, ascending."""
    rows = connection.execute(_stored, {"of_document": key})
    return [StoredCheckpoint(*row) for row in rows]


class Condensed(Struct, frozen=True):
    """Other forms of some checkpoints of a document, and the versions of those that may go."""

    dense: list[StoredCheckpoint]
    removed: list[int]


def condensed(found: Sequence[StoredCheckpoint]) -> Condensed:
    """Return what becomes of all checkpoints of a document that rests, which are given ascending.

    Damaged ones stay as they are.
    """
    needed = _without_older_states(found)
    rows = [(each.version, each.state is not None) for each in needed]
    removed = set(_superfluous(rows, rows[-1][0])) if rows else set()
    dense: list[StoredCheckpoint] = []
    for before, each in zip(found, needed, strict=True):
        if each.version in removed:
            continue
        with suppress(zlib.error):
            new = each if is_dense(each.text) else _packed(each)
            if new != before:
                dense.append(new)
    return Condensed(dense, sorted(removed))


def _packed(each: StoredCheckpoint) -> StoredCheckpoint:
    state = None if each.state is None else pack_dense(unpack(each.state))
    return replace(each, text=pack_dense(unpack(each.text)), state=state)


def _without_older_states(found: Sequence[StoredCheckpoint]) -> list[StoredCheckpoint]:
    """Return checkpoints of which only the newest has a state, if that one can be read.

    Should it be damaged later, the events lead to the head; of very many that would take long.
    """
    with_state = [each for each in found if each.state is not None]
    if len(with_state) > 1 and with_state[-1].version <= _REPLAYED_EVENTS:
        newest = with_state[-1]
        with suppress(zlib.error):
            unpack(newest.state or b"")
            return [
                each if each is newest else replace(each, state=None, pairs=b"") for each in found
            ]
    return list(found)


def put_condensed(connection: Connection, key: int, new: Condensed) -> None:
    """Put other forms of checkpoints in their places, and remove those that may go."""
    for each in new.dense:
        values = {
            "of_document": key,
            "of_version": each.version,
            "new_text": each.text,
            "new_state": each.state,
            "new_pairs": each.pairs,
        }
        connection.execute(_replace, values)
    for version in new.removed:
        connection.execute(_remove, {"of_document": key, "version": version})


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
