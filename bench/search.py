"""The time that a search over 10,000 documents takes, on both databases, and their indexing.

A search is for a word of every document, for a rare one, for the beginnings of words, for a phrase,
and for a part of a Japanese sentence. The reader may read all documents, which is the worst case.
"""

import random
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

from app.search.indexer import Indexer
from bench.figures import latencies_ms
from storage.migrate import upgrade
from storage.search.search_record import SearchQuery
from storage.store import Store, open_store
from sync.permission import SIGNED_IN, Reader
from sync.port import EventRecord, NewDocument
from sync.text.wanted import parse_query

DOCUMENTS: Final = 10_000
WORDS: Final = 300
"""In each document."""
RUNS: Final = 10
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_JAPANESE: Final = "全文検索の例です"


async def search(documents: int = DOCUMENTS, database_url: str | None = None) -> dict[str, Any]:
    """Search as many documents, in SQLite unless another database is named."""
    with TemporaryDirectory() as folder:
        url = database_url or f"sqlite+aiosqlite:///{folder}/quire.db"
        await upgrade(url)
        store = open_store(url)
        try:
            chance = random.Random(1)
            words = [
                "".join(chance.choices(_LETTERS, k=chance.randint(3, 10))) for _ in range(20_000)
            ]
            await _fill(store, chance, words, documents)
            begun = perf_counter()
            indexer = Indexer(store.log, store.log.changes, store.search)
            await indexer.start()
            while await indexer.round():
                pass
            indexed_s = perf_counter() - begun
            queries = {
                "every_document": words[0],
                "two_words": f"{words[0]} {words[1]}",
                "rare_word": words[5_000],
                "one_letter": words[0][:1],
                "two_letters": words[1][:2],
                "phrase": f'"{words[0]} {words[1]}"',
                "japanese": "検索",
                "nothing": "qqqqqqqq",
            }
            found = {name: await _search(store, query) for name, query in queries.items()}
        finally:
            await store.aclose()
    return {
        "name": "search",
        "documents": documents,
        "indexed_s": round(indexed_s, 1),
        "slowest_p50_ms": max(each["p50_ms"] for each in found.values()),
        **found,
    }


async def _search(store: Store, query: str) -> dict[str, float]:
    reader = Reader("somebody", is_signed_in=True)
    wanted = SearchQuery(parse_query(query), 21)
    await store.search.find(wanted, reader, 0)
    took: list[float] = []
    for _ in range(RUNS):
        begun = perf_counter()
        await store.search.find(wanted, reader, 0)
        took.append(perf_counter() - begun)
    return latencies_ms(took)


async def _fill(store: Store, chance: random.Random, words: Sequence[str], count: int) -> None:
    weights = [1 / (n + 10) for n in range(len(words))]
    for n in range(count):
        title = " ".join(chance.choices(words, weights, k=4))
        text = " ".join(chance.choices(words, weights, k=WORDS))
        if n % 100 == 0:
            text += f" {_JAPANESE}"
        new = NewDocument(f"d{n}", title, "content", "e", n, "o", n, ((SIGNED_IN, "editor"),))
        record, _ = await store.log.create(new)
        event = EventRecord(1, "c:1", (text,), b"\0\0", "o", "O", "s", n, b"d" * 16)
        async with store.log.append() as transaction:
            await transaction.lock_heads([record.key])
            await transaction.insert([(record.key, event)], updated_at_ms=n)
