"""What every event log keeps to: one suite over all implementations of `sync.port.EventLog`."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import pairwise
from random import Random

import pytest
from msgspec.structs import replace

from sync.port import (
    AuthorBinding,
    Checkpoint,
    DocumentRecord,
    EventLog,
    EventRecord,
    NewDocument,
    StoreError,
)
from sync.text.delta import Delta
from tests.contract.compacting_log import CompactingLog
from tests.contract.conftest import new_document, probe_value
from tests.contract.sample import append, append_next, event, open_log

pytestmark = pytest.mark.anyio

Create = Callable[[str], Awaitable[DocumentRecord]]


# Documents


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


# Appending


async def test_events_come_back_as_they_went_in(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    deltas: list[Delta] = [
        ("e\u0301 👩‍👩‍👧 \u202e\ufeff\U0010ffff ' \" \\ \n",),
        (3, "with \0 in it", -2, 2**53 - 1, -(2**53 - 1)),
        (),
        ("long " * 200_000,),
    ]
    events = [
        event(n, delta, update=b"" if n == 3 else bytes(range(256)) * n * n)
        for n, delta in enumerate(deltas, 1)
    ]
    await append(log, key, *events)
    assert await log.read(key, 0, 100, 100) == events
    assert await log.event(key, 2) == events[1]
    assert await log.find_id(key, "client:4") == events[3]
    assert await log.event(key, 5) is None
    assert await log.find_id(key, "client:5") is None
    assert await log.event(key + 1, 1) is None


async def test_insert_moves_the_heads_of_its_documents(log: EventLog, create: Create) -> None:
    a, b, c = [(await create(name)).key for name in "abc"]
    async with log.append() as transaction:
        heads = await transaction.lock_heads([c, a, b, 10**9])
        assert list(heads) == [a, b, c]
        events = [(b, event(1)), (a, event(1)), (b, event(2)), (b, event(3))]
        await transaction.insert(events, updated_at_ms=77)
        await transaction.insert([(a, event(2))], updated_at_ms=78)
    found = [await log.find(name) for name in "abc"]
    assert [(r.version, r.updated_at_ms) for r in found if r] == [(2, 78), (3, 77), (0, 1_000)]


async def test_concurrent_appenders_leave_no_gap(
    log: EventLog, database_url: str, create: Create
) -> None:
    key = (await create("notes")).key
    other = open_log(database_url)
    versions = await asyncio.gather(
        *(append_next((log, other)[n % 2], key, f"c{n}") for n in range(40))
    )
    await other.aclose()
    assert sorted(versions) == list(range(1, 41))
    logged = await log.read(key, 0, 40, 100)
    assert [found.version for found in logged] == list(range(1, 41))
    assert {found.id for found in logged} == {f"c{n}" for n in range(40)}


async def test_appenders_of_the_same_documents_in_any_order_do_not_deadlock(
    log: EventLog, database_url: str, create: Create
) -> None:
    keys = [(await create(name)).key for name in "abcd"]
    other = open_log(database_url)

    async def lock(store: EventLog, order: list[int], n: int) -> None:
        async with store.append() as transaction:
            heads = await transaction.lock_heads(order)
            events = [(k, event(heads[k].version + 1, event_id=f"e{n}")) for k in order]
            await transaction.insert(events, updated_at_ms=1)

    await asyncio.gather(
        *(lock(log, keys, n) for n in range(10)),
        *(lock(other, keys[::-1], n) for n in range(10, 20)),
    )
    await other.aclose()
    assert [len(await log.read(key, 0, 100, 100)) for key in keys] == [20] * 4


async def test_nothing_is_visible_before_commit(log: EventLog, create: Create) -> None:
    record = await create("notes")
    async with log.append() as transaction:
        await transaction.lock_heads([record.key])
        await transaction.insert(
            [(record.key, event(1))],
            authors=[AuthorBinding(record.key, 5, "u1")],
            checkpoints=[(record.key, Checkpoint(1, "x", b"state"))],
            updated_at_ms=2_000,
        )
        assert len(await transaction.read(record.key, 0, 10, 10)) == 1
        assert await log.read(record.key, 0, 10, 10) == []
        assert await log.checkpoint_at_or_before(record.key, 9) is None
        opened = await log.open("notes")
        assert opened is not None
        assert (opened.document, opened.tail, opened.authors) == (record, [], {})
    assert len(await log.read(record.key, 0, 10, 10)) == 1


async def test_exception_rolls_back(log: EventLog, create: Create) -> None:
    record = await create("notes")

    async def fail() -> None:
        async with log.append() as transaction:
            await transaction.lock_heads([record.key])
            await transaction.insert([(record.key, event(1))], updated_at_ms=2_000)
            raise LookupError("the room said no")

    with pytest.raises(LookupError, match="the room said no"):
        await fail()
    assert await log.find("notes") == record
    assert await log.read(record.key, 0, 10, 10) == []
    assert await append_next(log, record.key, "later") == 1


async def test_a_failed_statement_dooms_its_transaction(log: EventLog, create: Create) -> None:
    record = await create("notes")

    async def go_on_after_a_failure() -> None:
        async with log.append() as transaction:
            await transaction.lock_heads([record.key])
            await transaction.insert([(record.key, event(1, event_id="same"))], updated_at_ms=1)
            with suppress(StoreError):
                again = event(2, event_id="same")
                await transaction.insert([(record.key, again)], updated_at_ms=1)

    with pytest.raises(StoreError, match="rolled back"):
        await go_on_after_a_failure()
    assert await log.find("notes") == record
    assert await append_next(log, record.key, "same") == 1


async def test_text_roots_are_saved_with_the_events_that_decide_them(log: EventLog) -> None:
    records = [(await log.create(new_document(name, text_root="")))[0] for name in "abc"]
    a, b, c = [record.key for record in records]

    async def decide(*, fail: bool) -> None:
        async with log.append() as transaction:
            await transaction.lock_heads([a, b, c])
            events = [(a, event(1)), (b, event(1)), (c, event(1))]
            roots = [(a, "körper"), (c, "content")]
            await transaction.insert(events, text_roots=roots, updated_at_ms=2_000)
            assert await log.find("a") == records[0], "not visible before the commit"
            if fail:
                raise LookupError("the room said no")

    with pytest.raises(LookupError, match="the room said no"):
        await decide(fail=True)
    assert [await log.find(name) for name in "abc"] == records
    await decide(fail=False)
    opened = [await log.open(name) for name in "abc"]
    assert [o.document.text_root for o in opened if o] == ["körper", "", "content"]
    async with log.append() as transaction:
        heads = await transaction.lock_heads([a])
        assert (heads[a].text_root, heads[a].version) == ("körper", 1)


async def test_an_id_is_taken_once_per_document(log: EventLog, create: Create) -> None:
    a, b = [(await create(name)).key for name in "ab"]
    await append(log, a, event(1, event_id="same"))
    await append(log, b, event(1, event_id="same"))
    async with log.append() as transaction:
        found = await transaction.find_ids([(a, "same"), (b, "same"), (b, "other")])
        assert {place: each.version for place, each in found.items()} == {
            (a, "same"): 1,
            (b, "same"): 1,
        }
    if isinstance(log, CompactingLog):
        return  # of an id that is in a segment alone, `find_ids` is the only one to know
    with pytest.raises(StoreError):
        await append(log, a, event(2), event(3, event_id="same"))
    assert [each.version for each in await log.read(a, 0, 9, 9)] == [1]
    assert await append_next(log, a, "other") == 2


async def test_find_ids_across_documents(log: EventLog, create: Create) -> None:
    a, b = [(await create(name)).key for name in "ab"]
    await append(log, a, *(event(n, event_id=f"i{n}") for n in range(1, 600)))
    await append(log, b, event(1, event_id="i7"))
    wanted = [(key, f"i{n}") for key in (a, b, 10**9) for n in range(1200)]
    async with log.append() as transaction:
        found = await transaction.find_ids(wanted)
        assert await transaction.find_ids([]) == {}
        assert await transaction.find_ids([(a, 'quoted "\\ \n')]) == {}
    assert set(found) == {(a, f"i{n}") for n in range(1, 600)} | {(b, "i7")}
    assert found[a, "i7"] == event(7, event_id="i7")
    assert found[b, "i7"] == event(1, event_id="i7")


async def test_made_up_ids_are_found_and_hold_nobody_up(log: EventLog, create: Create) -> None:
    a, b = [(await create(name)).key for name in "ab"]

    def made_up(version: int, number: int, nonce: str) -> EventRecord:
        return event(version, event_id=f"s1-{number}-{nonce}")

    mine = [made_up(n, 2 * n, f"{n:012x}") for n in range(1, 4)]
    await append(log, a, *mine)
    await append(log, b, made_up(1, 2, "0" * 12))
    # Chosen by another session before it was made up, and with the same number by the same one.
    taken = replace(event(4, event_id="s1-8-00000000000a"), session="s2")
    await append(log, a, taken, made_up(5, 8, "00000000000b"), made_up(6, 8, "00000000000c"))
    await append(log, a, made_up(7, 8, "00000000000a"))

    ids = [f"s1-{number}-{n:012x}" for number in range(10) for n in range(16)]
    async with log.append() as transaction:
        found = await transaction.find_ids([(key, each) for key in (a, b) for each in ids])
    versions = {pair: each.version for pair, each in found.items()}
    expected = {(a, each.id): each.version for each in mine}
    expected |= {(b, "s1-2-000000000000"): 1}
    expected |= {(a, f"s1-8-00000000000{end}"): n for end, n in (("b", 5), ("c", 6))}
    assert versions.pop((a, "s1-8-00000000000a")) in (4, 7)
    assert versions == expected
    assert await log.find_id(a, mine[2].id) == mine[2]
    assert await log.find_id(b, mine[2].id) is None
    assert [each.id for each in await log.read(a, 0, 9, 9)] == [
        *(each.id for each in mine),
        *(f"s1-8-00000000000{end}" for end in "abca"),
    ]


async def test_writers_are_told_apart(log: EventLog, create: Create) -> None:
    a, b = [(await create(name)).key for name in "ab"]
    names = [("s1", "ada", "Ada"), ("s1", "ada", "Ada L."), ("s2", "ada", "Ada"), ("s1", "bob", "")]

    def of(version: int, name: tuple[str, str, str]) -> EventRecord:
        session, actor_id, actor_name = name
        return replace(event(version), session=session, actor_id=actor_id, actor_name=actor_name)

    async def fail() -> None:
        await append(log, a, *(of(n, name) for n, name in enumerate(names, 1)), event(9))

    with pytest.raises(ValueError, match="version"):
        await fail()
    written = [of(n, name) for n, name in enumerate(names * 2, 1)]
    for key in (a, b):
        await append(log, key, *written[:3])
        await append(log, key, *written[3:])
        assert await log.read(key, 0, 99, 99) == written


async def test_writer_of_a_rolled_back_transaction_is_not_remembered(
    log: EventLog, create: Create
) -> None:
    """Planted bug: its key is kept, and is another writer's by then."""
    key = (await create("notes")).key

    async def fail() -> None:
        async with log.append() as transaction:
            await transaction.lock_heads([key])
            await transaction.insert([(key, event(1, actor="eve"))], updated_at_ms=1)
            raise LookupError("the room said no")

    with pytest.raises(LookupError, match="the room said no"):
        await fail()
    written = [event(1, actor="ada"), event(2, actor="eve")]
    await append(log, key, *written)
    assert await log.read(key, 0, 9, 9) == written


@pytest.mark.parametrize("versions", [[2], [1, 3], [1, 1], [0]])
async def test_insert_refuses_a_gap(log: EventLog, create: Create, versions: list[int]) -> None:
    key = (await create("notes")).key
    events = [event(version, event_id=f"e{n}") for n, version in enumerate(versions)]
    with pytest.raises(ValueError, match="version"):
        await append(log, key, *events)
    assert await log.read(key, 0, 10, 10) == []


async def test_insert_refuses_a_head_that_is_not_locked(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    with pytest.raises(ValueError, match="not locked"):
        async with log.append() as transaction:
            await transaction.insert([(key, event(1))], updated_at_ms=1)


async def test_a_client_id_belongs_to_one_user(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key

    async def bind(user: str, *, version: int) -> None:
        async with log.append() as transaction:
            await transaction.lock_heads([key])
            bindings = [AuthorBinding(key, 2**53 - 1, user), AuthorBinding(key, 7 + version, user)]
            added = [(key, event(version))]
            await transaction.insert(added, authors=bindings, updated_at_ms=1)

    await bind("ada", version=1)
    await bind("ada", version=2)
    with pytest.raises(StoreError, match="another user"):
        await bind("eve", version=3)
    async with log.append() as transaction:
        assert await transaction.authors(key) == {2**53 - 1: "ada", 8: "ada", 9: "ada"}
    assert await log.event(key, 3) is None


# Reading


async def test_read_is_a_range(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    await append(log, key, *map(event, range(1, 21)))

    async def read(after: int, upto: int, limit: int) -> list[int]:
        expected = [found.version for found in await log.read(key, after, upto, limit)]
        async with log.append() as transaction:
            inside = await transaction.read(key, after, upto, limit)
        assert [found.version for found in inside] == expected
        return expected

    assert await read(0, 20, 100) == list(range(1, 21))
    assert await read(5, 8, 100) == [6, 7, 8]
    assert await read(5, 8, 2) == [6, 7]
    assert await read(18, 99, 100) == [19, 20]
    assert await read(8, 8, 100) == []
    assert await read(20, 99, 100) == []


async def test_history_filters_and_pages(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    events = [event(n, actor="ada" if n % 3 else "bob") for n in range(1, 13)]
    await append(log, key, *events)

    async def history(
        after: int | None = None,
        before: int | None = None,
        limit: int = 100,
        actor: str | None = None,
        *,
        descending: bool = False,
    ) -> list[int]:
        found = await log.history(
            key, after=after, before=before, limit=limit, actor=actor, descending=descending
        )
        assert all(events[each.version - 1] == each for each in found)
        return [each.version for each in found]

    assert await history() == list(range(1, 13))
    assert await history(descending=True, limit=3) == [12, 11, 10]
    assert await history(before=10, descending=True, limit=3) == [9, 8, 7]
    assert await history(after=3, before=7) == [4, 5, 6]
    assert await history(actor="bob") == [3, 6, 9, 12]
    assert await history(after=3, actor="bob", limit=2) == [6, 9]
    assert await history(before=12, actor="bob", limit=2, descending=True) == [9, 6]
    assert await history(actor="eve") == []


async def test_open_of_no_document_is_none(log: EventLog) -> None:
    assert await log.open("nowhere") is None


async def test_open_starts_at_the_newest_state(log: EventLog, create: Create) -> None:
    record = await create("notes")
    events = [event(n) for n in range(1, 11)]
    await append(log, record.key, *events)
    opened = await log.open("notes")
    assert opened is not None
    assert (opened.checkpoint, opened.tail) == (None, events)
    await log.save_checkpoint(record.key, Checkpoint(4, "xxxx", b"state 4", b"pairs"))
    await log.save_checkpoint(record.key, Checkpoint(8, "xxxxxxxx", None))
    opened = await log.open("notes")
    assert opened is not None
    assert opened.document.version == 10
    assert opened.checkpoint == Checkpoint(4, "xxxx", b"state 4", b"pairs")
    assert opened.tail == events[4:]


async def test_open_is_one_snapshot(log: EventLog, database_url: str, create: Create) -> None:
    key = (await create("notes")).key
    other = open_log(database_url)

    async def write() -> None:
        for n in range(1, 61):
            async with other.append() as transaction:
                await transaction.lock_heads([key])
                await transaction.insert(
                    [(key, event(n))],
                    authors=[AuthorBinding(key, n, "u1")],
                    checkpoints=[(key, Checkpoint(n, "x" * n, b"%d" % n))] if n % 3 == 0 else [],
                    updated_at_ms=n,
                )

    writing = asyncio.create_task(write())
    seen = set()
    while not writing.done():
        opened = await log.open("notes")
        assert opened is not None
        version = opened.document.version
        start = opened.checkpoint.version if opened.checkpoint else 0
        assert start == version - version % 3
        assert [found.version for found in opened.tail] == list(range(start + 1, version + 1))
        assert set(opened.authors) == set(range(1, version + 1))
        seen.add(version)
    await writing
    await other.aclose()
    assert len(seen) > 3


async def test_follow_gives_the_head_and_what_is_new(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    empty = await log.follow(key, 0, 10)
    assert empty is not None
    assert (empty.document.version, empty.events, empty.authors) == (0, [], {})
    events = [event(n) for n in range(1, 6)]
    async with log.append() as transaction:
        await transaction.lock_heads([key])
        await transaction.insert(
            [(key, each) for each in events],
            authors=[AuthorBinding(key, 7, "u1")],
            updated_at_ms=3,
        )
    await append(log, (await create("another")).key, event(1))
    for after, limit, news in ((0, 10, events), (2, 10, events[2:]), (1, 2, events[1:3])):
        found = await log.follow(key, after, limit)
        assert found is not None
        assert (found.document, found.events) == (await log.find("notes"), news)
        assert found.authors == {7: "u1"}
    for after in (5, 9):
        nothing = await log.follow(key, after, 10)
        assert nothing is not None
        assert (nothing.document.version, nothing.events) == (5, [])
    gone = await log.update_document("notes", deleted_at_ms=8, updated_at_ms=8)
    found = await log.follow(key, 5, 10)
    assert found is not None
    assert found.document == gone
    assert await log.follow(10**9, 0, 10) is None


async def test_follow_is_of_one_moment(log: EventLog, database_url: str, create: Create) -> None:
    key = (await create("notes")).key
    other = open_log(database_url)

    async def write() -> None:
        for n in range(1, 61):
            async with other.append() as transaction:
                await transaction.lock_heads([key])
                bound = [AuthorBinding(key, n, "u1")]
                await transaction.insert([(key, event(n))], authors=bound, updated_at_ms=n)

    writing = asyncio.create_task(write())
    seen = set()
    while not writing.done():
        found = await log.follow(key, 0, 100)
        assert found is not None
        version = found.document.version
        assert [each.version for each in found.events] == list(range(1, version + 1))
        # Whoever wrote an event is known with it.
        assert set(found.authors) >= set(range(1, version + 1))
        seen.add(version)
    await writing
    await other.aclose()
    assert len(seen) > 3


# Checkpoints


async def test_only_two_checkpoints_keep_their_state(log: EventLog, create: Create) -> None:
    a, b = [(await create(name)).key for name in "ab"]
    await log.save_checkpoint(b, Checkpoint(1, "b", b"b"))
    async with log.append() as transaction:
        saved = [(a, Checkpoint(1, "1", b"s1", b"p1")), (a, Checkpoint(2, "2", b"s2", b"p2"))]
        await transaction.insert([], checkpoints=saved, updated_at_ms=1)
    await log.save_checkpoint(a, Checkpoint(3, "3", None))
    await log.save_checkpoint(a, Checkpoint(4, "4", b"s4", b"p4"))
    assert [await log.checkpoint_at_or_before(a, n) for n in range(6)] == [
        None,
        Checkpoint(1, "1", None),
        Checkpoint(2, "2", b"s2", b"p2"),
        Checkpoint(3, "3", None),
        Checkpoint(4, "4", b"s4", b"p4"),
        Checkpoint(4, "4", b"s4", b"p4"),
    ]
    assert await log.checkpoint_at_or_before(b, 1) == Checkpoint(1, "b", b"b")


async def test_checkpoint_saved_again_keeps_its_state(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    text = "Ünïcode 😀 " * 100_000
    for state in (None, b"state", None):
        await log.save_checkpoint(key, Checkpoint(1, text, state, b"p" if state else b""))
    assert await log.checkpoint_at_or_before(key, 1) == Checkpoint(1, text, b"state", b"p")


async def test_document_opens_from_an_older_checkpoint_or_none(
    log: EventLog, create: Create
) -> None:
    key = (await create("notes")).key
    await append(log, key, *(event(version) for version in (1, 2, 3, 4)))
    await log.save_checkpoint(key, Checkpoint(2, "xx", b"s2"))
    await log.save_checkpoint(key, Checkpoint(3, "xxx", b"s3"))
    used: dict[int | None, tuple[int, list[int]]] = {}
    for before in (None, 4, 3, 2, 0):
        opened = await log.open("notes", before=before)
        assert opened is not None
        at = opened.checkpoint.version if opened.checkpoint else 0
        used[before] = at, [each.version for each in opened.tail]
    assert used == {
        None: (3, [4]),
        4: (3, [4]),
        3: (2, [3, 4]),
        2: (0, [1, 2, 3, 4]),
        0: (0, [1, 2, 3, 4]),
    }


async def test_checkpoints_of_large_texts_are_thinned_out(log: EventLog, create: Create) -> None:
    large, small = [(await create(name)).key for name in ("large", "small")]
    chance = Random(1)
    text = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=10_000))
    saved = range(500, 12_001, 500)
    for version in saved:
        await log.save_checkpoint(large, Checkpoint(version, text, b"state"))
        await log.save_checkpoint(small, Checkpoint(version, f"{version}", b"state"))

    async def kept(key: int) -> list[int]:
        found = [await log.checkpoint_at_or_before(key, version) for version in saved]
        return sorted({each.version for each in found if each is not None})

    assert await kept(small) == list(saved)
    versions = await kept(large)
    assert len(versions) <= 8
    assert versions[-2:] == [11_500, 12_000]
    distances = [b - a for a, b in pairwise([0, *versions])]
    assert max(distances) <= 2_500
    assert await log.checkpoint_at_or_before(large, 2_499) == Checkpoint(500, text, None)
    newest = await log.checkpoint_at_or_before(large, 11_999)
    assert newest == Checkpoint(11_500, text, b"state")


async def test_checkpoint_of_no_document_is_refused(log: EventLog) -> None:
    with pytest.raises(StoreError):
        await log.save_checkpoint(10**9, Checkpoint(1, "", b""))


# Cancellation, failure, end


async def test_cancelled_append_is_all_or_nothing_and_leaves_the_log_usable(
    log: EventLog, create: Create
) -> None:
    key = (await create("notes")).key
    stood = 0
    for n in range(40):
        task = asyncio.create_task(append_next(log, key, f"c{n}"))
        for _ in range(n % 20):
            await asyncio.sleep(0.0002)
        task.cancel()
        await asyncio.wait([task])
        found = await log.find_id(key, f"c{n}")
        stood += found is not None
        assert task.cancelled() or found is not None
        head = await log.find("notes")
        assert head is not None
        assert head.version == stood
    assert await append_next(log, key, "last") == stood + 1
    assert [e.version for e in await log.read(key, 0, 999, 999)] == list(range(1, stood + 2))


async def test_cancelled_reads_leave_the_log_usable(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    await append(log, key, *map(event, range(1, 200)))
    for _ in range(5):
        tasks = [asyncio.create_task(log.read(key, 0, 999, 999)) for _ in range(30)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    assert len(await log.read(key, 0, 999, 999)) == 199


async def test_lone_surrogate_is_a_store_error(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    with pytest.raises(StoreError):
        await append(log, key, event(1, ("\ud83d",)))
    with pytest.raises(StoreError):
        await log.save_checkpoint(key, Checkpoint(1, "\ud83d", None))
    assert await append_next(log, key, "later") == 1


async def test_relay_key_is_made_once_for_all(log: EventLog, database_url: str) -> None:
    other = open_log(database_url)
    keys = await asyncio.gather(*(each.relay_key() for each in (log, other) * 4))
    await other.aclose()
    assert set(keys) == {await log.relay_key()}
    assert len(keys[0]) == 32


async def test_nonce_secret_is_made_once_for_all(log: EventLog, database_url: str) -> None:
    other = open_log(database_url)
    secrets = await asyncio.gather(*(each.nonce_secret() for each in (log, other) * 4))
    await other.aclose()
    assert set(secrets) == {await log.nonce_secret()}
    assert len(secrets[0]) == 32
    assert secrets[0] != await log.relay_key()


async def test_ping_needs_an_answer(log: EventLog) -> None:
    await log.ping()
    await log.aclose()
    with pytest.raises(StoreError, match="closed"):
        await log.ping()
    with pytest.raises(StoreError, match="closed"):
        await append(log, 1, event(1))
    await log.aclose()


async def test_probe_commits_a_change_each_time(log: EventLog, database_url: str) -> None:
    seen = set()
    for _ in range(3):
        await log.probe_write()
        seen.add(await probe_value(database_url))
    assert len(seen) == 3
    await log.aclose()
    with pytest.raises(StoreError, match="closed"):
        await log.probe_write()


async def test_appends_are_counted_by_how_they_ended(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    await append(log, key, event(1))
    assert (log.committed_appends, log.failed_appends) == (1, 0)
    await log.aclose()
    with pytest.raises(StoreError):
        await append(log, key, event(2))
    assert (log.committed_appends, log.failed_appends) == (1, 1)


async def test_close_waits_for_the_transaction_under_way(
    log: EventLog, database_url: str, create: Create
) -> None:
    key = (await create("notes")).key
    async with log.append() as transaction:
        await transaction.lock_heads([key])
        closing = asyncio.create_task(log.aclose())
        await asyncio.sleep(0)
        await transaction.insert([(key, event(1))], updated_at_ms=1)
        assert not closing.done()
    await closing
    other = open_log(database_url)
    assert await other.event(key, 1) == event(1)
    await other.aclose()


async def test_log_outlives_its_process(database_url: str) -> None:
    first = open_log(database_url)
    record, _ = await first.create(new_document("notes"))
    await append(first, record.key, event(1))
    await first.aclose()
    second = open_log(database_url)
    assert await second.read(record.key, 0, 9, 9) == [event(1)]
    await second.aclose()
