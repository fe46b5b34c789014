"""Pages of the log: whole, and read in pieces that do not fill the memory."""

import pytest
from msgspec.structs import replace

from sync.document.window import weight
from sync.port import EventLog, EventRecord
from sync.shells.log_reader import PAGE_EVENTS, pages
from tests.contract.sample import Create, append, event

pytestmark = pytest.mark.anyio

MAX_BYTES = 1 << 20


@pytest.mark.parametrize("sizes", [[100] * 1200, [60_000] * 150, [100] * 300 + [60_000] * 80])
async def test_pages_are_whole_and_reads_are_bounded(
    log: EventLog, create: Create, monkeypatch: pytest.MonkeyPatch, sizes: list[int]
) -> None:
    document = await create("long")
    written = [
        replace(event(version), update=bytes(size)) for version, size in enumerate(sizes, start=1)
    ]
    await append(log, document.key, *written)
    reads: list[list[EventRecord]] = []
    read = log.read

    async def noting_read(key: int, after: int, upto: int, limit: int) -> list[EventRecord]:
        records = await read(key, after, upto, limit)
        reads.append(records)
        return records

    monkeypatch.setattr(log, "read", noting_read)
    found = [
        record.version
        async for page in pages(log, document.key, 0, len(sizes), max_bytes=MAX_BYTES)
        for record in page
    ]
    assert found == list(range(1, len(sizes) + 1))
    largest = max(map(weight, written))
    heavy = [records for records in reads if sum(map(weight, records)) > 2 * MAX_BYTES]
    # Only before it is known that events are large is more read than the bound.
    assert len(heavy) <= 1
    assert all(sum(map(weight, records)) <= PAGE_EVENTS * largest for records in heavy)
    if len(set(sizes)) == 1:
        assert sum(map(weight, reads[0])) <= 32 * largest
        assert all(sum(map(weight, records)) <= 2 * MAX_BYTES for records in reads[1:])
