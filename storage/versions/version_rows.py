"""Rows of named versions, and of how far automatic ones are made."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import asdict
from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage import change_feed
from storage.fullness import FullError, lock_document
from storage.retention import merged_rows
from storage.table import automatic_marks, documents, named_versions
from storage.versions.named_version import (
    NamedVersion,
    SessionEnds,
    VersionPlace,
    VersionQuery,
)

MAX_NAMED: Final = 1_000
"""The names that people may give in one document."""
MAX_AUTOMATIC: Final = 200
"""The automatic versions of one document; of more, the oldest are removed."""

_columns = named_versions.c
_of_document = _columns.document_key == bindparam("of_document")
_this = and_(_of_document, _columns.name == bindparam("of_name"))
_find = select(named_versions).where(_this)
_count = select(func.count()).where(_of_document, _columns.is_automatic.is_(False))
_remove = delete(named_versions).where(_this)
_change = (
    update(named_versions)
    .where(_this)
    .values(
        name=bindparam("new_name"),
        note=bindparam("new_note"),
        is_automatic=False,
        created_by=bindparam("new_created_by"),
        created_by_name=bindparam("new_created_by_name"),
    )
)
_remove_automatic = delete(named_versions).where(
    _of_document, _columns.version == bindparam("of_version"), _columns.is_automatic
)
_oldest_kept = (
    select(_columns.version)
    .where(_of_document, _columns.is_automatic)
    .order_by(_columns.version.desc())
    .limit(1)
    .offset(bindparam("newer"))
)
_remove_oldest = delete(named_versions).where(
    _of_document, _columns.is_automatic, _columns.version < _oldest_kept.scalar_subquery()
)
_marks = select(automatic_marks).where(
    automatic_marks.c.document_key.in_(bindparam("keys", expanding=True))
)
# Whoever purges it has locked the document, too: nothing is added behind its back.
_living = select(documents.c.key).where(
    documents.c.key == bindparam("of_document"), documents.c.purged_at_ms.is_(None)
)


def _add_or_leave(module: Any) -> Any:
    return module.insert(named_versions).on_conflict_do_nothing(
        index_elements=["document_key", "name"]
    )


def _put_mark(module: Any) -> Any:
    new = module.insert(automatic_marks)
    return new.on_conflict_do_update(
        index_elements=["document_key"], set_={"version": new.excluded.version}
    )


_add_automatic = {"sqlite": _add_or_leave(sqlite), "postgresql": _add_or_leave(postgresql)}
_mark = {"sqlite": _put_mark(sqlite), "postgresql": _put_mark(postgresql)}


def add(connection: Connection, named: NamedVersion) -> bool | None:
    """Add a name; False: the document has it already; None: the document is gone.

    Raises `FullError`; `HistoryThinnedError`: the version is gone.
    """
    lock_document(connection, named.document_key)
    if connection.execute(_living, {"of_document": named.document_key}).first() is None:
        return None
    merged_rows.require_kept(connection, named.document_key, named.version)
    if find(connection, named.document_key, named.name) is not None:
        return False
    _require_room(connection, named.document_key)
    connection.execute(insert(named_versions), asdict(named))
    _tell(connection, named)
    return True


def find(connection: Connection, key: int, name: str) -> NamedVersion | None:
    row = connection.execute(_find, {"of_document": key, "of_name": name}).one_or_none()
    return None if row is None else NamedVersion(*row)


def change(connection: Connection, found: NamedVersion, changed: NamedVersion) -> bool | None:
    """Put a name in the place of one that is as it was found.

    Returns None if it is not so any more, False if the document has the new name already.
    Raises `FullError` if an automatic version would become one name too many.
    """
    key = found.document_key
    lock_document(connection, key)
    if find(connection, key, found.name) != found:
        return None
    if changed.name != found.name and find(connection, key, changed.name) is not None:
        return False
    if found.is_automatic:
        _require_room(connection, key)
    values = {
        "of_document": key,
        "of_name": found.name,
        "new_name": changed.name,
        "new_note": changed.note,
        "new_created_by": changed.created_by,
        "new_created_by_name": changed.created_by_name,
    }
    connection.execute(_change, values)
    if found.is_automatic or changed.name != found.name:
        _tell(connection, changed)
    return True


def _tell(connection: Connection, named: NamedVersion) -> None:
    """Tell the feed of changes that somebody has given a name."""
    told = {"version": named.version, "name": named.name, "user": named.created_by}
    change_feed.record_detail(connection, named.document_key, "named", **told)


def _require_room(connection: Connection, key: int) -> None:
    if connection.execute(_count, {"of_document": key}).scalar_one() >= MAX_NAMED:
        raise FullError


def remove(connection: Connection, found: NamedVersion) -> bool:
    """Remove a name that is as it was found; False: it is not so any more."""
    lock_document(connection, found.document_key)
    if find(connection, found.document_key, found.name) != found:
        return False
    connection.execute(_remove, {"of_document": found.document_key, "of_name": found.name})
    return True


def page(connection: Connection, query: VersionQuery) -> list[NamedVersion]:
    """Return named versions, the newest version first, those of one version by name."""
    is_over = or_(_columns.is_automatic.is_(False), _columns.at_ms <= query.ended_before_ms)
    statement = (
        select(named_versions)
        .where(_columns.document_key == query.document_key, is_over, _is_after(query.before))
        .order_by(_columns.version.desc(), _columns.name)
        .limit(query.limit)
    )
    if query.kind != "all":
        statement = statement.where(_columns.is_automatic.is_(query.kind == "automatic"))
    return [NamedVersion(*row) for row in connection.execute(statement)]


def _is_after(place: VersionPlace | None) -> Any:
    if place is None:
        return true()
    return or_(
        _columns.version < place.version,
        and_(_columns.version == place.version, _columns.name > place.name),
    )


def marks(connection: Connection, keys: Sequence[int]) -> dict[int, int]:
    """Return, of some documents, the version up to which automatic ones are made."""
    rows = connection.execute(_marks, {"keys": list(keys)})
    return {row.document_key: row.version for row in rows}


def put_automatic(connection: Connection, found: Iterable[SessionEnds], at_ms: int) -> None:
    """Make the automatic versions of documents, and note how far they are made."""
    for each in sorted(found, key=lambda each: each.document_key):
        _put_automatic(connection, each, at_ms)


def _put_automatic(connection: Connection, found: SessionEnds, at_ms: int) -> None:
    key = found.document_key
    this = {"of_document": key}
    lock_document(connection, key)
    if connection.execute(_living, this).first() is None:
        return
    dialect = connection.dialect.name
    if found.moved_from is not None:
        connection.execute(_remove_automatic, this | {"of_version": found.moved_from})
    for version, version_at_ms in found.ends:
        named = NamedVersion(
            key,
            automatic_name(version, version_at_ms),
            version,
            "",
            is_automatic=True,
            created_by="",
            created_by_name="",
            created_at_ms=at_ms,
            at_ms=version_at_ms,
        )
        connection.execute(_add_automatic[dialect], asdict(named))
    connection.execute(_remove_oldest, this | {"newer": MAX_AUTOMATIC - 1})
    connection.execute(_mark[dialect], {"document_key": key, "version": found.upto})


def automatic_name(version: int, at_ms: int) -> str:
    """Return the name of an automatic version: `2026-11-20 09:41 (812)`, in UTC."""
    moment = datetime.fromtimestamp(at_ms / 1_000, UTC)
    return f"{moment:%Y-%m-%d %H:%M} ({version})"
