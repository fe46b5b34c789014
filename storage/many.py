"""Lists of values as one parameter of a statement, on each dialect.

With one parameter for each value, every number of them would be another statement to parse and
plan, and there would be a largest.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Text,
    any_,
    bindparam,
    column,
    func,
    select,
)


def text_rows(parameter: str, dialect: str) -> FromClause:
    """Rows with one column, `value`, that a list of texts makes."""
    if dialect == "sqlite":
        return func.json_each(bindparam(parameter)).table_valued(column("value", Text))
    texts = bindparam(parameter, type_=ARRAY(Text))
    return func.unnest(texts).table_valued(column("value", Text)).render_derived()


def is_one_of(value: ColumnElement[str], parameter: str, dialect: str) -> ColumnElement[bool]:
    """The condition that a text is one of a list; an index on it can be used."""
    if dialect == "sqlite":
        return value.in_(select(text_rows(parameter, dialect).c.value))
    return value == any_(bindparam(parameter, type_=ARRAY(Text)))


def encode_texts(connection: Connection, texts: Sequence[str]) -> str | list[str]:
    """Encode a list of texts as the parameter of `text_rows` or `is_one_of`."""
    return _json(texts) if connection.dialect.name == "sqlite" else list(texts)


def pair_rows(dialect: str) -> FromClause:
    """Rows (`document_key`, `user_id`) of a list of pairs.

    A subquery, as SQLite takes a common table expression for a million rows, and plans for that.
    """
    if dialect == "sqlite":
        value = func.json_each(bindparam("pairs")).table_valued("value").c.value
        return select(
            func.json_extract(value, "$[0]").label("document_key"),
            func.json_extract(value, "$[1]").label("user_id"),
        ).subquery("asked")
    lists = (
        bindparam("pair_keys", type_=ARRAY(BigInteger)),
        bindparam("pair_users", type_=ARRAY(Text)),
    )
    rows = func.unnest(*lists).table_valued("document_key", "user_id").render_derived().c
    return select(rows.document_key, rows.user_id).subquery("asked")


def encode_pairs(connection: Connection, pairs: Sequence[tuple[int, str]]) -> dict[str, Any]:
    """Encode pairs as the parameters of `pair_rows`; there is at least one."""
    if connection.dialect.name == "sqlite":
        return {"pairs": _json(pairs)}
    keys, user_ids = zip(*pairs, strict=True)
    return {"pair_keys": list(keys), "pair_users": list(user_ids)}


def _json(values: Sequence[Any]) -> str:
    return msgspec.json.encode(values).decode()
