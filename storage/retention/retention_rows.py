"""Rows of the rules of retention, and the documents that they may give work for."""

from typing import Any, Final

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.fullness import lock_document
from storage.retention.retention_rule import RetentionRule
from storage.table import documents, merged_events, retentions

_columns = retentions.c
_key = bindparam("of_document", type_=BigInteger)
_find = select(_columns.kind, _columns.days, _columns.before_version).where(
    _columns.document_key == _key
)
_remove = delete(retentions).where(_columns.document_key == _key)
_living = select(documents.c.key).where(documents.c.key == _key, documents.c.purged_at_ms.is_(None))
_top = (
    select(func.coalesce(func.max(merged_events.c.last_version), 0))
    .where(merged_events.c.document_key == documents.c.key)
    .correlate(documents)
    .scalar_subquery()
)
_FIELDS: Final = ("kind", "days", "before_version")


def _upsert(module: Any) -> Any:
    new = module.insert(retentions)
    return new.on_conflict_do_update(
        index_elements=["document_key"],
        set_={name: getattr(new.excluded, name) for name in _FIELDS},
    )


_put = {"sqlite": _upsert(sqlite), "postgresql": _upsert(postgresql)}


def find(connection: Connection, key: int) -> RetentionRule | None:
    """Return the rule of a document; None: it has none of its own."""
    row = connection.execute(_find, {"of_document": key}).one_or_none()
    return None if row is None else RetentionRule(*row)


def put(connection: Connection, key: int, rule: RetentionRule | None) -> bool:
    """Set the rule of a document, or remove it; False: the document is gone."""
    lock_document(connection, key)
    if connection.execute(_living, {"of_document": key}).first() is None:
        return False
    if rule is None:
        connection.execute(_remove, {"of_document": key})
    else:
        values = {name: getattr(rule, name) for name in _FIELDS}
        connection.execute(_put[connection.dialect.name], {"document_key": key, **values})
    return True


def visited(
    connection: Connection, after: int, limit: int, *, is_default_keep: bool
) -> list[tuple[int, RetentionRule | None]]:
    """Return the next documents with events that are not merged, each with its own rule."""
    has_rule = _columns.kind != "keep"
    statement = (
        select(documents.c.key, *(_columns[name] for name in _FIELDS))
        .outerjoin_from(documents, retentions, _columns.document_key == documents.c.key)
        .where(
            documents.c.key > after,
            documents.c.purged_at_ms.is_(None),
            documents.c.version > 0,
            has_rule if is_default_keep else or_(_columns.kind.is_(None), has_rule),
            or_(documents.c.version > _top, _columns.kind == "drop"),
        )
        .order_by(documents.c.key)
        .limit(limit)
    )
    return [
        (key, None if kind is None else RetentionRule(kind, *rest))
        for key, kind, *rest in connection.execute(statement)
    ]
