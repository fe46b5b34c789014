"""The index of words in PostgreSQL: for each document a vector of its words, below a GIN index.

A vector has no positions: PostgreSQL keeps no more than 256 for a word, and none behind the
16,383rd, so that phrases of long texts would be missed. A phrase is first looked for by its words,
and by pairs of characters that stand alone, and then in the words themselves. A text with more
words than a vector can have is looked at whenever somebody searches; it takes 100,000 different
ones.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Connection, FromClause, text

from storage.search.search_record import IndexedWords
from sync.text.segment import is_alone
from sync.text.wanted import Term

_MAX_VECTOR_BYTES: Final = 1_000_000
"""PostgreSQL takes 1 MiB."""

_remove = text("DELETE FROM search_index WHERE document_key = :key")
_put = text(
    "INSERT INTO search_index (document_key, title, body, title_words, words, is_partial) "
    "VALUES (:key, :title, :body, array_to_tsvector(CAST(:title_words AS text[])), "
    "array_to_tsvector(CAST(:words AS text[])), :is_partial)"
)


def put(connection: Connection, words: Sequence[IndexedWords]) -> None:
    """Index documents anew; there is at least one."""
    remove(connection, [each.key for each in words])
    connection.execute(_put, [_row(each) for each in words])


def remove(connection: Connection, keys: Sequence[int]) -> None:
    """Remove documents; there is at least one."""
    connection.execute(_remove, [{"key": key} for key in keys])


def clear(connection: Connection) -> None:
    """Remove everything."""
    connection.execute(text("DELETE FROM search_index"))


def found(terms: Sequence[Term]) -> tuple[FromClause, dict[str, Any]]:
    """Return rows (`key`, `is_title`) of the documents that have all terms, and their values."""
    phrases = {f"phrase_{n}": _pattern(term) for n, term in enumerate(terms)}
    in_title = " AND ".join(f"strpos(title, :{name}) > 0" for name in phrases)
    anywhere = " AND ".join(
        f"(strpos(body, :{name}) > 0 OR strpos(title, :{name}) > 0)"
        for name, term in zip(phrases, terms, strict=True)
        if len(term.words) > 1
    )
    matching = text(
        f"SELECT document_key AS key, "
        f"(title_words @@ CAST(:wanted AS tsquery) AND {in_title}) AS is_title "
        f"FROM search_index WHERE words @@ CAST(:wanted AS tsquery) AND {anywhere or 'true'} "
        f"UNION SELECT document_key, ({in_title}) FROM search_index WHERE is_partial AND "
        + " AND ".join(
            f"(strpos(body, :{name}) > 0 OR strpos(title, :{name}) > 0)" for name in phrases
        )
    )
    values = {**phrases, "wanted": " & ".join(part for term in terms for part in _lexemes(term))}
    return matching.columns(key=BigInteger, is_title=Boolean).subquery("found"), values


def _pattern(term: Term) -> str:
    """The text that a phrase is in `title` or `body`, where each word has a space at both sides."""
    return f" {' '.join(term.words)}{'' if term.is_beginning else ' '}"


def _lexemes(term: Term) -> Iterator[str]:
    """Yield what a vector must have, as a query of PostgreSQL; words have no quotation marks."""
    for n, word in enumerate(term.words, 1):
        is_beginning = term.is_beginning and n == len(term.words)
        yield f"'{word}':*" if is_beginning else f"'{word}'"
    for pair in _pairs(term.words):
        yield f"'{pair}'"


def _pairs(words: Sequence[str]) -> Iterator[str]:
    for one, other in pairwise(words):
        if is_alone(one) and is_alone(other):
            yield one + other


def _row(words: IndexedWords) -> dict[str, Any]:
    title = {*words.title, *_pairs(words.title)}
    lexemes, is_partial = _bounded({*title, *words.body, *_pairs(words.body)})
    return {
        "key": words.key,
        "title": f" {' '.join(words.title)} ",
        "body": f" {' '.join(words.body)} ",
        "title_words": sorted(title),
        "words": lexemes,
        "is_partial": is_partial,
    }


def _bounded(lexemes: set[str]) -> tuple[list[str], bool]:
    """Return as many as a vector can have, and whether some are left out."""
    kept: list[str] = []
    size = 0
    for each in lexemes:
        size += len(each.encode())
        if size > _MAX_VECTOR_BYTES:
            return kept, True
        kept.append(each)
    return kept, False
