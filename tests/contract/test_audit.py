"""The audit trail, on each database."""

from collections.abc import AsyncIterator

import pytest

from storage.audit_rows import AuditRecord, SqlAudit
from tests.contract.sample import open_whole

pytestmark = pytest.mark.anyio


@pytest.fixture
async def audit(database_url: str) -> AsyncIterator[SqlAudit]:
    store = open_whole(database_url)
    yield store.audit
    await store.aclose()


def act(at_ms: int, kind: str = "joined", document_key: int | None = 1) -> AuditRecord:
    return AuditRecord(at_ms, kind, "ada", "Ada", "::1", "notes", document_key, {"role": "viewer"})


async def test_records_are_read_back_newest_first(audit: SqlAudit) -> None:
    await audit.append([act(1), act(2, "refused", None)])
    await audit.append([act(3), act(4, document_key=2)])
    await audit.append([])
    found = await audit.page(None, limit=10)
    assert [(each.at_ms, each.kind, each.document_key) for each in found] == [
        (4, "joined", 2), (3, "joined", 1), (2, "refused", None), (1, "joined", 1)
    ]  # fmt: skip
    assert found[1] == AuditRecord(
        3, "joined", "ada", "Ada", "::1", "notes", 1, {"role": "viewer"}, found[1].key
    )


async def test_pages_follow_each_other(audit: SqlAudit) -> None:
    await audit.append([act(n, ("joined", "left")[n % 2], 1 + n % 3) for n in range(30)])
    seen: list[int] = []
    before: int | None = None
    while page := await audit.page(1, before=before, limit=4):
        seen += [each.at_ms for each in page]
        before = page[-1].key
    assert seen == list(range(27, -1, -3))
    lefts = await audit.page(None, limit=4, kind="left")
    assert [each.at_ms for each in lefts] == [29, 27, 25, 23]
    assert await audit.page(1, limit=4, kind="left", before=lefts[-1].key)
    assert await audit.page(None, limit=4, kind="other") == []


async def test_old_records_are_pruned_a_few_at_a_time(audit: SqlAudit) -> None:
    await audit.append([act(n) for n in (5, 1, 3, 4, 2)])
    assert await audit.prune(4, 2) == 2
    assert [each.at_ms for each in await audit.page(None, limit=9)] == [4, 3, 5]
    assert await audit.prune(4, 2) == 1
    assert await audit.prune(4, 2) == 0


@pytest.mark.parametrize(
    ("hostile", "escaped"), [("a\0b", r"a\x00b"), ("a\ud83d", r"a\ud83d"), ("é😀", "é😀")]
)
async def test_hostile_texts_do_not_keep_the_others_out(
    audit: SqlAudit, hostile: str, escaped: str
) -> None:
    detail = {hostile: [hostile, {"n": 1}], "ok": True}
    await audit.append(
        [act(1), AuditRecord(2, hostile, hostile, hostile, hostile, hostile, None, detail), act(3)]
    )
    found = await audit.page(None, limit=9)
    assert [each.at_ms for each in found] == [3, 2, 1]
    middle = found[1]
    assert middle.kind == middle.user_id == middle.user_name == middle.address == escaped
    assert middle.document == escaped
    assert middle.detail == {escaped: [escaped, {"n": 1}], "ok": True}
    if hostile != escaped:
        assert await audit.page(None, limit=9, kind=hostile) == []
