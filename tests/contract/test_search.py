"""Full-text search on both databases: what is found is what a naive look at all texts finds.

Planted and caught, each alone: the text of the claimed version in place of the head; the index
written before the advance, in a transaction of its own; a claim that assigns the positions of one
step only; a document that is renamed and not indexed again; pairs of characters left out
(PostgreSQL), and phrases not looked at again; a partial vector that is not looked at; deleted
documents left in the results; readers not asked for; the cursor of pages without the key; a purged
document that stays in the index, or comes back to it.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from app.search import indexer as indexer_module
from app.search.indexer import SEARCH_CURSOR, Indexer, words_of
from app.service import writing_pause
from storage.access import readable
from storage.change_feed import SqlChangeFeed
from storage.engine import Work
from storage.feed_sequence import SEQUENCED_ROWS
from storage.search import sql_search, vector_index
from storage.search.search_record import Rank, SearchHit, SearchQuery
from storage.search.sql_search import SqlSearch
from storage.store import Store
from sync.changes import Claim
from sync.permission import EVERYONE, Reader
from sync.port import DocumentRecord, StoreError
from sync.text.delta import Delta, apply
from sync.text.title import derive_title
from sync.text.wanted import has_all, parse_query
from tests.contract.conftest import new_document, run_sql
from tests.contract.sample import append, append_next, event, open_whole
from tests.contract.steady_writing import note_rounds, rounds_while_writing
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

ANYBODY: Final = Reader("nobody", is_signed_in=False)
PUBLIC: Final = ((EVERYONE, "viewer"),)
HOSTILE: Final = (
    *("' OR 1=1 --", '" OR rowid > 0', "body:apple", "NEAR(apple, 1)", "^apple", "apple\\"),
    *("apple & !pear", "apple:*", "'x':* | 'apple'", "apple NOT apple"),
)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = open_whole(database_url)
    yield store
    await store.aclose()


@pytest.fixture
async def indexer(store: Store) -> Indexer:
    made = indexer_of(store)
    await made.start()
    return made


def indexer_of(store: Store) -> Indexer:
    return Indexer(store.log, store.log.changes, store.search)


async def catch_up(indexer: Indexer) -> None:
    while await indexer.round():
        pass


async def write(store: Store, name: str, text: str, *, title: str = "", at_ms: int = 1) -> int:
    """Create a document that everybody may read."""
    made = new_document(name, title=title, at_ms=at_ms, grants=PUBLIC)
    record, _ = await store.log.create(made)
    if text:
        await append(store.log, record.key, event(1, (text,)), at_ms=at_ms)
    return record.key


async def names(store: Store, query: str, reader: Reader = ANYBODY, limit: int = 50) -> list[str]:
    """All that is found, in pages."""
    found: list[str] = []
    after: Rank | None = None
    while page := await store.search.find(SearchQuery(parse_query(query), limit, after), reader, 0):
        found += [each.document.name for each in page]
        after = page[-1].rank
    return found


async def test_text_title_and_name_are_found(store: Store, indexer: Indexer) -> None:
    await write(store, "plan-2026", "Die Straße nach Süden")
    await write(store, "b", "", title="Résumé")
    await write(store, "c", "# Überschrift\n\n全文検索の例")
    await catch_up(indexer)
    for query, wanted in {
        "strasse": "plan-2026",
        "sued": None,
        "sud": "plan-2026",
        "plan": "plan-2026",
        "2026": "plan-2026",
        "resume": "b",
        "uberschr": "c",
        "検索": "c",
        "例": "c",
        "全文検索の例": "c",
        "検文": None,
        '"straße nach"': "plan-2026",
        '"nach straße"': None,
        "nach straße": "plan-2026",
    }.items():
        assert await names(store, query) == ([] if wanted is None else [wanted]), query


async def test_titles_come_first_then_the_last_changed(store: Store, indexer: Indexer) -> None:
    await write(store, "a", "apple", at_ms=1)
    await write(store, "b", "apple", at_ms=3)
    await write(store, "c", "", title="Apple pie", at_ms=2)
    await write(store, "d", "apple", at_ms=3)
    await catch_up(indexer)
    assert await names(store, "apple") == ["c", "d", "b", "a"]
    assert await names(store, "apple", limit=1) == ["c", "d", "b", "a"]


@pytest.mark.parametrize("most_gathered", [1_000, 0])
async def test_only_what_the_reader_may_read(
    store: Store, indexer: Indexer, monkeypatch: pytest.MonkeyPatch, most_gathered: int
) -> None:
    monkeypatch.setattr(readable, "MAX_GATHERED", most_gathered)
    monkeypatch.setattr(sql_search, "_CHECKED_AT_ONCE", 1)
    await write(store, "open", "secret")
    await store.log.create(new_document("closed", title="secret", owner_id="ada"))
    await catch_up(indexer)
    assert await names(store, "secret") == ["open"]
    assert await names(store, "secret", Reader("ada", is_signed_in=True)) == ["closed", "open"]


async def test_deleted_document_vanishes_at_once_and_comes_back_at_once(
    store: Store, indexer: Indexer
) -> None:
    key = await write(store, "a", "apple")
    await catch_up(indexer)
    await store.log.update_document("a", deleted_at_ms=5, updated_at_ms=5)
    assert await names(store, "apple") == []
    assert await store.shelf.restore(key, 6)
    assert await names(store, "apple") == ["a"]
    await catch_up(indexer)
    assert await names(store, "apple") == ["a"]


async def test_purged_document_leaves_nothing_in_the_index(store: Store, indexer: Indexer) -> None:
    key = await write(store, "a", "apple")
    await catch_up(indexer)
    await store.log.update_document("a", deleted_at_ms=5, updated_at_ms=5)
    assert await store.shelf.purge(key, 6)
    assert await store.search.indexed([key]) == {}
    assert await store.log._database.read(_indexed_rows) == 0
    await catch_up(indexer)
    assert await store.search.indexed([key]) == {}


def _indexed_rows(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM search_index").scalar_one())


async def test_rename_is_found_by_the_new_title_alone(store: Store, indexer: Indexer) -> None:
    await write(store, "a", "# Derived", title="Before")
    await catch_up(indexer)
    await store.log.update_document("a", title="After", updated_at_ms=5)
    await catch_up(indexer)
    assert (await names(store, "before"), await names(store, "after")) == ([], ["a"])
    await store.log.update_document("a", title="", updated_at_ms=6)
    await catch_up(indexer)
    assert (await names(store, "after"), await names(store, "derived")) == ([], ["a"])
    assert [hit.rank.is_title for hit in await _hits(store, "derived")] == [True]


async def _hits(store: Store, query: str) -> Sequence[SearchHit]:
    return await store.search.find(SearchQuery(parse_query(query), 9), ANYBODY, 0)


async def test_hostile_queries_find_nothing_and_break_nothing(
    store: Store, indexer: Indexer
) -> None:
    await write(store, "a", "apple")
    await catch_up(indexer)
    for query in HOSTILE:
        found = await names(store, query) if parse_query(query) else []
        naive = has_all([words_of("apple"), ["a"]], parse_query(query))
        assert found == (["a"] if naive else []), query


async def test_one_process_at_a_time_indexes(store: Store, indexer: Indexer) -> None:
    await write(store, "a", "apple")
    claim = await store.log.changes.claim(
        SEARCH_CURSOR, "other", limit=9, now_ms=1, lease_ms=1 << 50
    )
    assert claim is not None
    assert not await indexer.round()


async def test_index_is_built_anew_after_its_cursor_is_forgotten(
    store: Store, indexer: Indexer, database_url: str
) -> None:
    key = await write(store, "a", "apple")
    gone = await write(store, "b", "apple")
    await catch_up(indexer)
    await run_sql(database_url, "DELETE FROM search_index")
    await run_sql(
        database_url, f"UPDATE search_texts SET text = 'broken' WHERE document_key = {key}"
    )
    await run_sql(database_url, f"DELETE FROM search_texts WHERE document_key = {gone}")
    await store.log.changes.forget(SEARCH_CURSOR)
    with pytest.raises(StoreError):
        await indexer.round()
    await indexer.start()
    await catch_up(indexer)
    assert await names(store, "apple") == ["b", "a"]


async def test_text_with_what_no_database_keeps_is_indexed(store: Store, indexer: Indexer) -> None:
    await write(store, "a", "apple\0pie")
    await catch_up(indexer)
    assert await names(store, "pie") == ["a"]


async def test_damaged_log_keeps_no_other_document_from_being_found(
    store: Store, indexer: Indexer, database_url: str
) -> None:
    key = await write(store, "a", "apple", title="Damaged")
    await write(store, "b", "apple")
    await run_sql(database_url, f"DELETE FROM events WHERE document_key = {key}")
    await catch_up(indexer)
    assert await names(store, "apple") == ["b"]
    assert await names(store, "damaged") == ["a"]


async def test_more_words_than_a_vector_can_have(
    store: Store, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_index, "_MAX_VECTOR_BYTES", 40)
    await write(store, "a", " ".join(f"word{n}" for n in range(100)), title="Many")
    await write(store, "b", "word7")
    await catch_up(indexer)
    for n in (0, 7, 50, 99):
        wanted = ["b", "a"] if n == 7 else ["a"]
        assert sorted(await names(store, f'"word{n}"')) == sorted(wanted)
    assert await names(store, "many word50") == ["a"]
    assert await names(store, "word100") == []


async def test_vector_takes_as_many_different_words_as_a_document_can_have(
    store: Store, indexer: Indexer
) -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 20_000))) * 2 + " end"
    await write(store, "a", text + " ".join(f"{n:x}" for n in range(200_000)))
    await catch_up(indexer)
    assert await names(store, "end0 1 3f") == ["a"]


# --- random histories ---

WORDS: Final = (
    "apple",
    "app",
    "pie",
    "pear",
    "検索",
    "検",
    "索",
    "文検",
    "日本 語",
    "Ünï",
    "x-ray",
    "🎉",
)
QUERIES: Final = (
    *(*WORDS, "ap", '"app"', '"apple pie"', "apple pie", "検索 pie", "pea x", "uni", "語"),
    *("本語", "d1", '"pie 検"'),
)


class CrashError(Exception):
    """The process ends here."""


async def naive(store: Store, query: str) -> set[str]:
    """What a look at every text finds."""
    terms = parse_query(query)
    found: set[str] = set()
    for record in await store.log.list_documents(query=None, before=None, limit=1_000):
        text = await text_of(store, record)
        title = record.title or derive_title(text)
        if has_all([[*words_of(title), *words_of(record.name)], words_of(text)], terms):
            found.add(record.name)
    return found


async def text_of(store: Store, record: DocumentRecord) -> str:
    text = ""
    for each in await store.log.read(record.key, 0, record.version, 1_000):
        text = apply(text, each.ops)
    return text


async def change_something(store: Store, chance: random.Random, n: int) -> None:
    records = await store.log.list_documents(query=None, before=None, limit=1_000)
    words = " ".join(chance.choices(WORDS, k=chance.randrange(1, 5)))
    kind = chance.choice(("create", "edit", "edit", "edit", "rename", "delete", "restore", "purge"))
    if kind == "create" or not records:
        await write(store, f"d{n}", words, title=chance.choice(("", words)), at_ms=n)
        return
    record = chance.choice(records)
    match kind:
        case "edit":
            length = len(await text_of(store, record))
            kept = chance.randrange(1, length + 1) if length else 0
            # Everything after `kept` is replaced.
            ops: Delta = (kept, words, kept - length) if kept < length else (kept, words)
            ops = ops if kept else (words,)
            await append(store.log, record.key, event(record.version + 1, ops), at_ms=n)
        case "rename":
            title = chance.choice(("", words))
            await store.log.update_document(record.name, title=title, updated_at_ms=n)
        case "delete":
            await store.log.update_document(record.name, deleted_at_ms=n, updated_at_ms=n)
        case _:
            for name in (await store.shelf.expired(n + 1, 100))[:1]:
                trashed = await store.log.find(name)
                assert trashed is not None
                act = store.shelf.restore if kind == "restore" else store.shelf.purge
                await act(trashed.key, n)


class LosingSearch(SqlSearch):
    """Search in a process that ends before it has read what is indexed."""

    async def indexed(self, keys: Sequence[int]) -> dict[int, tuple[int, str]]:
        raise CrashError


class LosingFeed(SqlChangeFeed):
    """The feed in a process that ends before it advances, or in the transaction that does."""

    is_late = False

    async def advance(self, claim: Claim, upto: int, work: Work[object] | None = None) -> bool:
        def failing(connection: Connection) -> None:
            assert work is not None
            work(connection)
            raise CrashError

        if not self.is_late:
            raise CrashError
        return await super().advance(claim, upto, failing)


async def crash_in_a_round(store: Store, chance: random.Random) -> None:
    """Have a process end at some step of a round."""
    indexer, database = indexer_of(store), store.log._database
    match chance.randrange(4):
        case 0:
            await store.log.changes.claim(SEARCH_CURSOR, "crashed", limit=3, now_ms=0, lease_ms=1)
        case 1:
            indexer.search = LosingSearch(database)
        case step:
            feed = indexer.changes = LosingFeed(database)
            feed.is_late = step == 2
    with suppress(CrashError, StoreError):
        await indexer.round()
    # Its lease runs out.
    async with database.write() as transaction:
        await transaction.run(_let_leases_end)


def _let_leases_end(connection: Connection) -> None:
    connection.exec_driver_sql("UPDATE cursors SET held_until_ms = 0")


class SlowSearch(SqlSearch):
    """Search in a process that stands still after it has read heads, until its lease has ended."""

    overtake: Callable[[], Coroutine[Any, Any, None]]

    async def indexed(self, keys: Sequence[int]) -> dict[int, tuple[int, str]]:
        await self.overtake()
        return await super().indexed(keys)


async def test_round_whose_claim_was_lost_changes_nothing(store: Store, indexer: Indexer) -> None:
    await write(store, "first", "plum")
    await catch_up(indexer)
    key = await write(store, "a", "apple")
    slow, database = indexer_of(store), store.log._database
    search = slow.search = SlowSearch(database)

    async def overtake() -> None:
        await append(store.log, key, event(2, ("pear ",)))
        async with database.write() as transaction:
            await transaction.run(_let_leases_end)
        await catch_up(indexer)

    search.overtake = overtake
    await slow.round()
    assert await store.search.indexed([key]) == {key: (2, "")}
    assert await names(store, "pear") == ["a"]


async def test_document_purged_while_it_was_read_leaves_the_index(
    store: Store, indexer: Indexer
) -> None:
    await write(store, "first", "plum")
    await catch_up(indexer)
    key = await write(store, "a", "apple", title="Apple")
    search = indexer.search = SlowSearch(store.log._database)

    async def purge() -> None:
        await store.log.update_document("a", deleted_at_ms=5, updated_at_ms=5)
        await store.shelf.purge(key, 6)

    search.overtake = purge
    await indexer.round()
    indexer.search = store.search
    await catch_up(indexer)
    assert await store.search.indexed([key]) == {}
    assert await store.log._database.read(_indexed_rows) == 1


async def test_one_round_indexes_what_many_changes_are_about(
    store: Store, indexer: Indexer
) -> None:
    await catch_up(indexer)
    keys = [await write(store, name, "x") for name in ("a", "b", "c")]
    for version in range(2, SEQUENCED_ROWS):
        async with store.log.append() as transaction:
            await transaction.lock_heads(keys)
            new = event(version, ("x",), event_id=f"c:{version}")
            await transaction.insert([(key, new) for key in keys], updated_at_ms=version)
    for key in keys:
        await append(store.log, key, event(SEQUENCED_ROWS, ("apple ",)))
    assert await indexer.round()
    assert await names(store, "apple") == ["c", "b", "a"]
    assert not await indexer.round(), "nothing is left over"


@pytest.mark.parametrize("seed", range(4))
async def test_index_is_what_a_naive_look_finds_whatever_crashes(
    store: Store, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    documents, span, chars = ((5, 5, 1), (1, 9, 1_000), (2, 2, 1), (2, 7, 40))[seed]
    monkeypatch.setattr("app.search.indexer._DOCUMENTS", documents)
    monkeypatch.setattr("app.search.indexer._SPAN", span)
    monkeypatch.setattr("app.search.indexer._MAX_CHARS", chars)
    for n in range(3):
        await change_something(store, chance, n + 1)
    indexer = indexer_of(store)
    await indexer.start()
    for n in range(10, 60):
        await change_something(store, chance, n)
        match chance.randrange(6):
            case 0:
                await crash_in_a_round(store, chance)
            case 1 | 2:
                await indexer_of(store).round()
            case 3:
                # A text that changes while it is read.
                await asyncio.gather(
                    indexer_of(store).round(), change_something(store, chance, 1_000 + n)
                )
        if n % 10 == 9:
            await catch_up(indexer_of(store))
            for query in QUERIES:
                found = await names(store, query, limit=3)
                assert len(found) == len(set(found))
                assert set(found) == await naive(store, query), query


async def test_index_waits_until_those_who_write_pause(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing_pause, "BUSY_APPENDS", 0)
    monkeypatch.setattr(indexer_module, "_REST", 0.0)
    begun = note_rounds(monkeypatch, Indexer)
    pausing = indexer_of(store)
    pausing.pause_s = 0.5
    key = await write(store, "notes", "first")
    running = asyncio.create_task(pausing.run())
    async with asyncio.timeout(PATIENCE_S):
        while not await names(store, "notes"):
            await append_next(store.log, key, uuid4().hex)

        async def write_on() -> None:
            await append_next(store.log, key, uuid4().hex)

        assert await rounds_while_writing(write_on, begun, pausing.pause_s) == 0
        head = (await store.log.heads([key]))[key].version
        while (await store.search.indexed([key]))[key][0] < head:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    running.cancel()
    await asyncio.wait([running])
