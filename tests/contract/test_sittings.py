"""Sittings: what both databases group is what a plain loop over the events groups."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest
from msgspec.structs import replace

from sync.event_origin import origin_of, restored_version
from sync.port import SITTING_CUT, EventLog, EventRecord, Sitting, SittingAuthor
from tests.contract.sample import Create, append, event

pytestmark = pytest.mark.anyio


PAUSE_MS = 300_000
SESSIONS = ("9f1c2d3e4a5b6c7d", "77b1d0e2a6f84c11", "http-5d41402abc4b", "repair")


def written(
    version: int, at_ms: int, *, actor: str = "u1", session: str = SESSIONS[0]
) -> EventRecord:
    return replace(event(version, actor=actor), at_ms=at_ms, session=session)


def grouped(records: Sequence[EventRecord], pause_ms: int, cut: int) -> list[Sitting]:
    """The rule in words: see `sync.port.LogReading.sittings`."""
    groups: list[list[EventRecord]] = []
    for record in records:
        before = groups[-1][-1] if groups else None
        if (
            before is None
            or record.at_ms - before.at_ms > pause_ms
            or {"restore", "take-back"} & {origin_of(before.session), origin_of(record.session)}
            or before.version % cut == 0
        ):
            groups.append([])
        groups[-1].append(record)
    return [_sitting(group) for group in reversed(groups)]


def _sitting(group: Sequence[EventRecord]) -> Sitting:
    def author(record: EventRecord) -> tuple[str, str, str]:
        return record.actor_id, record.actor_name, origin_of(record.session)

    counts = Counter(map(author, group))
    last = {author(record): record.version for record in group}
    first = {author(record): record.version for record in reversed(group)}
    order = sorted(counts, key=lambda each: (-counts[each], first[each]))
    times = [record.at_ms for record in group]
    return Sitting(
        group[0].version,
        group[-1].version,
        min(times),
        max(times),
        restored_version(group[0].session),
        tuple(SittingAuthor(*each, events=counts[each], last=last[each]) for each in order),
    )


async def test_two_who_write_at_once_are_in_one_sitting(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    ten_seconds = [written(n, 1_000 + n * 64, actor="u1" if n % 3 else "u2") for n in range(1, 158)]
    await append(log, key, *ten_seconds)
    (sitting,) = await log.sittings(key, 0, 157, PAUSE_MS)
    assert (sitting.first, sitting.last, sitting.restored) == (1, 157, None)
    assert [(author.actor_id, author.events) for author in sitting.authors] == [
        ("u1", 105),
        ("u2", 52),
    ]


async def test_a_pause_ends_a_sitting_and_a_shorter_one_does_not(
    log: EventLog, create: Create
) -> None:
    key = (await create("notes")).key
    times = [0, PAUSE_MS, 2 * PAUSE_MS + 1, 2 * PAUSE_MS + 2]
    await append(log, key, *(written(n, at_ms) for n, at_ms in enumerate(times, 1)))
    found = await log.sittings(key, 0, 4, PAUSE_MS)
    assert [(sitting.first, sitting.last) for sitting in found] == [(3, 4), (1, 2)]
    assert (found[0].from_ms, found[0].to_ms) == (times[2], times[3])


async def test_a_restore_stands_alone_and_says_of_which_version(
    log: EventLog, create: Create
) -> None:
    key = (await create("notes")).key
    sessions = ["a", "a", "restore-1-00ff", "a", "restore-2-00fe", "restore-12-00fd", "a"]
    await append(log, key, *(written(n, n, session=each) for n, each in enumerate(sessions, 1)))
    found = await log.sittings(key, 0, 7, PAUSE_MS)
    assert [(sitting.first, sitting.last, sitting.restored) for sitting in found] == [
        (7, 7, None),
        (6, 6, 12),
        (5, 5, 2),
        (4, 4, None),
        (3, 3, 1),
        (1, 2, None),
    ]


async def test_only_events_of_the_document_between_the_bounds_count(
    log: EventLog, create: Create
) -> None:
    key, other = (await create("notes")).key, (await create("other")).key
    await append(log, key, *(written(n, n) for n in range(1, 11)))
    await append(log, other, *(written(n, n, actor="stranger") for n in range(1, 11)))
    (sitting,) = await log.sittings(key, 3, 8, PAUSE_MS)
    assert (sitting.first, sitting.last) == (4, 8)
    assert [author.actor_id for author in sitting.authors] == ["u1"]
    assert await log.sittings(key, 10, 10, PAUSE_MS) == []


@pytest.mark.parametrize("seed", range(6))
async def test_random_histories_are_grouped_as_a_plain_loop_groups_them(
    log: EventLog, create: Create, seed: int
) -> None:
    random = Random(seed)
    key = (await create("notes")).key
    at_ms, records = 0, []
    for version in range(1, 301):
        # Clocks of several processes: a time may lie before the one of the version before.
        at_ms += random.choice([-500, 0, 40, 900, PAUSE_MS, PAUSE_MS + 1])
        session = random.choice([*SESSIONS, *SESSIONS, "restore-7-00aa", "take-back-1-7-all-00aa"])
        records.append(written(version, at_ms, actor=random.choice("abc"), session=session))
    await append(log, key, *records)
    assert await log.sittings(key, 0, 300, PAUSE_MS) == grouped(records, PAUSE_MS, SITTING_CUT)
    whole = await log.sittings(key, 0, 300, PAUSE_MS)
    # A page that ends where a sitting does says the same of what it has.
    bound = random.choice(whole).first - 1
    assert await log.sittings(key, bound, 300, PAUSE_MS) == [
        sitting for sitting in whole if sitting.first > bound
    ]


async def test_what_never_pauses_is_cut_at_fixed_versions(log: EventLog, create: Create) -> None:
    key = (await create("notes")).key
    cut = SITTING_CUT
    await append(log, key, *(written(n, n) for n in range(1, cut + 6)))
    found = await log.sittings(key, 0, cut + 5, PAUSE_MS)
    assert [(sitting.first, sitting.last) for sitting in found] == [(cut + 1, cut + 5), (1, cut)]
