"""Pages of the documents that a user may read: filtered, and in an order."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    tuple_,
)

from storage import catalogue
from storage.access import readable
from storage.row import document_record
from storage.shelf.mark_rows import marks_of
from storage.shelf.shelf_record import Listed, ListQuery
from storage.table import documents, grants, user_documents, user_tags
from sync.permission import Reader, user_subject

_user_id = bindparam("marking_user", type_=Text)
_shown = case(
    (documents.c.title != "", documents.c.title),
    (documents.c.derived_title != "", documents.c.derived_title),
    else_=documents.c.name,
)
_sorted_title = func.lower(_shown)
_sort: Final[dict[str, ColumnElement[Any]]] = {
    "updated": documents.c.updated_at_ms,
    "created": documents.c.created_at_ms,
    "opened": user_documents.c.opened_at_ms,
    "title": _sorted_title,
}
_of_user = and_(
    user_documents.c.document_key == documents.c.key, user_documents.c.user_id == _user_id
)
_owns = or_(
    documents.c.owner_id == _user_id,
    exists()
    .where(
        grants.c.document_key == documents.c.key,
        grants.c.subject == bindparam("marking_subject", type_=Text),
        grants.c.role == "owner",
    )
    .correlate(documents),
)
_conditions: Final[dict[str, ColumnElement[bool]]] = {
    "mine": documents.c.owner_id == _user_id,
    "shared": documents.c.owner_id != _user_id,
    "pinned": user_documents.c.pinned_at_ms.is_not(None),
    "templates": documents.c.is_template,
}
_PERSONAL: Final = ("mine", "pinned", "trash")
_columns: Final = len(documents.c)


def page(connection: Connection, query: ListQuery) -> list[Listed]:
    """Return documents of a list, at most `query.limit`."""
    reader = query.reader
    is_nobody = reader.is_scoped or reader.is_unproven
    if is_nobody and (query.show in _PERSONAL or query.sort == "opened" or query.tag):
        return []  # nobody whom documents belong to, or who could have marked them
    sorted_by = _collated(connection, _sort[query.sort], query.sort)
    statement: Select[Any] = (
        select(*documents.c, sorted_by.label("sorted_by"))
        .select_from(documents.outerjoin(user_documents, _of_user))
        .limit(query.limit)
    )
    values = _user_values(reader)
    statement, found = _filtered(connection, statement, query)
    statement = _ordered(statement, query, sorted_by)
    values |= found
    if query.before is not None:
        values |= {"seen": query.before[0], "seen_key": query.before[1]}
    rows = connection.execute(statement, values).all()
    records = [document_record(row[:_columns]) for row in rows]
    marks = marks_of(connection, values["marking_user"], [each.key for each in records])
    return [
        Listed(record, marks[record.key], (row.sorted_by, record.key))
        for record, row in zip(records, rows, strict=True)
    ]


def _user_values(reader: Reader) -> dict[str, Any]:
    # A scoped reader owns nothing, and has no marks; an empty id is nobody's.
    user_id = "" if reader.is_scoped or reader.is_unproven else reader.user_id
    return {"marking_user": user_id, "marking_subject": user_subject(user_id)}


def _collated(connection: Connection, value: ColumnElement[Any], sort: str) -> ColumnElement[Any]:
    """Compare titles alike on both databases: by code points, as pages have to go on exactly."""
    if sort == "title" and connection.dialect.name == "postgresql":
        return value.collate("C")
    return value


def _filtered(
    connection: Connection, statement: Select[Any], query: ListQuery
) -> tuple[Select[Any], dict[str, Any]]:
    values: dict[str, Any] = {}
    if query.show == "trash":
        gone = (documents.c.deleted_at_ms.is_not(None), documents.c.purged_at_ms.is_(None))
        return statement.where(*gone, _owns), values
    statement = statement.where(documents.c.deleted_at_ms.is_(None))
    if query.show in _conditions:
        statement = statement.where(_conditions[query.show])
    if query.sort == "opened":
        statement = statement.where(user_documents.c.opened_at_ms.is_not(None))
    if query.tag is not None:
        statement = statement.where(
            exists()
            .where(
                user_tags.c.user_id == _user_id,
                user_tags.c.tag == bindparam("wanted_tag", type_=Text),
                user_tags.c.document_key == documents.c.key,
            )
            .correlate(documents)
        )
        values["wanted_tag"] = query.tag
    if query.query:
        statement = statement.where(
            or_(
                _shown.icontains(query.query, autoescape=True),
                documents.c.name.icontains(query.query, autoescape=True),
            )
        )
    values |= readable.reader_values(connection, query.reader, query.now_ms)
    keys = readable.gather(connection, values)
    statement = statement.where(readable.may_read(connection))
    if keys is not None:
        condition, key_values = catalogue.has_key(connection, keys)
        statement, values = statement.where(condition), values | key_values
    return statement, values


def _ordered(
    statement: Select[Any], query: ListQuery, sorted_by: ColumnElement[Any]
) -> Select[Any]:
    order = tuple_(sorted_by, documents.c.key)
    seen_type = Text() if query.sort == "title" else BigInteger()
    seen = tuple_(bindparam("seen", type_=seen_type), bindparam("seen_key", type_=BigInteger))
    if query.sort == "title":
        if query.before is not None:
            statement = statement.where(order > seen)
        return statement.order_by(sorted_by, documents.c.key)
    if query.before is not None:
        statement = statement.where(order < seen)
    return statement.order_by(sorted_by.desc(), documents.c.key.desc())
