"""The contract of every event log: the documents of its catalogue."""

import asyncio

import pytest

from sync.port import DocumentRecord, EventLog, NewDocument
from tests.contract.conftest import new_document
from tests.contract.sample import Create, append, event, open_log

pytestmark = pytest.mark.anyio


async def test_create_gives_the_empty_document(log: EventLog) -> None:
    record, created = await log.create(new_document("notes", title="Notizen 📝", at_ms=5))
    assert created
    assert record == DocumentRecord(
        key=record.key,
        name="notes",
        title="Notizen 📝",
        text_root="content",
        epoch="8f14e45f",
        version=0,
        crdt_client_id=2**53 - 1,
        owner_id="u-owner",
        created_at_ms=5,
        updated_at_ms=5,
        deleted_at_ms=None,
    )
    assert await log.find("notes") == record
    assert await log.find("Notes") is None


async def test_create_of_a_taken_name_gives_the_first(log: EventLog, create: Create) -> None:
    first = await create("notes")
    again, created = await log.create(new_document("notes", title="Another", at_ms=9))
    assert (again, created) == (first, False)


async def test_create_race_has_one_winner(log: EventLog, database_url: str) -> None:
    other = open_log(database_url)
    new: list[NewDocument] = [new_document("race", title=str(n)) for n in range(10)]
    results = await asyncio.gather(
        *((log, other)[n % 2].create(document) for n, document in enumerate(new))
    )
    await other.aclose()
    assert [created for _, created in results].count(True) == 1
    assert len({record for record, _ in results}) == 1


async def test_update_changes_title_and_marks_deleted(log: EventLog, create: Create) -> None:
    await create("notes")
    renamed = await log.update_document("notes", title="New", updated_at_ms=7)
    assert renamed is not None
    assert (renamed.title, renamed.updated_at_ms, renamed.deleted_at_ms) == ("New", 7, None)
    deleted = await log.update_document("notes", deleted_at_ms=8, updated_at_ms=8)
    assert deleted is not None
    assert (deleted.title, deleted.deleted_at_ms) == ("New", 8)
    assert await log.find("notes") == deleted
    assert await log.create(new_document("notes")) == (deleted, False)
    assert await log.list_documents(query=None, before=None, limit=10) == []
    opened = await log.open("notes")
    assert opened is not None
    assert opened.document == deleted


async def test_text_root_changes_while_no_event_can_have_changed_the_text(
    log: EventLog, create: Create
) -> None:
    async def change(name: str, root: str, title: str | None = None) -> tuple[str, str]:
        changed = await log.update_document(name, title=title, text_root=root, updated_at_ms=7)
        assert changed is not None
        assert await log.find(name) == changed
        return changed.text_root, changed.title

    await create("empty")
    await log.create(new_document("undecided", text_root=""))
    for name in ("empty", "undecided"):
        assert await change(name, "körper") == ("körper", "A title")
        assert await change(name, "body", "New") == ("body", "New")
    for name in ("written", "begun"):
        await log.create(new_document(name, text_root="" if name == "begun" else "content"))
        record = await log.find(name)
        assert record is not None
        await append(log, record.key, event(1))
    assert await change("begun", "body") == ("body", "A title")
    for name, root in (("begun", "body"), ("written", "content")):
        before = await log.find(name)
        assert await change(name, "other", "New") == (root, "A title")
        assert await log.find(name) == before, "refused as a whole"
        assert await change(name, root, "New") == (root, "New")


async def test_update_of_no_document_is_none(log: EventLog) -> None:
    assert await log.update_document("nowhere", title="x", updated_at_ms=1) is None


async def test_list_is_newest_first_and_paged(log: EventLog) -> None:
    for n, at_ms in enumerate([10, 30, 20, 20, 20]):
        await log.create(new_document(f"d{n}", at_ms=at_ms))
    names: list[str] = []
    before: tuple[int, int] | None = None
    while page := await log.list_documents(query=None, before=before, limit=2):
        assert len(page) <= 2
        names += [record.name for record in page]
        before = (page[-1].updated_at_ms, page[-1].key)
    assert names == ["d1", "d4", "d3", "d2", "d0"]


@pytest.mark.parametrize(
    ("query", "found"),
    [("PLAN", {"plan", "a"}), ("ärger", {"b"}), ("100%", {"c"}), ("%", {"c"}), ("_", set())],
)
async def test_list_finds_in_titles_and_names(log: EventLog, query: str, found: set[str]) -> None:
    for name, title in [("plan", "x"), ("a", "My Plan"), ("b", "ÄRGER"), ("c", "100% sure")]:
        await log.create(new_document(name, title=title))
    listed = await log.list_documents(query=query, before=None, limit=10)
    assert {record.name for record in listed} == found


async def test_heads_are_those_of_the_documents_there_are(log: EventLog, create: Create) -> None:
    a, b = await create("a"), await create("b")
    await append(log, b.key, event(1), event(2), at_ms=7)
    moved = await log.find("b")
    assert moved is not None
    assert (moved.version, moved.updated_at_ms) == (2, 7)
    assert await log.heads([b.key, 10**9, a.key, b.key]) == {a.key: a, b.key: moved}
    assert await log.heads([]) == {}
    async with log.append() as transaction:
        await transaction.lock_heads([a.key])
        await transaction.insert([(a.key, event(1))], updated_at_ms=8)
        assert await log.heads([a.key]) == {a.key: a}, "as committed, and without waiting"
