"""Named versions on both databases, and the automatic ones that follow the feed.

Planted and caught, each alone: a page without the name in its order; pages without the document;
automatic versions shown before their session is over; one that is not moved when its session goes
on; one that is made anew after it was removed; sittings that end at a restore taken for the end of
a session; names without a bound; the oldest kept instead of the newest; a name for a purged
document.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from random import Random
from typing import Any, Final
from uuid import uuid4

import pytest
from msgspec.structs import replace

from app.service import automatic_versions, writing_pause
from app.service.automatic_versions import VERSIONS_CURSOR, AutomaticVersions
from app.service.blame_keeping import BlameKeeper
from app.service.blames import Blames
from storage.fullness import FullError
from storage.store import Store
from storage.versions import version_rows
from storage.versions.named_version import (
    NamedVersion,
    VersionKind,
    VersionPlace,
    VersionQuery,
)
from storage.versions.version_rows import automatic_name
from sync.port import EventRecord
from tests.contract.conftest import new_document
from tests.contract.sample import append, append_next, event, open_whole
from tests.contract.steady_writing import note_rounds, rounds_while_writing
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

PAUSE_MS: Final = 300_000
FOREVER: Final = 1 << 50


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = open_whole(database_url)
    yield store
    await store.aclose()


async def create(store: Store, name: str) -> int:
    return (await store.log.create(new_document(name)))[0].key


def named(
    key: int, name: str, version: int, *, automatic: bool = False, at_ms: int = 1
) -> NamedVersion:
    return NamedVersion(key, name, version, "", automatic, "ada", "Ada", 5, at_ms)


async def listed(
    store: Store,
    key: int,
    *,
    kind: VersionKind = "all",
    limit: int = 2,
    ended_before_ms: int = FOREVER,
) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    before: VersionPlace | None = None
    while page := await store.versions.page(
        VersionQuery(key, kind, before, limit, ended_before_ms)
    ):
        assert len(page) <= limit
        found += [(each.version, each.name) for each in page]
        before = VersionPlace(page[-1].version, page[-1].name)
    return found


async def test_pages_have_each_name_once_newest_version_first(store: Store) -> None:
    key, other = await create(store, "a"), await create(store, "b")
    for version, name in [(1, "z"), (3, "b"), (3, "a"), (3, "ä"), (3, "\U0001f389"), (2, "B")]:
        assert await store.versions.add(named(key, name, version))
    assert await store.versions.add(named(other, "z", 9))
    wanted = [(3, "a"), (3, "b"), (3, "ä"), (3, "\U0001f389"), (2, "B"), (1, "z")]
    for limit in (1, 2, 4, 10):
        assert await listed(store, key, limit=limit) == wanted
    assert await listed(store, other) == [(9, "z")]


async def test_name_is_there_once_in_its_document(store: Store) -> None:
    key = await create(store, "a")
    assert await store.versions.add(named(key, "Draft", 1))
    assert await store.versions.add(named(key, "Draft", 2)) is False
    assert await store.versions.find(key, "Draft") == named(key, "Draft", 1)
    assert await store.versions.find(key, "draft") is None


async def test_two_who_give_one_name_at_once_get_it_once(store: Store) -> None:
    key = await create(store, "a")
    given = await asyncio.gather(*(store.versions.add(named(key, "x", n)) for n in range(6)))
    assert sorted(map(str, given)) == ["False"] * 5 + ["True"]


async def test_change_and_removal_are_of_what_was_found(store: Store) -> None:
    key = await create(store, "a")
    found, other = named(key, "a", 1), named(key, "b", 2)
    await store.versions.add(found)
    await store.versions.add(other)
    assert await store.versions.change(found, replace(found, name="b")) is False
    changed = replace(found, name="c", note="n")
    assert await store.versions.change(found, changed) is True
    assert await store.versions.change(found, changed) is None, "it is not there any more"
    assert await store.versions.find(key, "c") == changed
    assert await store.versions.remove(found) is False
    assert await store.versions.remove(changed) is True
    assert await listed(store, key) == [(2, "b")]


async def test_names_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_rows, "MAX_NAMED", 2)
    key = await create(store, "a")
    automatic = named(key, "auto", 3, automatic=True)
    for each in (named(key, "a", 1), automatic, named(key, "b", 2)):
        assert await store.versions.add(each)
    with pytest.raises(FullError):
        await store.versions.add(named(key, "c", 1))
    with pytest.raises(FullError):
        await store.versions.change(automatic, replace(automatic, is_automatic=False))
    assert await listed(store, key, kind="named") == [(2, "b"), (1, "a")]


async def test_purged_document_gets_no_name(store: Store) -> None:
    key = await create(store, "a")
    await store.log.update_document("a", deleted_at_ms=9, updated_at_ms=9)
    await store.shelf.purge(key, 10)
    assert await store.versions.add(named(key, "late", 0)) is None
    assert await listed(store, key) == []


# --- automatic versions ---------------------------------------------------------------------------


async def test_automatic_versions_wait_until_those_who_write_pause(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing_pause, "BUSY_APPENDS", 0)
    monkeypatch.setattr(automatic_versions, "PAUSE_S", 0.0)
    monkeypatch.setattr(automatic_versions, "_BUSY_PAUSE_S", 0.0)
    monkeypatch.setattr(writing_pause, "START_REST_S", 0.0)
    begun = note_rounds(monkeypatch, AutomaticVersions)
    key = await create(store, "notes")
    await append_next(store.log, key, "first")
    maker = AutomaticVersions(store.log, store.log.changes, store.versions)
    running = asyncio.create_task(maker.run())
    async with asyncio.timeout(PATIENCE_S):
        mark: dict[int, int] = {}
        while not mark:
            await asyncio.sleep(0.02)
            mark = await store.versions.marks([key])

        async def write_on() -> None:
            await append_next(store.log, key, uuid4().hex)

        assert await rounds_while_writing(write_on, begun, writing_pause.REST_S) == 0
        head = (await store.log.heads([key]))[key].version
        while mark != {key: head}:
            await asyncio.sleep(0.02)
            mark = await store.versions.marks([key])
    running.cancel()
    await asyncio.wait([running])


@pytest.mark.parametrize("worker", [AutomaticVersions, BlameKeeper])
async def test_background_work_leaves_the_first_seconds_to_those_who_come_back(
    store: Store, worker: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = note_rounds(monkeypatch, worker)
    monkeypatch.setattr(writing_pause, "START_REST_S", 3_600.0)
    blames = [Blames(store.log, store.versions)] if worker is BlameKeeper else []
    resting = worker(store.log, store.log.changes, store.versions, *blames)
    running = asyncio.create_task(resting.run())
    # Longer than what a round that does not rest takes to begin, and than a rest between two.
    await asyncio.sleep(writing_pause.REST_S + 0.2)
    assert begun == []
    monkeypatch.setattr(writing_pause, "START_REST_S", 0.0)
    running.cancel()
    await asyncio.wait([running])
    running = asyncio.create_task(resting.run())
    async with asyncio.timeout(PATIENCE_S):
        while not begun:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.wait([running])


def written(version: int, at_ms: int, session: str = "s1") -> EventRecord:
    return replace(event(version), at_ms=at_ms, session=session)


async def started(store: Store) -> AutomaticVersions:
    await store.log.changes.start(VERSIONS_CURSOR, at_beginning=True)
    return AutomaticVersions(store.log, store.log.changes, store.versions, pause_ms=PAUSE_MS)


async def catch_up(maker: AutomaticVersions) -> None:
    for _ in range(3):
        await maker.round()


def ends(records: Sequence[EventRecord]) -> list[tuple[int, str]]:
    """The rule in words: a version before a long pause, or the last one; newest first."""
    found = [
        (each.version, automatic_name(each.version, each.at_ms))
        for each, following in zip(records, [*records[1:], None], strict=True)
        if following is None or following.at_ms - each.at_ms > PAUSE_MS
    ]
    return found[::-1]


async def test_end_of_a_session_is_shown_once_it_is_over(store: Store) -> None:
    maker, key = await started(store), await create(store, "a")
    records = [written(1, 0), written(2, 1_000), written(3, 2 * PAUSE_MS)]
    await append(store.log, key, *records)
    await catch_up(maker)
    last, first = ends(records)
    assert await listed(store, key, ended_before_ms=2 * PAUSE_MS - 1) == [first]
    assert await listed(store, key, kind="automatic") == [last, first]
    assert await listed(store, key, kind="named") == []


async def test_session_that_goes_on_takes_its_version_along(store: Store) -> None:
    maker, key = await started(store), await create(store, "a")
    records = [written(n, n * 1_000) for n in range(1, 8)]
    for each in records:
        await append(store.log, key, each)
        await catch_up(maker)
    assert await listed(store, key) == ends(records) == [(7, "1970-01-01 00:00 (7)")]


async def test_restore_ends_no_session(store: Store) -> None:
    maker, key = await started(store), await create(store, "a")
    records = [written(1, 1), written(2, 2, "restore-1-00aa"), written(3, 3)]
    await append(store.log, key, *records[:2])
    await catch_up(maker)
    await append(store.log, key, records[2])
    await catch_up(maker)
    assert await listed(store, key) == ends(records)


async def test_automatic_version_that_was_removed_or_taken_over_stays_so(store: Store) -> None:
    maker, key = await started(store), await create(store, "a")
    records = [written(n, n * 2 * PAUSE_MS) for n in range(1, 5)]
    await append(store.log, key, *records)
    await catch_up(maker)
    for version, change in ((1, "remove"), (4, "keep")):
        found = await store.versions.find(key, automatic_name(version, records[version - 1].at_ms))
        assert found is not None
        if change == "remove":
            assert await store.versions.remove(found)
        else:
            own = replace(found, name="Mine", is_automatic=False, created_by="ada")
            assert await store.versions.change(found, own)
    later = written(5, records[-1].at_ms + 10 * PAUSE_MS)
    await append(store.log, key, later)
    await catch_up(maker)
    kept = [each for each in ends([*records, later]) if each[0] in (2, 3, 5)]
    assert await listed(store, key, kind="automatic") == kept
    assert await listed(store, key, kind="named") == [(4, "Mine")]


async def test_only_the_newest_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_rows, "MAX_AUTOMATIC", 3)
    maker, key = await started(store), await create(store, "a")
    await store.versions.add(named(key, "Mine", 1))
    records = [written(n, n * 2 * PAUSE_MS) for n in range(1, 8)]
    await append(store.log, key, *records)
    await catch_up(maker)
    assert await listed(store, key, kind="automatic") == ends(records)[:3]
    assert await listed(store, key, kind="named") == [(1, "Mine")]


async def test_documents_from_before_the_first_start_get_theirs(store: Store) -> None:
    key = await create(store, "a")
    records = [written(n, n * (PAUSE_MS if n < 4 else 2 * PAUSE_MS)) for n in range(1, 7)]
    await append(store.log, key, *records)
    await catch_up(await started(store))
    assert await listed(store, key) == ends(records)


@pytest.mark.parametrize("seed", range(4))
async def test_random_histories_have_a_version_at_each_end(store: Store, seed: int) -> None:
    chance = Random(seed)
    makers = [await started(store), await started(store)]
    key, at_ms = await create(store, "a"), 0
    records: list[EventRecord] = []
    for _ in range(12):
        batch: list[EventRecord] = []
        for _ in range(chance.randrange(1, 6)):
            at_ms += chance.choice([10, 1_000, PAUSE_MS, PAUSE_MS + 1, 9 * PAUSE_MS])
            session = chance.choice(["s1", "s2", "http-1", "restore-1-00aa"])
            batch.append(written(len(records) + len(batch) + 1, at_ms, session))
        records += batch
        await append(store.log, key, *batch)
        if chance.random() < 0.6:
            # Two processes at once: one of them gets the claim.
            await asyncio.gather(*(maker.round() for maker in makers))
            await catch_up(makers[0])
            assert await listed(store, key) == ends(records)
    await catch_up(makers[1])
    assert await listed(store, key) == ends(records)
