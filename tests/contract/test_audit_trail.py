"""The writing of the audit trail to real stores: up, away, back, and at the end of a process."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from app.audit.audit_kind import ACCESS_REFUSED, DROPPED, GRANT_CHANGED
from app.audit.audit_pruning import STEP, prune_once
from app.audit.audit_queue import AuditQueue
from app.audit.audit_trail import AuditTrail
from storage.audit_rows import AuditRecord
from storage.store import Store
from sync.shells.clock import now_ms
from sync.user import User
from tests.contract.conftest import new_document, run_sql
from tests.contract.sample import open_whole
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

ADA = User("user-ada", "Ada", "#112233")
DAY_MS = 86_400_000


def trail(
    store: Store, queue: AuditQueue | None = None, close_within_s: float = PATIENCE_S
) -> AuditTrail:
    return AuditTrail(
        store.audit, store.log.find, queue=queue, interval_s=0.01, close_within_s=close_within_s
    )


async def rows(store: Store) -> list[AuditRecord]:
    """All records, oldest first."""
    return list(reversed(await store.audit.page(None, limit=100_000)))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


class Away:
    """Has the store refuse to write the trail: its table is renamed, or back."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.is_away = False

    async def begin(self) -> None:
        self.is_away = True
        await run_sql(self._url, "ALTER TABLE audit RENAME TO audit_away")

    async def end(self) -> None:
        self.is_away = False
        await run_sql(self._url, "ALTER TABLE audit_away RENAME TO audit")


@pytest.fixture
async def away(database_url: str) -> AsyncIterator[Away]:
    found = Away(database_url)
    yield found
    if found.is_away:
        await found.end()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    found = open_whole(database_url)
    yield found
    await found.aclose()


async def test_the_end_of_a_process_loses_nothing(store: Store) -> None:
    async with trail(store) as audit:
        for number in range(1_234):
            audit.note(GRANT_CHANGED, ADA, "192.0.2.1", "notes", number=number)
    assert [each.detail["number"] for each in await rows(store)] == list(range(1_234))


async def test_a_record_is_written_without_anybody_waiting_for_it(store: Store) -> None:
    async with trail(store) as audit:
        audit.note(GRANT_CHANGED, ADA, "192.0.2.1", "notes", role="editor")
        await until(lambda: audit.waiting == 0)
        (record,) = await rows(store)
    assert (record.user_id, record.user_name, record.address) == ("user-ada", "Ada", "192.0.2.1")
    assert (record.document, record.document_key) == ("notes", None)
    assert record.detail == {"role": "editor"}
    assert abs(record.at_ms - now_ms()) < PATIENCE_S * 1_000


async def test_a_record_finds_the_key_of_its_document(store: Store) -> None:
    made, _ = await store.log.create(new_document("notes"))
    async with trail(store) as audit:
        audit.note(ACCESS_REFUSED, None, "192.0.2.1", "notes")
        audit.note(ACCESS_REFUSED, None, "192.0.2.1", "none")
        audit.note(ACCESS_REFUSED, None, "192.0.2.1", "no name at\x00all")
        audit.note(GRANT_CHANGED, ADA, "192.0.2.1", made)
    assert [each.document_key for each in await rows(store)] == [made.key, None, None, made.key]


async def test_what_is_noted_while_the_store_is_away_is_written_when_it_is_back(
    store: Store, away: Away, caplog: pytest.LogCaptureFixture
) -> None:
    async with trail(store) as audit:
        audit.note(GRANT_CHANGED, ADA, "", "notes", number=0)
        await until(lambda: audit.waiting == 0)
        await away.begin()
        for number in (1, 2, 3):
            audit.note(GRANT_CHANGED, ADA, "", "notes", number=number)
        await until(lambda: "is not written" in caplog.text)
        assert audit.waiting == 3
        await away.end()
        await until(lambda: audit.waiting == 0)
        assert [each.detail["number"] for each in await rows(store)] == [0, 1, 2, 3]
    assert caplog.text.count("is not written") == 1
    assert caplog.text.count("is written again") == 1


async def test_what_had_to_be_dropped_is_told_as_soon_as_the_store_is_back(
    store: Store, away: Away, caplog: pytest.LogCaptureFixture
) -> None:
    await away.begin()
    async with trail(store, AuditQueue(max_records=10)) as audit:
        for number in range(25):
            audit.note(GRANT_CHANGED, ADA, "", "notes", number=number)
        assert (audit.waiting, audit.dropped) == (10, 15)
        await away.end()
        await until(lambda: audit.waiting == 0)
        *kept, told = await rows(store)
    assert [each.detail["number"] for each in kept] == list(range(10))
    assert (told.kind, told.detail["count"]) == (DROPPED, 15)
    assert told.detail["kinds"] == {GRANT_CHANGED: 15}
    assert caplog.text.count("audit records are dropped") == 1
    assert caplog.text.count("15 audit records were dropped") == 1


async def test_a_store_that_stays_away_ends_a_process_in_time_and_the_log_says_so(
    store: Store, away: Away, caplog: pytest.LogCaptureFixture
) -> None:
    await away.begin()
    async with asyncio.timeout(PATIENCE_S):
        async with trail(store, close_within_s=0.2) as audit:
            audit.note(GRANT_CHANGED, ADA, "")
    assert "1 audit records are lost" in caplog.text


async def test_a_flood_of_refusals_becomes_a_few_records_that_add_up(store: Store) -> None:
    async with trail(store) as audit:
        for number in range(10_000):
            audit.note(
                ACCESS_REFUSED, None, f"192.0.2.{number % 3}", f"d{number}", code="forbidden"
            )
    found = await rows(store)
    # For each address: twenty of its own, the first of those that share one, and their number.
    assert len(found) == 3 * (20 + 1 + 1)
    assert sum(each.detail.get("count", 1) for each in found) == 10_000


async def test_noting_never_raises(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError("no text of mine")

    async with trail(store) as audit:
        audit.note(
            GRANT_CHANGED, User("\ud800\x00", "\x1b" * 1_000_000, ""), "\r\n", "\x00", x=Hostile()
        )
        audit.note(GRANT_CHANGED, "nobody", "")  # type: ignore[arg-type]
        audit.note(GRANT_CHANGED, ADA, "", password="hunter2")
    first, second = await rows(store)
    assert (first.user_id, first.address, first.document) == (r"\ud800\x00", r"\r\n", r"\x00")
    assert len(first.user_name) < 1_000
    assert second.detail == {"password": "[redacted]"}
    assert "cannot be noted" in caplog.text


async def test_records_that_cannot_be_written_hold_up_no_others(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    queue = AuditQueue()
    async with trail(store, queue) as audit:
        # No value for the database: that is a defect, which must not end the task.
        queue.note(AuditRecord(1, GRANT_CHANGED, "", "", "", detail={"x": object()}), 0.0)
        audit.note(GRANT_CHANGED, ADA, "")
        await until(lambda: audit.dropped > 0)
        audit.note(GRANT_CHANGED, ADA, "", number=2)
    found = await rows(store)
    assert {each.kind for each in found} == {GRANT_CHANGED, DROPPED}
    assert found[-1].detail.get("number", 2) == 2
    assert "cannot be written" in caplog.text


async def test_old_records_are_pruned_and_young_ones_stay(store: Store) -> None:
    now = now_ms()
    old = [AuditRecord(now - 91 * DAY_MS, GRANT_CHANGED, "", "", "")] * (2 * STEP + 7)
    young = [AuditRecord(now - 89 * DAY_MS, GRANT_CHANGED, "", "", "", "notes")]
    await store.audit.append([*old, *young])
    assert await prune_once(store.audit, 90, pause_s=0.0) == 2 * STEP + 7
    assert [each.document for each in await rows(store)] == ["notes"]
