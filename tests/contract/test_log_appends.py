"""The contract of every event log: events in transactions, in order, each once."""

import asyncio
from contextlib import suppress

import pytest
from msgspec.structs import replace

from sync.port import AuthorBinding, Checkpoint, EventLog, EventRecord, StoreError
from sync.text.delta import Delta
from tests.contract.compacting_log import CompactingLog
from tests.contract.conftest import new_document
from tests.contract.sample import Create, append, append_next, event, open_log

pytestmark = pytest.mark.anyio


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
