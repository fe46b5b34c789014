"""Compaction on both databases: whatever was moved, a twin without it says the same.

Planted and caught, each alone: segments read beyond the first row; rows of the past in pages of
history; sittings that count twice what is in both; an index of ids without its highest numbers;
rows removed from the newest on; a second compaction of the same events; a bound one too high;
events that are 5 ms too young; ids of a merged segment that are not indexed; a restore that does
not end a sitting; a head that an appender knows without its bound.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import pairwise
from random import Random
from typing import Any, Final

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, func, select, update

from app.service.compactor import Compactor
from storage.compaction.history_damage import HistoryDamagedError
from storage.compaction.piece import CompactionRule
from storage.compaction.preparation import Make, PreparedCheckpoints, ThreadPreparation
from storage.compaction.segment_row import NewSegment, UnequalError, make_segment
from storage.store import Store
from storage.table import checkpoints, events, segment_ids, segments
from sync.port import Checkpoint, EventRecord
from sync.submission import update_digest
from sync.text.delta import Delta, apply, canonical
from tests.contract.compacting_log import LATER_MS, PLAIN_RULE, compact_somewhat
from tests.contract.conftest import new_document
from tests.contract.sample import append, append_next, event, open_whole

pytestmark = pytest.mark.anyio

ACTORS: Final = ("ada", "bob", "carl")
PAUSE_MS: Final = 300_000


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = open_whole(database_url)
    yield store
    await store.aclose()


def random_history(random: Random, count: int) -> list[EventRecord]:
    """Events of all shapes: made-up and chosen ids, restores, images, rich text, odd clocks."""
    at_ms = 1_700_000_000_000
    numbers = dict.fromkeys(ACTORS, 0)
    written: list[EventRecord] = []
    for version in range(1, count + 1):
        actor = random.choice(ACTORS)
        numbers[actor] += random.choice([1, 1, 1, 2, 30])
        session = random.choice([f"session{actor}", f"session{actor}", "restore-7-00aa", "http-aa"])
        at_ms += random.choice([-500, 0, 40, 900, PAUSE_MS + 1])
        update = random.randbytes(random.choice([0, 5, 40]))
        event_id = random.choice(
            [
                f"{session}-{numbers[actor]}-{random.randbytes(6).hex()}",
                f"{actor}-{numbers[actor]}",
                random.randbytes(9).hex(),
                f"-{version}",
            ]
        )
        written.append(
            EventRecord(
                version,
                event_id,
                _random_ops(random),
                update,
                actor,
                f"Name of {actor}",
                session,
                at_ms,
                random.choice([update_digest(update), bytes(16)]),
            )
        )
    # Numbers of one stem may come twice only where something else tells the ids apart.
    taken = Counter(each.id for each in written)
    return [
        each if taken[each.id] == 1 else replace(each, id=f"{each.id}.{each.version}")
        for each in written
    ]


def _random_ops(random: Random) -> Delta:
    return random.choice(
        [
            (),
            ("x",),
            (3, "héllo 😀"),
            (2, -1),
            canonical((1, "![](/files/" + "ab" * 32 + ".png)", -2, 4, "y")),
        ]
    )


async def answers(store: Store, key: int, written: Sequence[EventRecord], seed: int) -> list[Any]:
    """What the log says of a document, to many questions: the same ones for the same seed."""
    random, log, head = Random(seed), store.log, len(written)
    found: list[Any] = []
    for _ in range(10):
        after, upto = random.randint(0, head), random.randint(0, head + 3)
        limit = random.choice([1, 3, 20, 10_000])
        found.append(await log.read(key, after, upto, limit))
        followed = await log.follow(key, after, limit)
        assert followed is not None
        found.append((followed.events, followed.document.version))
        found.append(await log.event(key, random.randint(0, head + 1)))
        found.append(await log.sittings(key, after, max(after, min(upto, head)), PAUSE_MS))
        for actor in (None, random.choice(ACTORS), "nobody"):
            for descending in (False, True):
                page = await log.history(
                    key,
                    after=random.choice([None, after]),
                    before=random.choice([None, upto]),
                    limit=limit,
                    actor=actor,
                    descending=descending,
                )
                found.append(page)
        wanted = random.choice(written).id
        near = (wanted, f"{wanted}0", wanted[:-1] or "-", "sessionada-5-00000000000a")
        found += [await log.find_id(key, event_id) for event_id in near]
        found.append(await authored(store, key, after, head))
    async with log.append() as transaction:
        await transaction.lock_heads([key])
        asked = [(key, each.id) for each in random.sample(written, min(40, head))]
        found.append(
            await transaction.find_ids([*asked, (key, "unknown"), (key, "s-1-00000000000a")])
        )
        found.append(await transaction.read(key, 0, head, 10_000))
    opened = await log.open("notes")
    assert opened is not None
    found.append((opened.tail, opened.checkpoint, opened.document.version))
    return found


async def authored(store: Store, key: int, after: int, upto: int) -> list[Any]:
    """All events in columns, as far as they are asked for, however they come in parts."""
    found: list[Any] = []
    while after < upto:
        part = await store.log.authored(key, after, upto, 300)
        assert part.after == after
        by = [part.writers[number] for number in part.writer]
        found += zip(by, part.at_ms, part.ops, strict=True)
        after = part.upto
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_compacted_log_answers_as_its_twin_does(store: Store, seed: int) -> None:
    random = Random(seed)
    written = random_history(random, 300)
    key = (await store.log.create(new_document("notes")))[0].key
    other = (await store.log.create(new_document("other")))[0].key
    await append(store.log, key, *written)
    await append(store.log, other, *random_history(random, 60))
    expected = await answers(store, key, written, seed)
    moved = 0
    for round_ in range(4):
        await compact_somewhat(store.compaction, random)
        document = await store.log.find("notes")
        assert document is not None
        moved = document.compacted_version
        found = await answers(store, key, written, seed)
        for question, (said, before) in enumerate(zip(found, expected, strict=True)):
            assert said == before, f"question {question} in round {round_}"
    assert moved > 100, "there is something to read in segments"
    assert await append_next(store.log, key, "next") == 301


async def test_any_text_is_read_through_segments_and_few_checkpoints(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.checkpoint._SPARSE_EVENTS", 100)
    random, texts, written = Random(5), [""], list[EventRecord]()
    for version in range(1, 501):
        ops = typed(random, texts[-1])
        texts.append(apply(texts[-1], ops))
        actor = random.choice(["ada", "ada", "ada", "bob"])
        written.append(event(version, ops, actor=actor))
    key = (await store.log.create(new_document("notes")))[0].key
    await append(store.log, key, *written)
    for version in range(30, 500, 30):
        await store.log.save_checkpoint(key, Checkpoint(version, texts[version], b"state"))
    rule = replace_rule(PLAIN_RULE, keep_events=40, keeps_openable=True)
    for _ in range(12):
        for version in random.sample(range(501), 25):
            assert await store.log.text_at(key, version) == texts[version], version
        await store.compaction.step(key, rule, LATER_MS)
        await store.compaction.remove_rows(key, random.choice([10, 60]))
    assert (await store.log.heads([key]))[key].compacted_version == 450
    versions = await store.care.checkpoint_versions(key)
    assert len(versions) <= 8
    assert max(after - before for before, after in pairwise([0, *versions, 500])) <= 100


def typed(random: Random, text: str) -> Delta:
    """Typing, deleting backwards, and now and then something else."""
    at = random.randint(0, len(text))
    if text and random.random() < 0.3:
        at = min(at, len(text) - 1)
        return canonical((at, -random.randint(1, min(3, len(text) - at))))
    return canonical((at, random.choice(["a", "b", "ö", "😀", "\n\n"])))


async def test_small_segments_are_put_together(store: Store) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    rule = replace_rule(PLAIN_RULE, segment_events=40)
    for first in range(1, 101, 10):
        await append(store.log, key, *(event(n) for n in range(first, first + 10)))
        while await store.compaction.step(key, rule, LATER_MS):
            await store.compaction.remove_rows(key)
    assert await bounds(store, key) == [(1, 40), (41, 80), (81, 100)]
    assert await count(store, events, key) == 0
    assert [each.version for each in await store.log.read(key, 0, 200, 200)] == [*range(1, 101)]


async def test_large_events_end_a_segment_early(store: Store) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    large = [event(n, update=bytes([n]) * 20_000) for n in range(1, 13)]
    await append(store.log, key, *large)
    rule = replace_rule(PLAIN_RULE, segment_bytes=100_000)
    while await store.compaction.step(key, rule, LATER_MS):
        pass
    assert await bounds(store, key) == [(1, 3), (4, 6), (7, 9), (10, 12)]
    assert await store.log.read(key, 0, 12, 12) == large


async def test_what_is_young_or_new_or_needed_to_open_stays_rows(store: Store) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    written = [event(n) for n in range(1, 101)]
    await append(store.log, key, *written)
    now_ms = written[69].at_ms + 10
    assert await store.compaction.step(key, replace_rule(PLAIN_RULE, age_ms=10), now_ms) == 50
    assert await store.compaction.step(key, replace_rule(PLAIN_RULE, age_ms=10), now_ms) == 20
    assert await store.compaction.step(key, replace_rule(PLAIN_RULE, age_ms=10), now_ms) == 0
    few = replace_rule(PLAIN_RULE, keep_events=25)
    assert await store.compaction.step(key, few, LATER_MS) == 5
    assert await store.compaction.step(key, few, LATER_MS) == 0
    careful = replace_rule(PLAIN_RULE, keeps_openable=True)
    assert await store.compaction.step(key, careful, LATER_MS) == 0
    for version in (85, 95):
        await store.log.save_checkpoint(key, Checkpoint(version, "text", b"state"))
    assert await store.compaction.step(key, careful, LATER_MS) == 10
    assert await store.compaction.step(key, careful, LATER_MS) == 0
    assert (await bounds(store, key))[-1][1] == 85


async def test_two_that_compact_at_once_store_each_event_once(
    store: Store, database_url: str
) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    written = random_history(Random(1), 400)
    await append(store.log, key, *written)
    other = open_whole(database_url)

    async def compact(compaction: Any) -> int:
        moved = 0
        for _ in range(30):
            moved += await compaction.step(key, PLAIN_RULE, LATER_MS)
            await compaction.remove_rows(key, 20)
        return moved

    both = await asyncio.gather(compact(store.compaction), compact(other.compaction))
    await other.aclose()
    assert sum(both) == 400
    assert await store.log.read(key, 0, 400, 400) == written
    ends = await bounds(store, key)
    assert [first for first, _ in ends] == [1, *(last + 1 for _, last in ends[:-1])]


async def test_readers_and_a_writer_in_the_middle_of_it_miss_nothing(store: Store) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    written = [event(n) for n in range(1, 301)]
    await append(store.log, key, *written)
    is_over = False

    async def read_on() -> int:
        reads = 0
        while not is_over or not reads:
            head = len(written)
            assert [each.version for each in await store.log.read(key, 0, head, head)] == [
                *range(1, head + 1)
            ]
            followed = await store.log.follow(key, 50, 100)
            assert followed is not None
            assert [each.version for each in followed.events] == [*range(51, 151)]
            assert await store.log.event(key, 100) == written[99]
            assert await store.log.find_id(key, written[120].id) == written[120]
            reads += 1
        return reads

    async def write_on() -> None:
        while not is_over:
            new = event(len(written) + 1)
            await append(store.log, key, new)
            written.append(new)

    async with asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(read_on()) for _ in range(3)]
        tasks.create_task(write_on())
        for _ in range(6):
            await store.compaction.step(key, PLAIN_RULE, LATER_MS)
            for _ in range(4):
                await store.compaction.remove_rows(key, 15)
        is_over = True
    assert all(each.result() for each in readers)
    assert await store.log.read(key, 0, len(written), len(written)) == written


async def test_a_damaged_segment_costs_its_versions_and_no_others(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    written = [event(n) for n in range(1, 121)]
    await append(store.log, key, *written)
    for version in (101, 105):
        await store.log.save_checkpoint(key, Checkpoint(version, "text", b"state"))
    careful = replace_rule(PLAIN_RULE, keeps_openable=True)
    while await store.compaction.step(key, careful, LATER_MS):
        await store.compaction.remove_rows(key)
    await flip_a_byte(store, key, 50)
    opened = await store.log.open("notes")
    assert opened is not None
    assert opened.tail == written[105:]
    assert await store.log.read(key, 50, 120, 100) == written[50:]
    assert await store.log.event(key, 51) == written[50]
    assert await store.log.find_id(key, written[60].id) == written[60]
    questions: list[Callable[[], Awaitable[object]]] = [
        lambda: store.log.read(key, 10, 120, 100),
        lambda: store.log.event(key, 50),
        lambda: store.log.find_id(key, written[20].id),
        lambda: store.log.sittings(key, 0, 120, PAUSE_MS),
        lambda: store.log.follow(key, 49, 100),
        lambda: store.log.history(
            key, after=None, before=None, limit=5, actor="u1", descending=False
        ),
    ]
    for question in questions:
        with pytest.raises(HistoryDamagedError, match="versions 1 to 50 are damaged: "):
            await question()
    assert f"the versions 1 to 50 of document {key} are damaged" in caplog.text
    # It does not keep others from being written and compacted.
    assert await append_next(store.log, key, "next") == 121


async def test_a_segment_that_does_not_give_its_events_back_is_not_stored(store: Store) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    written = [event(n) for n in range(1, 51)]
    await append(store.log, key, *written)

    async def forgetful(found: Sequence[EventRecord], after: int) -> NewSegment:
        raise UnequalError("it does not")

    with pytest.raises(UnequalError):
        await store.compaction.step(key, PLAIN_RULE, LATER_MS, preparation=making(store, forgetful))
    assert await bounds(store, key) == []
    assert await store.log.read(key, 0, 50, 50) == written


async def test_what_has_changed_since_it_was_read_is_not_compacted(store: Store) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    await append(store.log, key, *(event(n) for n in range(1, 51)))

    async def slow(found: Sequence[EventRecord], after: int) -> NewSegment:
        await store.log.update_document("notes", deleted_at_ms=9, updated_at_ms=9)
        assert await store.shelf.purge(key, 10)
        return make_segment(found, after)

    assert (
        await store.compaction.step(key, PLAIN_RULE, LATER_MS, preparation=making(store, slow)) == 0
    )
    assert await bounds(store, key) == []
    assert await count(store, segment_ids, key) == 0


async def test_visits_find_what_has_work_page_by_page(store: Store) -> None:
    keys = [(await store.log.create(new_document(f"d{n}")))[0].key for n in range(7)]
    for key in keys[::2]:
        await append(store.log, key, *(event(n) for n in range(1, 51)))
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        some, after = await store.compaction.visit(after, 2, PLAIN_RULE)
        found += some
    assert found == keys[::2]
    assert await store.compaction.step(keys[0], PLAIN_RULE, LATER_MS) == 50
    found, _ = await store.compaction.visit(0, 9, PLAIN_RULE)
    assert found == keys[::2], "rows are left to remove"
    await store.compaction.remove_rows(keys[0])
    found, _ = await store.compaction.visit(0, 9, PLAIN_RULE)
    assert found == keys[2::2]


async def test_the_task_compacts_whatever_has_work(store: Store) -> None:
    keys = [(await store.log.create(new_document(f"d{n}")))[0].key for n in range(3)]
    histories = [random_history(Random(n), 130) for n in range(3)]
    for key, written in zip(keys, histories, strict=True):
        await append(store.log, key, *written)
    compactor = Compactor(store.compaction, store.care, PLAIN_RULE, rest=0.0)
    assert await compactor.round() == 390
    assert await compactor.round() == 0
    for key, written in zip(keys, histories, strict=True):
        assert await bounds(store, key) == [(1, 50), (51, 100), (101, 130)]
        assert await count(store, events, key) == 0
        assert await store.log.read(key, 0, 130, 130) == written


async def test_the_task_leaves_alone_what_does_not_come_back(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    keys = [(await store.log.create(new_document(f"d{n}")))[0].key for n in range(2)]
    for key in keys:
        await append(store.log, key, *(event(n) for n in range(1, 51)))
    asked: list[int] = []

    async def failing(found: Sequence[EventRecord], after: int) -> NewSegment:
        asked.append(after)
        if len(asked) == 1:
            raise UnequalError("it does not")
        return make_segment(found, after)

    compactor = Compactor(
        store.compaction, store.care, PLAIN_RULE, making(store, failing), rest=0.0
    )
    assert await compactor.round() == 50
    assert await compactor.round() == 0
    assert len(asked) == 2
    assert f"document {keys[0]} is not compacted: it does not" in caplog.text


def replace_rule(rule: CompactionRule, **values: Any) -> CompactionRule:
    fields = {name: getattr(rule, name) for name in rule.__slots__}
    return CompactionRule(**fields | values)


def making(store: Store, make: Make) -> ThreadPreparation:
    """A preparation that makes segments in another way."""
    return ThreadPreparation(store.log._database, make)


async def bounds(store: Store, key: int) -> list[tuple[int, int]]:
    """The first and last versions of the segments of a document."""
    statement = (
        select(segments.c.first_version, segments.c.last_version)
        .where(segments.c.document_key == key)
        .order_by(segments.c.last_version)
    )

    def work(connection: Connection) -> list[tuple[int, int]]:
        return [(row[0], row[1]) for row in connection.execute(statement)]

    return await store.log._database.read(work)


async def count(store: Store, table: Any, key: int) -> int:
    statement = select(func.count()).select_from(table).where(table.c.document_key == key)
    return int(await store.log._database.read(lambda each: each.execute(statement).scalar_one()))


async def flip_a_byte(store: Store, key: int, last: int) -> None:
    """Change one byte in the middle of a stored segment."""
    this = (segments.c.document_key == key, segments.c.last_version == last)

    def work(connection: Connection) -> None:
        data = bytearray(connection.execute(select(segments.c.data).where(*this)).scalar_one())
        data[len(data) // 2] ^= 1
        connection.execute(update(segments).where(*this).values(data=bytes(data)))

    async with store.log._database.write() as transaction:
        await transaction.run(work)


async def test_of_a_document_that_rests_rows_stay_after_its_newest_state_only(
    store: Store,
) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    written = [event(n) for n in range(1, 301)]
    written_ms = written[-1].at_ms
    await append(store.log, key, *written, at_ms=written_ms)
    resting_ms = written_ms + 1_000
    for version in (100, 200, 290):
        await store.log.save_checkpoint(key, Checkpoint(version, f"text {version}", b"state"))
    rule = CompactionRule(
        age_ms=0, keep_events=150, segment_events=90, min_old_events=1, resting_ms=1_000
    )
    while await store.compaction.step(key, rule, resting_ms - 1):
        await store.compaction.remove_rows(key)
    assert await count(store, events, key) == 150, "it does not rest yet"
    assert await store.compaction.condense(key, rule, resting_ms - 1) == 0
    assert await store.compaction.visit(0, 9, rule, now_ms=resting_ms - 1) == ([], key)
    assert await store.compaction.visit(0, 9, rule, now_ms=resting_ms) == ([key], key)
    while await store.compaction.step(key, rule, resting_ms):
        await store.compaction.remove_rows(key)
    assert await count(store, events, key) == 10
    assert await store.compaction.condense(key, rule, resting_ms) == 1
    assert await store.compaction.condense(key, rule, resting_ms) == 0
    assert await store.compaction.visit(0, 9, rule, now_ms=resting_ms) == ([], key)
    opened = await store.log.open("notes")
    assert opened is not None
    assert opened.checkpoint == Checkpoint(290, "text 290", b"state")
    assert opened.tail == written[290:]
    older = await store.log.open("notes", before=290)
    assert older is not None
    assert older.checkpoint is None
    assert older.tail == written, "through segments, should the newest state be damaged"


async def test_of_very_many_events_two_states_stay(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.checkpoint._REPLAYED_EVENTS", 99)
    key = (await store.log.create(new_document("notes")))[0].key
    await append(store.log, key, *(event(n) for n in range(1, 101)))
    for version in (40, 70, 100):
        await store.log.save_checkpoint(key, Checkpoint(version, f"{version}", b"state"))
    rule = replace_rule(PLAIN_RULE, resting_ms=0)
    assert await store.compaction.condense(key, rule, LATER_MS) == 2
    opened = await store.log.open("notes", before=100)
    assert opened is not None
    assert opened.checkpoint == Checkpoint(70, "70", b"state")


async def test_checkpoints_of_a_document_that_is_written_meanwhile_stay_as_they_are(
    store: Store,
) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    await append(store.log, key, *(event(n) for n in range(1, 101)))
    await store.log.save_checkpoint(key, Checkpoint(100, "text", b"state"))
    rule = replace_rule(PLAIN_RULE, resting_ms=0)

    class Slow(ThreadPreparation):
        async def checkpoints(
            self, key: int, rule: CompactionRule, now_ms: int
        ) -> PreparedCheckpoints | None:
            found = await super().checkpoints(key, rule, now_ms)
            await append_next(store.log, key, "meanwhile")
            return found

    slow = Slow(store.log._database)
    assert await store.compaction.condense(key, rule, LATER_MS, preparation=slow) == 0
    assert await store.compaction.condense(key, rule, LATER_MS) == 1


async def test_a_flipped_byte_of_a_dense_checkpoint_is_found(store: Store) -> None:
    key = (await store.log.create(new_document("notes")))[0].key
    written = [event(n) for n in range(1, 21)]
    await append(store.log, key, *written)
    for version in (10, 20):
        await store.log.save_checkpoint(key, Checkpoint(version, "text" * 99, b"state" * 99))
    rule = replace_rule(PLAIN_RULE, resting_ms=0)
    assert await store.compaction.condense(key, rule, LATER_MS) == 1

    def work(connection: Connection) -> None:
        this = (checkpoints.c.document_key == key, checkpoints.c.version == 20)
        data = bytearray(connection.execute(select(checkpoints.c.state).where(*this)).scalar_one())
        data[-3] ^= 1
        connection.execute(update(checkpoints).where(*this).values(state=bytes(data)))

    async with store.log._database.write() as transaction:
        await transaction.run(work)
    opened = await store.log.open("notes")
    assert opened is not None
    assert opened.checkpoint is None
    assert opened.tail == written
