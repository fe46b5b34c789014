"""The index of words in SQLite: an FTS5 table of texts that are segmented already."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, FromClause, Subquery, select, text

from storage.search.search_record import IndexedWords
from sync.text.wanted import Term

_remove = text("DELETE FROM search_index WHERE rowid = :key")
_put = text("INSERT INTO search_index (rowid, title, body) VALUES (:key, :title, :body)")


def put(connection: Connection, words: Sequence[IndexedWords]) -> None:
    """Index documents anew; there is at least one."""
    remove(connection, [each.key for each in words])
    rows = [
        {"key": each.key, "title": " ".join(each.title), "body": " ".join(each.body)}
        for each in words
    ]
    connection.execute(_put, rows)


def remove(connection: Connection, keys: Sequence[int]) -> None:
    """Remove documents; there is at least one."""
    connection.execute(_remove, [{"key": key} for key in keys])


def clear(connection: Connection) -> None:
    """Remove everything."""
    connection.execute(text("DELETE FROM search_index"))


def found(terms: Sequence[Term]) -> tuple[FromClause, dict[str, Any]]:
    """Return rows (`key`, `is_title`) of the documents that have all terms, and their values."""
    wanted = " AND ".join(map(_match, terms))
    anywhere, titled = _matching("anywhere"), _matching("in_title")
    is_title = anywhere.c.key.in_(select(titled.c.key)).label("is_title")
    values = {"anywhere": wanted, "in_title": f"title : ({wanted})"}
    return select(anywhere.c.key, is_title).subquery("found"), values


def _matching(parameter: str) -> Subquery:
    matching = text(f"SELECT rowid AS key FROM search_index WHERE search_index MATCH :{parameter}")
    return matching.columns(key=BigInteger).subquery(parameter)


def _match(term: Term) -> str:
    # Words have no quotation marks: those are punctuation.
    phrase = f'"{" ".join(term.words)}"'
    return f"{phrase} *" if term.is_beginning else phrase
