"""Authored deltas: what both databases read in columns is what they read event by event."""

from random import Random

import pytest
from msgspec.structs import replace

from sync.port import EventLog, EventRecord, StoreError
from sync.text.authored import AuthoredDeltas
from sync.text.delta import Delta
from tests.contract.conftest import run_sql
from tests.contract.sample import Create, append, event

pytestmark = pytest.mark.anyio

MUCH = 1 << 30

Told = tuple[int, Delta, int, str, str, str]


def told(found: AuthoredDeltas) -> list[Told]:
    """Each event that columns tell of."""
    people = [(each.actor_id, each.actor_name, each.session) for each in found.writers]
    assert len(set(people)) == len(people)
    rows = zip(found.ops, found.at_ms, found.writer, strict=True)
    return [
        (found.after + n, ops, at_ms, *people[writer])
        for n, (ops, at_ms, writer) in enumerate(rows, 1)
    ]


def plain(records: list[EventRecord]) -> list[Told]:
    return [
        (each.version, each.ops, each.at_ms, each.actor_id, each.actor_name, each.session)
        for each in records
    ]


@pytest.mark.parametrize("seed", range(3))
async def test_columns_tell_what_events_do(log: EventLog, create: Create, seed: int) -> None:
    chance = Random(seed)
    key, other = (await create("notes")).key, (await create("other")).key
    count = chance.choice([1, 63, 64, 65, 700])
    deltas: list[Delta] = [("x",), (), (3, "ü🎉\0"), (1, -2), ("y" * 300, -1, 4, "z")]
    records = [
        replace(
            event(n, chance.choice(deltas), actor=chance.choice("abc")),
            session=chance.choice(["s1", "http-1", "restore-1-aa"]),
            at_ms=chance.randrange(10_000),
        )
        for n in range(1, count + 1)
    ]
    await append(log, key, *records)
    await append(log, other, event(1, actor="stranger"))
    for _ in range(6):
        after = chance.randrange(0, count)
        upto = chance.randrange(after, count) + 1
        found = await log.authored(key, after, upto, MUCH)
        assert told(found) == plain(await log.read(key, after, upto, count))
        assert (found.after, found.upto) == (after, upto)
        assert {writer.actor_id for writer in found.writers} <= set("abc")
    nothing = await log.authored(key, count, count, MUCH)
    assert (told(nothing), nothing.upto) == ([], count)


async def test_large_events_are_read_a_part_at_a_time(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    await append(log, key, *(event(n, ("x" * 1_000,)) for n in range(1, 301)))
    at, parts = 0, 0
    while at < 300:
        found = await log.authored(key, at, 300, 20_000)
        assert at < found.upto <= at + 21
        at, parts = found.upto, parts + 1
    assert parts >= 15
    assert (await log.authored(key, 0, 300, 1)).upto == 1


async def test_gap_is_told_and_not_skipped(
    log: EventLog, create: Create, database_url: str
) -> None:
    key = (await create("notes")).key
    await append(log, key, *(event(n) for n in range(1, 6)))
    await run_sql(database_url, "DELETE FROM events WHERE version = 3")
    with pytest.raises(StoreError, match="gap"):
        await log.authored(key, 0, 5, MUCH)
    assert (await log.authored(key, 3, 5, MUCH)).upto == 5
