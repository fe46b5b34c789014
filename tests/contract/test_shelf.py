"""Shelves and the trash on both databases: lists, marks, and what is brought back or removed.

Planted and caught, each alone: the marks of everybody; pages without the key in their order; titles
in another order than their pages; the trash of others; pins and tags without a bound; forgetting
pinned documents with the oldest opened ones; a purge that leaves a table out, or is not finished.
"""

import random
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from sqlalchemy import Connection, func, select

from storage.access.access_record import LinkRecord
from storage.fullness import FullError
from storage.retention import retention_rows
from storage.retention.retention_rule import RetentionRule
from storage.shelf import mark_rows, trash_rows
from storage.shelf.shelf_record import ListQuery, Marks, Place, Show, Sort
from storage.store import Store
from storage.table import documents, merged_events, metadata, search_texts
from storage.versions import blame_rows, version_rows
from storage.versions.named_version import SessionEnds
from sync.permission import EVERYONE, Claim, Grants, Reader, effective_role, user_subject
from sync.port import AuthorBinding, Checkpoint, DerivedTitle, DocumentRecord
from tests.contract.compacting_log import LATER_MS, PLAIN_RULE
from tests.contract.conftest import new_document, run_sql
from tests.contract.sample import event, open_whole

pytestmark = pytest.mark.anyio

ADA: Final = Reader("ada", is_signed_in=True)
BOB: Final = Reader("bob", is_signed_in=True)
PUBLIC: Final[Grants] = ((EVERYONE, "editor"),)
PERSONAL: Final[tuple[Show, ...]] = ("mine", "pinned", "trash")
SHOWS: Final[tuple[Show, ...]] = ("all", "mine", "shared", "pinned", "trash")
SORTS: Final[tuple[Sort, ...]] = ("updated", "created", "title", "opened")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = open_whole(database_url)
    yield store
    await store.aclose()


async def create(
    store: Store, name: str, title: str = "", *, owner: str = "ada", at_ms: int = 1
) -> int:
    made = new_document(name, title=title, owner_id=owner, at_ms=at_ms, grants=PUBLIC)
    return (await store.log.create(made))[0].key


async def listed(
    store: Store,
    reader: Reader = ADA,
    *,
    show: Show = "all",
    sort: Sort = "updated",
    tag: str | None = None,
    query: str | None = None,
    limit: int = 2,
) -> list[str]:
    names: list[str] = []
    before: Place | None = None
    while page := await store.shelf.page(
        ListQuery(
            reader=reader,
            now_ms=0,
            limit=limit,
            show=show,
            sort=sort,
            tag=tag,
            query=query,
            before=before,
        )
    ):
        names += [each.document.name for each in page]
        before = page[-1].place
    return names


async def test_orders_and_their_pages(store: Store) -> None:
    for n, (name, title) in enumerate(
        [("d", "beta"), ("c", "Alpha"), ("b", "alpha"), ("a", ""), ("e", "Zeta")]
    ):
        await create(store, name, title, at_ms=n // 2)
    assert await listed(store) == ["e", "a", "b", "c", "d"]
    assert await listed(store, sort="created") == ["e", "a", "b", "c", "d"]
    # Names stand in for missing titles; those alike come in the order of creation.
    assert await listed(store, sort="title") == ["a", "c", "b", "d", "e"]
    assert await listed(store, sort="opened") == []


async def test_filters_combine(store: Store) -> None:
    own = await create(store, "own", "Own one")
    other = await create(store, "other", "Other one", owner="bob")
    await store.shelf.set_pin("ada", other, 5)
    await store.shelf.set_tags("ada", own, ["work", "2026"])
    await store.shelf.set_template(other, is_template=True)
    assert await listed(store, show="mine") == ["own"]
    assert await listed(store, show="shared") == ["other"]
    assert await listed(store, show="pinned") == ["other"]
    assert await listed(store, show="templates") == ["other"]
    assert await listed(store, tag="work") == ["own"]
    assert await listed(store, tag="work", show="shared") == []
    assert await listed(store, query="one", show="mine") == ["own"]
    assert await listed(store, query="100%") == []


async def test_marks_are_ones_own(store: Store) -> None:
    key = await create(store, "a")
    await store.shelf.note_opened("ada", key, 7)
    await store.shelf.set_pin("ada", key, 8)
    await store.shelf.set_tags("ada", key, ["b", "a"])
    assert await store.shelf.marks("ada", [key]) == {key: Marks(7, 8, ("a", "b"))}
    assert await store.shelf.marks("bob", [key]) == {key: Marks()}
    assert await listed(store, BOB, show="pinned") == await listed(store, BOB, tag="a") == []
    assert await listed(store, BOB, sort="opened") == []
    assert (await store.shelf.tags("ada"), await store.shelf.tags("bob")) == (
        [("a", 1), ("b", 1)],
        [],
    )
    await store.shelf.set_pin("ada", key, None)
    await store.shelf.set_tags("ada", key, [])
    assert await store.shelf.marks("ada", [key]) == {key: Marks(7)}


async def test_who_is_nobody_has_no_shelf(store: Store) -> None:
    key = await create(store, "a")
    for reader in (
        Reader("ada", is_signed_in=False, is_unproven=True),
        Reader("ada", is_signed_in=True, is_scoped=True, claims=(Claim("*", "owner"),)),
    ):
        assert await listed(store, reader) == ["a"]
        for show in PERSONAL:
            assert await listed(store, reader, show=show) == []
        assert await listed(store, reader, sort="opened") == []
    await store.shelf.set_pin("ada", key, 1)
    unproven = Reader("ada", is_signed_in=False, is_unproven=True)
    page = await store.shelf.page(ListQuery(reader=unproven, now_ms=0, limit=9))
    assert [each.marks for each in page] == [Marks()]


async def test_only_the_last_opened_are_remembered(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [await create(store, f"d{n:03}") for n in range(mark_rows.MAX_OPENED + 3)]
    await store.shelf.set_pin("ada", keys[0], 1)
    for at_ms, key in enumerate(keys):
        await store.shelf.note_opened("ada", key, at_ms + 1)
    found = await listed(store, sort="opened", limit=100)
    assert found == [f"d{n:03}" for n in range(len(keys) - 1, 2, -1)]
    assert await store.shelf.marks("ada", keys[:2]) == {keys[0]: Marks(None, 1), keys[1]: Marks()}


async def test_pins_and_tags_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mark_rows, "MAX_PINNED", 1)
    monkeypatch.setattr(mark_rows, "MAX_TAGGED", 2)
    one, other = await create(store, "one"), await create(store, "other")
    await store.shelf.set_pin("ada", one, 1)
    await store.shelf.set_pin("ada", one, 2)
    with pytest.raises(FullError):
        await store.shelf.set_pin("ada", other, 2)
    await store.shelf.set_tags("ada", one, ["a", "b"])
    with pytest.raises(FullError):
        await store.shelf.set_tags("ada", other, ["a"])
    assert await store.shelf.marks("ada", [other]) == {other: Marks()}
    assert await store.shelf.tags("ada") == [("a", 1), ("b", 1)]


async def test_trash_is_its_owners(store: Store) -> None:
    key = await create(store, "a")
    await create(store, "b", owner="bob")
    shared = await create(store, "c", owner="bob")
    await store.access.set_grant(shared, user_subject("ada"), "owner", 1)
    for name in "abc":
        await store.log.update_document(name, deleted_at_ms=9, updated_at_ms=9)
    assert await listed(store) == []
    assert await listed(store, show="trash") == ["c", "a"]
    assert await listed(store, BOB, show="trash") == ["c", "b"]
    assert await store.shelf.restore(key, 10)
    assert not await store.shelf.restore(key, 11)
    assert (await listed(store), await listed(store, show="trash")) == (["a"], ["c"])


async def fill(store: Store, name: str) -> int:
    """A document with a row in every table that there is for documents."""
    key = await create(store, name, "Title")
    async with store.log.append() as transaction:
        await transaction.lock_heads([key])
        await transaction.insert(
            [(key, event(n, event_id=f"c:{n}")) for n in range(1, 57)],
            authors=[AuthorBinding(key, 5, "ada")],
            checkpoints=[(key, Checkpoint(1, "x", b"state"))],
            updated_at_ms=5,
        )
    assert await store.compaction.step(key, PLAIN_RULE, LATER_MS) == 50
    assert await store.compaction.remove_rows(key) == 50
    secret = f"secret of {name}".encode()
    await store.access.create_link(LinkRecord(name, key, secret, "viewer", "ada", 1))
    await store.access.redeem(secret, "bob", 2)
    await store.shelf.note_opened("bob", key, 3)
    await store.shelf.set_tags("bob", key, ["t"])
    async with store.log._database.write() as transaction:
        await transaction.run(lambda connection: _fill_search(connection, key))
    return key


def _fill_search(connection: Connection, key: int) -> None:
    named = SessionEnds(key, 3, None, ((3, 3),))
    version_rows.put_automatic(connection, [named], 4)
    blame_rows.save(connection, key, 3, b"blame")
    retention_rows.put(connection, key, RetentionRule("drop", days=1))
    merged = {"last_version": 3, "first_version": 1, "from_ms": 1, "to_ms": 3, "data": b"merged"}
    connection.execute(merged_events.insert(), {"document_key": key, **merged})
    row = {"document_key": key, "version": 3, "title": "T", "text": "xxx"}
    connection.execute(search_texts.insert(), row)


def _counts(connection: Connection, key: int) -> dict[str, int]:
    return {
        table.name: connection.execute(
            select(func.count()).select_from(table).where(table.c.document_key == key)
        ).scalar_one()
        for table in metadata.sorted_tables
        if "document_key" in table.c and table not in trash_rows.KEPT
    }


async def test_purge_leaves_the_name_and_nothing_else(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash_rows, "_EVENTS_AT_ONCE", 2)
    key, other = await fill(store, "a"), await fill(store, "b")
    before = await store.log._database.read(lambda connection: _counts(connection, key))
    assert all(before.values()), "a table of documents that this test does not fill"
    assert not await store.shelf.purge(key, 9), "it is not in the trash"
    await store.log.update_document("a", deleted_at_ms=9, updated_at_ms=9)
    assert await store.shelf.purge(key, 10)
    assert not await store.shelf.purge(key, 10)
    assert not await store.shelf.restore(key, 10)
    # What somebody had read before, and writes now.
    await store.log.set_derived_titles([DerivedTitle(key, 9, "Secret")])
    await store.log.update_document("a", title="Secret", updated_at_ms=11)
    counts = await store.log._database.read(lambda connection: _counts(connection, key))
    assert not any(counts.values()), counts
    assert before == await store.log._database.read(lambda connection: _counts(connection, other))
    record = await store.log.find("a")
    assert record is not None
    assert (record.version, record.shown_title, record.owner_id) == (0, "", "")
    assert (record.deleted_at_ms, record.purged_at_ms) == (9, 10)
    again, created = await store.log.create(new_document("a"))
    assert (again.key, created) == (key, False)
    assert await listed(store, show="trash") == []


async def test_purge_that_a_crash_has_cut_short_is_finished(
    store: Store, database_url: str
) -> None:
    key = await fill(store, "a")
    await store.log.update_document("a", deleted_at_ms=9, updated_at_ms=9)
    async with store.log._database.write() as transaction:
        await transaction.run(lambda connection: trash_rows.empty(connection, key, 10))
    assert await store.shelf.finish_purges() == 1
    assert await store.shelf.finish_purges() == 0
    counts = await store.log._database.read(lambda connection: _counts(connection, key))
    assert not any(counts.values()), counts


async def test_only_what_is_old_enough_has_expired(store: Store, database_url: str) -> None:
    for n, name in enumerate("abc"):
        await create(store, name)
        await store.log.update_document(name, deleted_at_ms=10 + n, updated_at_ms=9)
    await create(store, "d")
    assert await store.shelf.expired(12, 9) == ["a", "b"]
    assert await store.shelf.expired(12, 1) == ["a"]
    await run_sql(database_url, "UPDATE documents SET purged_at_ms = 1 WHERE name = 'a'")
    assert await store.shelf.expired(12, 9) == ["b"]


@pytest.mark.parametrize("seed", range(3))
async def test_lists_are_what_a_naive_look_finds(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    for n in range(25):
        grants: Grants = PUBLIC if chance.random() < 0.5 else ()
        owner = chance.choice(("ada", "bob"))
        title = chance.choice(("", "Same", "same", "Ähnlich", "zz", "\U0001f389", "10% off"))
        made = new_document(
            f"d{n}", title=title, owner_id=owner, at_ms=chance.randrange(5), grants=grants
        )
        record, _ = await store.log.create(made)
        if chance.random() < 0.3:
            await store.shelf.set_pin("ada", record.key, 1)
        if chance.random() < 0.3:
            await store.shelf.set_tags("ada", record.key, ["t"])
        if chance.random() < 0.5:
            await store.shelf.note_opened("ada", record.key, chance.randrange(1, 5))
        if chance.random() < 0.2:
            await store.log.update_document(record.name, deleted_at_ms=4, updated_at_ms=4)
    everything = [await store.log.find(f"d{n}") for n in range(25)]
    for sort in SORTS:
        for show in SHOWS:
            for tag in (None, "t"):
                if show == "trash" and (sort == "opened" or tag):
                    continue
                expected = await naive(store, everything, sort, show, tag)
                found = await listed(store, show=show, sort=sort, tag=tag, limit=3)
                assert found == expected, (sort, show, tag)


async def naive(
    store: Store, everything: list[DocumentRecord | None], sort: Sort, show: Show, tag: str | None
) -> list[str]:
    """The list of Ada, from a look at every document."""
    chosen: list[tuple[Any, int, str]] = []
    for each in everything:
        assert each is not None
        mark = (await store.shelf.marks("ada", [each.key]))[each.key]
        standing = await store.access.standing(each.key, "ada")
        is_listed = {
            "all": True,
            "mine": each.owner_id == "ada",
            "shared": each.owner_id != "ada",
            "pinned": mark.pinned_at_ms is not None,
            "trash": each.owner_id == "ada",
        }[show]
        if (
            (each.deleted_at_ms is None) == (show != "trash")
            and effective_role(standing, ADA, each.name, 0)
            and is_listed
            and (tag is None or tag in mark.tags)
            and (sort != "opened" or mark.opened_at_ms is not None)
        ):
            place = {
                "updated": each.updated_at_ms,
                "created": each.created_at_ms,
                "title": (each.shown_title or each.name).lower(),
                "opened": mark.opened_at_ms,
            }[sort]
            chosen.append((place, each.key, each.name))
    return [name for _, _, name in sorted(chosen, reverse=sort != "title")]


def test_every_table_of_documents_is_removed_or_kept_on_purpose() -> None:
    belonging = {table.name for table in trash_rows.belonging()}
    kept = {table.name for table in trash_rows.KEPT}
    with_key = {table.name for table in metadata.sorted_tables if "document_key" in table.c}
    assert belonging | kept == with_key
    assert documents.name not in with_key
