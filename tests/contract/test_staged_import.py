"""Documents that are brought in: unseen until they are whole, on both databases."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from storage.store import Store, open_store
from storage.versions.named_version import NamedVersion, VersionQuery
from sync.permission import EVERYONE
from sync.port import Checkpoint, EventRecord, NewDocument
from sync.submission import update_digest

pytestmark = pytest.mark.anyio

NEW = NewDocument("notes", "Notes", "content", "epoch", 7, "ann", 9_000, ((EVERYONE, "viewer"),))
NAMED = NamedVersion(0, "draft", 2, "why", False, "ann", "Ann", 5, 6)


def events(count: int) -> list[EventRecord]:
    return [
        EventRecord(
            version,
            f"s-{version}-0123456789ab" if version % 2 else f"tag.{version}",
            (version - 1, "x") if version > 1 else ("x",),
            b"%d" % version,
            "ann",
            "Ann",
            "s" if version < 4 else "t",
            1_000 + version,
            update_digest(b"%d" % version),
        )
        for version in range(1, count + 1)
    ]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = open_store(database_url)
    yield store
    await store.aclose()


async def begun(store: Store) -> int:
    key = await store.imports.begin(1_000)
    for at in (0, 3):
        assert await store.imports.add(key, events(6)[at : at + 3], None, 2_000)
    assert await store.imports.add(key, (), Checkpoint(6, "x" * 6, b"state"), 2_000)
    return key


async def test_document_is_there_whole_once_it_is_finished(store: Store) -> None:
    key = await begun(store)
    assert await store.log.find("notes") is None
    assert await store.log.list_documents(query=None, before=None, limit=10) == []
    made = await store.imports.finish(key, NEW, 6, [(7, ""), (8, "ann")], [NAMED])
    assert made is not None
    assert made == await store.log.find("notes")
    assert (made.key, made.version, made.epoch, made.owner_id) == (key, 6, "epoch", "ann")
    assert (made.deleted_at_ms, made.purged_at_ms) == (None, None)
    assert await store.log.read(key, 0, 6, 10) == events(6)
    found = await store.log.find_id(key, "s-3-0123456789ab")
    assert found == events(6)[2]
    opened = await store.log.open("notes")
    assert opened is not None
    assert opened.checkpoint == Checkpoint(6, "x" * 6, b"state")
    assert opened.authors == {7: "", 8: "ann"}
    query = VersionQuery(key, "named", None, 10, 10_000)
    assert await store.versions.page(query) == [replace(NAMED, document_key=key)]
    listed = await store.log.list_documents(query=None, before=None, limit=10)
    assert [document.name for document in listed] == ["notes"]


async def test_name_that_is_taken_meanwhile_is_told(store: Store) -> None:
    key = await begun(store)
    other, _ = await store.log.create(NEW)
    assert await store.imports.finish(key, NEW, 6, [], []) is None
    assert await store.log.find("notes") == other
    await store.imports.give_up(key)
    await store.shelf.finish_purges()
    assert await store.log.read(key, 0, 6, 10) == []


async def test_one_that_was_given_up_takes_nothing_more(store: Store) -> None:
    key = await begun(store)
    assert await store.imports.give_up_left(2_000) == 0
    assert await store.imports.give_up_left(2_001) == 1
    assert not await store.imports.add(key, events(7)[6:], None, 3_000)
    assert await store.imports.finish(key, NEW, 6, [], []) is None
    await store.shelf.finish_purges()
    assert await store.log.read(key, 0, 7, 10) == []
    assert await store.imports.give_up_left(9_000) == 0


async def test_finished_one_is_not_given_up(store: Store) -> None:
    key = await begun(store)
    assert await store.imports.finish(key, NEW, 6, [], []) is not None
    assert await store.imports.give_up_left(99_000) == 0
    await store.imports.give_up(key)
    await store.shelf.finish_purges()
    assert await store.log.read(key, 0, 6, 10) == events(6)
