"""Full-text search in SQL: what a reader finds, and the writing of the index.

    the index of words ──▶ found, titles first, then by the last change ──▶ those that the reader
    (of each database)     and that are not deleted                         may read, page by page

The index is a moment behind the documents. Whether a document is deleted, and who may read it, is
asked of the documents themselves.
"""

from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Connection, bindparam, delete, insert, select, tuple_

from storage import catalogue
from storage.access import readable
from storage.engine import Database, Work
from storage.row import document_record
from storage.search import fts_index, vector_index
from storage.search.search_record import IndexedWords, Rank, SearchHit, SearchQuery, SearchText
from storage.table import documents, search_texts
from storage.time_bound import time_bound
from sync.permission import Reader

_INDEXES: Final[dict[str, ModuleType]] = {"sqlite": fts_index, "postgresql": vector_index}
_CHECKED_AT_ONCE: Final = 100
"""Documents whose readers are looked at in one statement."""
_MAX_CANDIDATES: Final = 20_000
"""The most documents that one page looks through: the first ones of those that match."""

_remove_texts = delete(search_texts).where(search_texts.c.document_key == bindparam("of_document"))
_columns = len(documents.c)


class SqlSearch:
    """Searches, and the index. Every method may raise `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self, query: SearchQuery, reader: Reader, now_ms: int, *, most_s: float = 60.0
    ) -> list[SearchHit]:
        """Return documents that have all terms and that a reader may read, best first.

        Raises:
            TooSlowError: it would take longer than `most_s`.
        """

        def work(connection: Connection) -> list[SearchHit]:
            with time_bound(connection, most_s) as require_time:
                return _find(connection, query, reader, now_ms, require_time)

        # A snapshot is one transaction, to which the bound belongs.
        return await self._database.read_snapshot(work)

    async def indexed(self, keys: Sequence[int]) -> dict[int, tuple[int, str]]:
        """Return version and title of those documents as they are indexed."""
        return await self._database.read(partial(_indexed, keys=keys))


def index_work(
    texts: Sequence[SearchText],
    words: Sequence[IndexedWords],
    gone: Sequence[int],
    *,
    is_first: bool,
) -> Work[None]:
    """Return the SQL that indexes documents anew, and removes others.

    Args:
        is_first: whatever is indexed is forgotten before.
    """

    def work(connection: Connection) -> None:
        index = _INDEXES[connection.dialect.name]
        if is_first:
            connection.execute(delete(search_texts))
            index.clear(connection)
        keys = [*(each.key for each in texts), *gone]
        if keys:
            connection.execute(_remove_texts, [{"of_document": key} for key in keys])
        if texts:
            connection.execute(insert(search_texts), [_row(each) for each in texts])
            index.put(connection, words)
        if gone:
            index.remove(connection, gone)

    return work


def _row(text: SearchText) -> dict[str, Any]:
    return {
        "document_key": text.key,
        "version": text.version,
        "title": text.title,
        "text": text.text,
    }


def _indexed(connection: Connection, keys: Sequence[int]) -> dict[int, tuple[int, str]]:
    condition, values = catalogue.has_key(connection, keys)
    statement = (
        select(search_texts.c.document_key, search_texts.c.version, search_texts.c.title)
        .join(documents, documents.c.key == search_texts.c.document_key)
        .where(condition)
    )
    return {key: (version, title) for key, version, title in connection.execute(statement, values)}


def _find(
    connection: Connection,
    query: SearchQuery,
    reader: Reader,
    now_ms: int,
    require_time: Callable[[], None],
) -> list[SearchHit]:
    values = readable.reader_values(connection, reader, now_ms)
    known = readable.gather(connection, values)
    candidates = _candidates(connection, query, known)
    chosen: list[Rank] = []
    hits: dict[int, SearchHit] = {}
    for start in range(0, len(candidates), _CHECKED_AT_ONCE):
        require_time()
        part = candidates[start : start + _CHECKED_AT_ONCE]
        allowed = _allowed(connection, [each.key for each in part], values)
        chosen += (each for each in part if each.key in allowed)
        if len(chosen) >= query.limit:
            break
    del chosen[query.limit :]
    require_time()
    hits = _hits(connection, chosen)
    return [hits[each.key] for each in chosen if each.key in hits]


def _candidates(connection: Connection, query: SearchQuery, known: list[int] | None) -> list[Rank]:
    """Return what matches and is not deleted, best first; of `known` documents, if not None."""
    found, values = _INDEXES[connection.dialect.name].found(query.terms)
    order = tuple_(found.c.is_title, documents.c.updated_at_ms, documents.c.key)
    statement = (
        select(found.c.is_title, documents.c.updated_at_ms, documents.c.key)
        .join_from(found, documents, documents.c.key == found.c.key)
        .where(documents.c.deleted_at_ms.is_(None))
    )
    if query.after is not None:
        seen = (
            bindparam("seen_title", type_=Boolean),
            bindparam("seen_ms", type_=BigInteger),
            bindparam("seen_key", type_=BigInteger),
        )
        statement = statement.where(order < tuple_(*seen))
        values |= {
            "seen_title": query.after.is_title,
            "seen_ms": query.after.updated_at_ms,
            "seen_key": query.after.key,
        }
    if known is not None:
        condition, keys = catalogue.has_key(connection, known)
        statement = statement.where(condition)
        values |= keys
    best = (found.c.is_title.desc(), documents.c.updated_at_ms.desc(), documents.c.key.desc())
    rows = connection.execute(statement.order_by(*best).limit(_MAX_CANDIDATES), values)
    return [Rank(bool(is_title), at_ms, key) for is_title, at_ms, key in rows]


def _allowed(connection: Connection, keys: Sequence[int], values: dict[str, Any]) -> set[int]:
    condition, key_values = catalogue.has_key(connection, keys)
    statement = select(documents.c.key).where(condition, readable.may_read(connection))
    return set(connection.scalars(statement, values | key_values))


def _hits(connection: Connection, chosen: Sequence[Rank]) -> dict[int, SearchHit]:
    condition, values = catalogue.has_key(connection, [each.key for each in chosen])
    ranks = {each.key: each for each in chosen}
    statement = (
        select(*documents.c, search_texts.c.text)
        .join(search_texts, search_texts.c.document_key == documents.c.key)
        .where(condition)
    )
    records = (
        (document_record(row[:_columns]), row[_columns])
        for row in connection.execute(statement, values)
    )
    return {record.key: SearchHit(record, ranks[record.key], text) for record, text in records}
