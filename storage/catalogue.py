"""The `documents` table in SQL: create, find, list, and the heads that appenders lock and move."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    any_,
    bindparam,
    case,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage import change_feed
from storage.access import grants, readable
from storage.engine import KNOWN
from storage.prepared import Prepared
from storage.row import Row, document_record
from storage.table import documents
from sync.names import MAX_INTEGER
from sync.permission import Reader
from sync.port import DerivedTitle, DocumentRecord, NewDocument

_MAX_KNOWN = 10_000
"""The bound of the heads that are cached."""

_by_name = Prepared(
    select(*documents.c).where(documents.c.name == bindparam("document_name")), "document_name"
)

# All keys are one parameter. With one for each, every number of keys would be another statement to
# parse and plan, and there would be a largest.
_has_key = {
    "sqlite": documents.c.key.in_(
        select(func.json_each(bindparam("keys")).table_valued("value").c.value)
    ),
    "postgresql": documents.c.key == any_(bindparam("keys", type_=ARRAY(BigInteger))),
}
_heads = {dialect: select(*documents.c).where(has) for dialect, has in _has_key.items()}
_read_heads = Prepared(_heads, "keys")

# In key order, so that two appenders that share documents queue up and never deadlock. FOR NO KEY
# UPDATE (`key_share`): the weaker lock lets others save a checkpoint of the document meanwhile.
# SQLite has neither, and SQLAlchemy leaves it out there: BEGIN IMMEDIATE has locked everything.
_lock_heads = Prepared(
    {
        dialect: heads.order_by(documents.c.key).with_for_update(key_share=True)
        for dialect, heads in _heads.items()
    },
    "keys",
)
_move_head = Prepared(
    update(documents)
    .where(documents.c.key == bindparam("of_document"))
    .values(version=bindparam("head"), updated_at_ms=bindparam("now_ms")),
    *("head", "now_ms", "of_document"),
)
_set_text_root = (
    update(documents)
    .where(documents.c.key == bindparam("of_document"))
    .values(text_root=bindparam("root"))
)
_set_compacted = (
    update(documents)
    .where(documents.c.key == bindparam("of_document"))
    .values(compacted_version=bindparam("compacted"))
)
_set_owner = (
    update(documents)
    .where(documents.c.key == bindparam("of_document"))
    .values(owner_id=bindparam("new_owner"))
)
_set_read_only = (
    update(documents)
    .where(documents.c.key == bindparam("of_document"), documents.c.purged_at_ms.is_(None))
    .values(read_only_at_ms=bindparam("at_ms", type_=BigInteger))
)
_read_only = (
    select(documents.c.name)
    .where(documents.c.read_only_at_ms.is_not(None))
    .order_by(documents.c.read_only_at_ms.desc())
    .limit(bindparam("most"))
)
_set_derived_title = (
    update(documents)
    .where(
        documents.c.key == bindparam("of_document"),
        documents.c.title_version <= bindparam("at_version"),
        # Whoever read the text before it was removed for good comes too late.
        documents.c.purged_at_ms.is_(None),
    )
    .values(derived_title=bindparam("derived"), title_version=bindparam("at_version"))
)
# Written by `case` alike on both dialects; an empty title is one that nobody has set.
_shown_title = case((documents.c.title == "", documents.c.derived_title), else_=documents.c.title)
_create = {
    "sqlite": sqlite.insert(documents).on_conflict_do_nothing(index_elements=["name"]),
    "postgresql": postgresql.insert(documents).on_conflict_do_nothing(index_elements=["name"]),
}


def find(connection: Connection, name: str) -> DocumentRecord | None:
    for row in _by_name.fetch(connection, name):
        return document_record(row)
    return None


def create(connection: Connection, new: NewDocument) -> tuple[DocumentRecord, bool]:
    inserted = connection.execute(
        _create[connection.dialect.name],
        {
            "name": new.name,
            "title": new.title,
            "text_root": new.text_root,
            "epoch": new.epoch,
            "version": 0,
            "crdt_client_id": new.crdt_client_id,
            "owner_id": new.owner_id,
            "created_at_ms": new.at_ms,
            "updated_at_ms": new.at_ms,
            "deleted_at_ms": None,
            "derived_title": "",
            "title_version": 0,
        },
    )
    record = find(connection, new.name)
    assert record is not None, "documents are never removed, and this name was just seen taken"
    created = inserted.rowcount == 1
    if created:
        grants.add(connection, record.key, new.grants)
        change_feed.record(connection, [(record.key, "created", 0, 0)])
    return record, created


def change(
    connection: Connection,
    name: str,
    *,
    title: str | None,
    text_root: str | None,
    deleted_at_ms: int | None,
    updated_at_ms: int,
) -> DocumentRecord | None:
    values: dict[str, str | int] = {"updated_at_ms": updated_at_ms}
    if title is not None:
        values["title"] = title
    if deleted_at_ms is not None:
        values["deleted_at_ms"] = deleted_at_ms
    statement = update(documents).where(
        documents.c.name == name, documents.c.purged_at_ms.is_(None)
    )
    if text_root is not None:
        values["text_root"] = text_root
        # The ops of every event say what it did to the text root: they hold for no other one.
        free = documents.c.text_root.in_(("", text_root))
        statement = statement.where(or_(free, documents.c.version == 0))
    changed = connection.execute(statement.values(values)).rowcount
    forget_heads(connection)
    record = find(connection, name)
    if record is not None and changed:
        given = (("renamed", title), ("deleted", deleted_at_ms))
        kinds = [(record.key, kind, 0, 0) for kind, value in given if value is not None]
        if kinds:
            change_feed.record(connection, kinds)
    return record


def set_owner(connection: Connection, key: int, user_id: str) -> None:
    connection.execute(_set_owner, {"of_document": key, "new_owner": user_id})
    forget_heads(connection)


def set_read_only(connection: Connection, key: int, at_ms: int | None) -> bool:
    """Make a document read-only since a time, or no more; False: it is not there."""
    values = {"of_document": key, "at_ms": at_ms}
    is_there = connection.execute(_set_read_only, values).rowcount == 1
    forget_heads(connection)
    return is_there


def read_only_names(connection: Connection, limit: int) -> list[str]:
    """Return the names of documents that are read-only, the latest to become so first."""
    return list(connection.scalars(_read_only, {"most": limit}))


def newest(
    connection: Connection,
    *,
    query: str | None,
    before: tuple[int, int] | None,
    limit: int,
    reader: Reader | None = None,
    now_ms: int = MAX_INTEGER,
) -> list[DocumentRecord]:
    values: dict[str, Any] = {}
    order = tuple_(documents.c.updated_at_ms, documents.c.key)
    statement = select(*documents.c).where(documents.c.deleted_at_ms.is_(None))
    if query:
        statement = statement.where(
            or_(
                _shown_title.icontains(query, autoescape=True),
                documents.c.name.icontains(query, autoescape=True),
            )
        )
    if before is not None:
        statement = statement.where(order < before)
    if reader is not None:
        values = readable.reader_values(connection, reader, now_ms)
        keys = readable.gather(connection, values)
        statement = statement.where(readable.may_read(connection))
        if keys is not None:
            statement = statement.where(_has_key[connection.dialect.name])
            values["keys"] = _keys(connection, keys)
    newest_first = (documents.c.updated_at_ms.desc(), documents.c.key.desc())
    rows = connection.execute(statement.order_by(*newest_first).limit(limit), values)
    return [document_record(row) for row in rows]


def has_key(
    connection: Connection, keys: Sequence[int]
) -> tuple[ColumnElement[bool], dict[str, Any]]:
    """Return the condition that a document is one of several, and its values."""
    return _has_key[connection.dialect.name], {"keys": _keys(connection, keys)}


def heads(connection: Connection, keys: Sequence[int]) -> dict[int, DocumentRecord]:
    return _by_key(_read_heads.fetch(connection, _keys(connection, keys)))


def lock_heads(connection: Connection, keys: Sequence[int]) -> dict[int, DocumentRecord]:
    """Lock and read heads, in key order.

    On SQLite, where the transaction has locked everything, what is known need not be read again.
    """
    known = _known(connection)
    if known is None:
        return _by_key(_lock_heads.fetch(connection, _keys(connection, keys)))
    ordered = sorted(set(keys))
    if not known.keys() >= set(ordered):
        if len(known) > _MAX_KNOWN:
            known.clear()
        missing = [key for key in ordered if key not in known]
        known.update(_by_key(_lock_heads.fetch(connection, _keys(connection, missing))))
        ordered = [key for key in ordered if key in known]
    return dict(zip(ordered, map(known.__getitem__, ordered), strict=True))


def _known(connection: Connection) -> dict[int, DocumentRecord] | None:
    """Heads as they are inside the transaction; None if nothing may be remembered."""
    return connection.info.get(KNOWN)


def _by_key(rows: Iterable[Row]) -> dict[int, DocumentRecord]:
    records = map(document_record, rows)
    return {record.key: record for record in records}


def _keys(connection: Connection, keys: Sequence[int]) -> str | list[int]:
    is_sqlite = connection.dialect.name == "sqlite"
    return msgspec.json.encode(keys).decode() if is_sqlite else list(keys)


def move_heads(connection: Connection, heads: Mapping[int, int], updated_at_ms: int) -> None:
    """Set heads; there is at least one."""
    _move_head.run_many(connection, list(zip(heads.values(), repeat(updated_at_ms), heads)))
    known = _known(connection)
    if known is None:
        return
    for key, version in heads.items():
        before = known.get(key)
        if before is not None:
            known[key] = replace(before, version=version, updated_at_ms=updated_at_ms)


def set_text_roots(connection: Connection, roots: Sequence[tuple[int, str]]) -> None:
    """Save text roots that events have decided; the heads of these documents are locked."""
    connection.execute(_set_text_root, [{"of_document": key, "root": root} for key, root in roots])
    forget_heads(connection)


def set_derived_titles(connection: Connection, titles: Sequence[DerivedTitle]) -> None:
    """Save titles that were derived from texts; there is at least one."""
    rows = [
        {"of_document": each.key, "at_version": each.version, "derived": each.title}
        for each in titles
    ]
    connection.execute(_set_derived_title, rows)
    known = _known(connection)
    if known is None:
        return
    for each in titles:
        # The head that an appender knows stays known, with the title that it has now.
        before = known.get(each.key)
        if before is not None and before.title_version <= each.version:
            known[each.key] = replace(before, derived_title=each.title, title_version=each.version)


def set_compacted(connection: Connection, key: int, version: int) -> None:
    """Note up to which version the events of a document, whose head is locked, are in segments."""
    connection.execute(_set_compacted, {"of_document": key, "compacted": version})
    known = _known(connection)
    if known is not None and key in known:
        known[key] = replace(known[key], compacted_version=version)


def forget_heads(connection: Connection) -> None:
    """Read the heads anew, as something else than an append has changed them."""
    known = _known(connection)
    if known is not None:
        known.clear()
