"""Retention on both databases: what is kept is what a twin says that keeps everything.

Of random histories with restores, pauses and names, thinned and dropped at random points, every
kept version has its text, its author and its time; replayed from any kept version, deltas and
updates give what they did; blame names the same people; and every version that is gone says so.

Planted and caught, each alone: checkpoints of gone versions that stay; named versions that are
merged; names that are not looked at again before the commit; segments that are not compared before
it; a rest of a segment that is lost; a sitting under way that is merged; changes that nobody has
read yet; dropped text that stays in the update; deletions that are lost; shares in the wrong order;
authors of restored text that nobody asks for; a gone version that is taken for a kept one; events
alone that are not found by their ids; young events that are merged; restores merged with others.
"""

from collections.abc import AsyncIterator
from random import Random
from typing import Final

import pytest

from app.service.blames import Blames
from app.service.retention_keeper import RetentionKeeper, merge_piece
from app.service.retention_rules import Retention
from storage.retention.history_thinned import HistoryThinnedError
from storage.retention.merge_plan import begins_run
from storage.retention.retention_bound import DAY_MS
from storage.retention.retention_rule import RetentionRule
from storage.store import Store
from storage.versions.named_version import NamedVersion
from sync.document.document import Document
from sync.limit import Limits
from sync.names import DEFAULT_TEXT_ROOT
from sync.port import Checkpoint, DocumentRecord, EventRecord
from sync.shells.log_reader import pages, text_at, updates_of
from sync.text.blame import Blame
from sync.text.delta import apply
from sync.text.span import by_version
from sync.yjs.replica import Replica
from tests.contract.compacting_log import LATER_MS, PLAIN_RULE, compact_somewhat
from tests.contract.conftest import new_document
from tests.contract.sample import append, open_whole
from tests.contract.thinned_history import History

pytestmark = pytest.mark.anyio

THIN: Final = RetentionRule("thin", days=1)
DROP: Final = RetentionRule("drop", days=1)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = open_whole(database_url)
    yield store
    await store.aclose()


def keeper_of(store: Store, default: RetentionRule = THIN) -> RetentionKeeper:
    return RetentionKeeper.of(store, Retention(store.retention, default), Limits(), rest=0)


async def create(store: Store, name: str, events: list[EventRecord]) -> DocumentRecord:
    key = (await store.log.create(new_document(name)))[0].key
    for start in range(0, len(events), 50):
        await append(store.log, key, *events[start : start + 50])
    found = await store.log.find(name)
    assert found is not None
    return found


async def save_state(store: Store, name: str) -> None:
    opened = await store.log.open(name)
    assert opened is not None
    await store.log.save_checkpoint(opened.document.key, Document(opened, Limits()).checkpoint())


def named(key: int, name: str, version: int, *, automatic: bool = False) -> NamedVersion:
    return NamedVersion(key, name, version, "", automatic, "ada", "Ada", 5, 1)


async def kept_versions(store: Store, key: int, head: int) -> list[int]:
    gone = {
        version
        for first, last in await store.retention.merged(key)
        for version in range(first, last)
    }
    return [version for version in range(head + 1) if version not in gone]


@pytest.mark.parametrize("rule", [THIN, DROP], ids=["thin", "drop"])
@pytest.mark.parametrize("seed", range(6))
async def test_what_is_kept_is_what_a_twin_says(
    store: Store, seed: int, rule: RetentionRule
) -> None:
    random = Random(seed)
    history = History(random)
    history.write(random.choice([40, 120, 300]))
    document = await create(store, "thinned", history.events)
    twin = await create(store, "twin", history.events)
    key, head = document.key, len(history.events)
    names = sorted({random.randrange(1, head) for _ in range(3)})
    for number, version in enumerate(names):
        await store.versions.add(named(key, f"v{number}", version))
    for version in random.sample(range(1, head), 8):
        saved = Checkpoint(version, history.texts[version], None)
        await store.log.save_checkpoint(key, saved)
    for _ in range(random.choice([0, 1])):
        await compact_somewhat(store.compaction, random)
    keeper = keeper_of(store)
    is_later = seed % 2 == 1
    if is_later:
        # Some at first, the rest later.
        middle = history.events[head // 2].at_ms
        await keep_by(store, keeper, document, rule, middle + DAY_MS)
    await keep_by(store, keeper, document, rule, LATER_MS)
    bounds = await store.retention.merged(key)
    assert bounds
    assert bounds[-1][1] == head
    assert not {*names} - {*await kept_versions(store, key, head)}
    if rule is DROP:
        assert [last for _, last in bounds] == sorted({*names, head})
    await compare_all(store, document, history)
    # What was restored from a version that had been dropped before is of whoever restored it.
    if rule is THIN or not is_later:
        await _compare_blames(store, document, twin)


async def keep_by(
    store: Store, keeper: RetentionKeeper, document: DocumentRecord, rule: RetentionRule, at_ms: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.service.retention_keeper.now_ms", lambda: at_ms)
        await keeper.keep(document.key, rule)


async def compare_all(store: Store, document: DocumentRecord, history: History) -> None:
    log, key, head = store.log, document.key, len(history.events)
    kept = await kept_versions(store, key, head)
    for version in range(head + 1):
        if version in kept:
            assert await text_at(log, key, version) == history.texts[version]
            await store.retention.require_kept(key, version)
        else:
            await _assert_gone(store, key, version, kept)
    whole = [event for page in [page async for page in pages(log, key, 0, head)] for event in page]
    assert [event.version for event in whole] == kept[1:]
    for event in whole:
        assert await log.event(key, event.version) == event
        assert apply(history.texts[event.first - 1], event.ops) == history.texts[event.version]
        original = history.events[event.version - 1]
        assert (event.at_ms, event.actor_id) == (original.at_ms, original.actor_id)
        if event.first == event.version:
            assert event.id == original.id
            found = await log.find_id(key, event.id)
            assert found is not None
            assert found.version == event.version
            assert event.digest == original.digest
    await _compare_replays(store, document, history, kept)
    pages_of = await log.history(
        key, after=None, before=None, limit=1_000, actor=None, descending=True
    )
    assert [event.version for event in pages_of] == kept[:0:-1]
    sittings = await log.sittings(key, 0, head, 300_000)
    assert sum(author.events for each in sittings for author in each.authors) == head
    opened = await log.open(document.name, before=0)
    assert opened is not None
    assert Document(opened, Limits()).text == history.texts[head]


async def _assert_gone(store: Store, key: int, version: int, kept: list[int]) -> None:
    before = max(each for each in kept if each < version)
    after = min(each for each in kept if each > version)
    for reading in (
        text_at(store.log, key, version),
        store.log.event(key, version),
        store.retention.require_kept(key, version),
        store.log.read(key, version, version + 1, 10),
        store.log.authored(key, version, version + 1, 1_000),
    ):
        with pytest.raises(HistoryThinnedError) as told:
            await reading
        assert (told.value.before, told.value.after) == (before, after)


async def _compare_replays(
    store: Store, document: DocumentRecord, history: History, kept: list[int]
) -> None:
    """Deltas and updates after any kept version lead to the head, as they did."""
    for after in Random(1).sample(kept, min(8, len(kept))):
        text = history.texts[after]
        replica = Replica(0, DEFAULT_TEXT_ROOT)
        replica.load(await updates_of(store.log, document.key, after, max_bytes=1 << 30), text)
        async for page in pages(store.log, document.key, after, len(history.events)):
            for event in page:
                text = apply(text, event.ops)
                replica.load([event.update], text)
        assert text == history.texts[-1]


def people_of(blame: Blame) -> list[str]:
    return [
        blame.people[blame.written[version][0]].id
        for length, version in by_version(blame.spans)
        for _ in range(length)
    ]


async def _compare_blames(store: Store, document: DocumentRecord, twin: DocumentRecord) -> None:
    kept = await kept_versions(store, document.key, document.version)
    blames, whole = Blames(store.log, store.versions), Blames(store.log, store.versions)
    for version in Random(2).sample(kept, min(8, len(kept))):
        found = await blames.blame(document, version)
        expected = await whole.blame(twin, version)
        assert people_of(found) == people_of(expected)


async def test_version_that_gets_a_name_meanwhile_stays(store: Store) -> None:
    history = History(Random(1))
    history.write(30)
    document = await create(store, "notes", history.events)
    keeper = keeper_of(store)
    await _prepare(store, document, keeper)
    piece = await store.retention.piece(document.key, DROP, document.version)
    assert piece is not None
    merged, rest = merge_piece(piece, None)
    await store.versions.add(named(document.key, "late", 7))
    assert not await store.retention.store(piece, merged, rest)
    await keep_by(store, keeper, document, DROP, LATER_MS)
    assert await store.retention.merged(document.key) == [(1, 7), (8, document.version)]
    with pytest.raises(HistoryThinnedError):
        await store.versions.add(named(document.key, "too late", 6))
    assert await text_at(store.log, document.key, 7) == history.texts[7]


async def _prepare(store: Store, document: DocumentRecord, keeper: RetentionKeeper) -> None:
    """Have all events in segments, and a state at the head."""
    await save_state(store, document.name)
    while await store.compaction.step(document.key, PLAIN_RULE, LATER_MS):
        pass
    while await store.compaction.remove_rows(document.key):
        pass


async def test_two_at_once_merge_once(store: Store) -> None:
    history = History(Random(2))
    history.write(120)
    document = await create(store, "notes", history.events)
    await _prepare(store, document, keeper_of(store))
    for version in range(1, 120):
        saved = Checkpoint(version, history.texts[version], None)
        await store.log.save_checkpoint(document.key, saved)
    pieces = [await store.retention.piece(document.key, THIN, document.version) for _ in range(2)]
    stored = []
    for piece in pieces:
        assert piece is not None
        stored.append(await store.retention.store(piece, *merge_piece(piece, None)))
    assert stored == [True, False]
    await compare_all(store, document, history)


async def test_it_waits_for_whoever_follows_the_changes(store: Store) -> None:
    history = History(Random(3))
    history.write(60)
    changes = store.log.changes
    await changes.start("webhooks")
    document = await create(store, "notes", history.events)
    keeper = keeper_of(store)
    await keep_by(store, keeper, document, DROP, LATER_MS)
    assert await store.retention.merged(document.key) == []
    claim = await changes.claim("webhooks", "me", limit=2, now_ms=1, lease_ms=1)
    assert claim is not None
    assert claim.changes[-1].upto == 50
    await changes.advance(claim, claim.changes[-1].position)
    await keep_by(store, keeper, document, DROP, LATER_MS)
    assert await store.retention.merged(document.key) == [(1, 50)]
    await changes.forget("webhooks")
    await changes.start("late", at_beginning=True)
    await keep_by(store, keeper, document, DROP, LATER_MS)
    assert await store.retention.merged(document.key) == [(1, 50)], "it has read nothing yet"
    await changes.forget("late")
    await keep_by(store, keeper, document, DROP, LATER_MS)
    assert await store.retention.merged(document.key) == [(1, 60)]


@pytest.mark.parametrize("old", [60, 119, 140])
async def test_young_events_stay_whole(store: Store, old: int) -> None:
    history = History(Random(4))
    history.write(200)
    document = await create(store, "notes", history.events)
    if old > 60:
        await _prepare(store, document, keeper_of(store))
    cutoff_ms = max(event.at_ms for event in history.events[:old])
    for rule in (THIN, DROP):
        await keep_by(store, keeper_of(store), document, rule, cutoff_ms + DAY_MS)
        upto = (await store.retention.merged(document.key))[-1][1]
        assert 0 < upto < 200
        assert all(event.at_ms <= cutoff_ms for event in history.events[:upto])
        assert await store.log.read(document.key, upto, 200, 200) == history.events[upto:]
        if rule is THIN:
            assert begins_run(history.events[upto - 1], history.events[upto], ())


async def test_dropped_text_is_nowhere(store: Store) -> None:
    history = History(Random(5), letters="ab \n")
    history.write(40)
    secret = "SECRET-TEXT"
    history.insert(secret)
    history.delete(len(secret))
    history.write(60)
    document = await create(store, "notes", history.events)
    await save_state(store, "notes")
    await keep_by(store, keeper_of(store), document, DROP, LATER_MS)
    (event,) = await store.log.read(document.key, 0, 60, 60)
    assert secret.encode() not in event.update
    assert secret not in str(event.ops)
    assert await store.care.bounds(document.key) == []
    opened = await store.log.open("notes", before=0)
    assert opened is not None
    assert Document(opened, Limits()).text == history.texts[-1]


async def test_purged_document_leaves_no_merged_event(store: Store) -> None:
    history = History(Random(6))
    history.write(30)
    document = await create(store, "notes", history.events)
    await store.retention.set_rule(document.key, DROP)
    await keep_by(store, keeper_of(store), document, DROP, LATER_MS)
    await store.log.update_document("notes", deleted_at_ms=9, updated_at_ms=9)
    await store.shelf.purge(document.key, 10)
    await store.shelf.finish_purges()
    assert await store.retention.merged(document.key) == []
    assert await store.retention.rule(document.key) is None
    assert not await store.retention.set_rule(document.key, DROP)


async def test_only_documents_with_a_rule_are_visited(store: Store) -> None:
    history = History(Random(7))
    history.write(5)
    first = await create(store, "a", history.events)
    second = await create(store, "b", history.events)
    await store.retention.set_rule(second.key, THIN)
    visit = store.retention.visit
    assert await visit(0, 9, is_default_keep=True) == [(second.key, THIN)]
    assert await visit(0, 9, is_default_keep=False) == [(first.key, None), (second.key, THIN)]
    await store.retention.set_rule(second.key, RetentionRule("keep"))
    assert await visit(0, 9, is_default_keep=False) == [(first.key, None)]
    await store.retention.set_rule(second.key, None)
    assert await store.retention.rule(second.key) is None
