"""Rows of what a user has opened, pinned and tagged."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage import catalogue
from storage.fullness import FullError, lock_user
from storage.shelf.shelf_record import Marks
from storage.table import documents, user_documents, user_tags

MAX_OPENED: Final = 200
"""The documents that are remembered as opened; of more, the oldest are forgotten."""
MAX_PINNED: Final = 100
MAX_TAGS_OF_DOCUMENT: Final = 20
MAX_TAGGED: Final = 5_000
"""The tags that one user has given, counted for each document."""

_is_row = (
    user_documents.c.user_id == bindparam("of_user"),
    user_documents.c.document_key == bindparam("of_document"),
)


def _upsert(column: str) -> dict[str, Any]:
    statements: dict[str, Any] = {}
    for dialect, module in (("sqlite", sqlite), ("postgresql", postgresql)):
        new = module.insert(user_documents)
        statements[dialect] = new.on_conflict_do_update(
            index_elements=["user_id", "document_key"], set_={column: new.excluded[column]}
        )
    return statements


_put = {column: _upsert(column) for column in ("opened_at_ms", "pinned_at_ms")}
_unpin = update(user_documents).where(*_is_row).values(pinned_at_ms=None)
_count_pins = select(func.count()).where(
    user_documents.c.user_id == bindparam("of_user"), user_documents.c.pinned_at_ms.is_not(None)
)
_oldest_opened = (
    select(user_documents.c.opened_at_ms)
    .where(
        user_documents.c.user_id == bindparam("of_user"),
        user_documents.c.opened_at_ms.is_not(None),
    )
    .order_by(user_documents.c.opened_at_ms.desc())
    .limit(1)
    .offset(MAX_OPENED)
)
_forget_opened = (
    update(user_documents)
    .where(
        user_documents.c.user_id == bindparam("of_user"),
        user_documents.c.opened_at_ms <= _oldest_opened.scalar_subquery(),
    )
    .values(opened_at_ms=None)
)
_remove_empty = delete(user_documents).where(
    user_documents.c.user_id == bindparam("of_user"),
    user_documents.c.opened_at_ms.is_(None),
    user_documents.c.pinned_at_ms.is_(None),
)
_untag = delete(user_tags).where(
    user_tags.c.user_id == bindparam("of_user"),
    user_tags.c.document_key == bindparam("of_document"),
)
_count_tagged = select(func.count()).where(user_tags.c.user_id == bindparam("of_user"))
_tags_of_user = (
    select(user_tags.c.tag, func.count())
    .join(documents, documents.c.key == user_tags.c.document_key)
    .where(user_tags.c.user_id == bindparam("of_user"), documents.c.deleted_at_ms.is_(None))
    .group_by(user_tags.c.tag)
    .order_by(user_tags.c.tag)
)


def note_opened(connection: Connection, user_id: str, key: int, at_ms: int) -> None:
    """Note that a user has opened a document now."""
    _mark(connection, user_id, key, opened_at_ms=at_ms, pinned_at_ms=None, column="opened_at_ms")
    connection.execute(_forget_opened, {"of_user": user_id})
    connection.execute(_remove_empty, {"of_user": user_id})


def set_pin(connection: Connection, user_id: str, key: int, pinned_at_ms: int | None) -> None:
    """Pin a document, or take the pin away. Raises `FullError` if there are too many."""
    if pinned_at_ms is None:
        connection.execute(_unpin, {"of_user": user_id, "of_document": key})
        connection.execute(_remove_empty, {"of_user": user_id})
        return
    lock_user(connection, user_id)
    _mark(
        connection, user_id, key, opened_at_ms=None, pinned_at_ms=pinned_at_ms,
        column="pinned_at_ms",
    )  # fmt: skip
    if connection.execute(_count_pins, {"of_user": user_id}).scalar_one() > MAX_PINNED:
        raise FullError


def set_tags(connection: Connection, user_id: str, key: int, tags: Iterable[str]) -> None:
    """Give a document these tags, and no others. Raises `FullError` if there are too many."""
    lock_user(connection, user_id)
    connection.execute(_untag, {"of_user": user_id, "of_document": key})
    rows = [{"user_id": user_id, "tag": tag, "document_key": key} for tag in tags]
    if rows:
        connection.execute(insert(user_tags), rows)
    if connection.execute(_count_tagged, {"of_user": user_id}).scalar_one() > MAX_TAGGED:
        raise FullError


def tags_of_user(connection: Connection, user_id: str) -> list[tuple[str, int]]:
    """Return the tags of a user, each with the number of its documents that are not deleted."""
    rows = connection.execute(_tags_of_user, {"of_user": user_id})
    return [(tag, count) for tag, count in rows]


def marks_of(connection: Connection, user_id: str, keys: Sequence[int]) -> dict[int, Marks]:
    """Return how a user keeps each of some documents."""
    if not keys:
        return {}
    condition, values = catalogue.has_key(connection, keys)
    values["of_user"] = user_id
    columns = user_documents.c
    times = {
        key: (opened_at_ms, pinned_at_ms)
        for key, opened_at_ms, pinned_at_ms in connection.execute(
            select(columns.document_key, columns.opened_at_ms, columns.pinned_at_ms)
            .join(documents, documents.c.key == columns.document_key)
            .where(columns.user_id == bindparam("of_user"), condition),
            values,
        )
    }
    tags: dict[int, list[str]] = {}
    for key, tag in connection.execute(
        select(user_tags.c.document_key, user_tags.c.tag)
        .join(documents, documents.c.key == user_tags.c.document_key)
        .where(user_tags.c.user_id == bindparam("of_user"), condition)
        .order_by(user_tags.c.tag),
        values,
    ):
        tags.setdefault(key, []).append(tag)
    return {key: Marks(*times.get(key, (None, None)), tuple(tags.get(key, ()))) for key in keys}


def _mark(
    connection: Connection,
    user_id: str,
    key: int,
    *,
    opened_at_ms: int | None,
    pinned_at_ms: int | None,
    column: str,
) -> None:
    row = {
        "user_id": user_id,
        "document_key": key,
        "opened_at_ms": opened_at_ms,
        "pinned_at_ms": pinned_at_ms,
    }
    connection.execute(_put[column][connection.dialect.name], row)
