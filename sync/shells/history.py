"""Reading the log: any version's text, pages of events."""

from collections.abc import AsyncIterator

from sync.delta import apply
from sync.port import EventLog, EventRecord, StoreError
from sync.window import weight

PAGE_EVENTS = 500
"""Events read at a time."""


async def text_at(log: EventLog, key: int, version: int) -> str:
    """The text at a version: the nearest checkpoint before it, and the deltas from there.

    Args:
        version: 0 up to the head.

    Raises:
        StoreError: the log does not answer, or does not have it.
    """
    checkpoint = await log.checkpoint_at_or_before(key, version)
    text, at = (checkpoint.text, checkpoint.version) if checkpoint else ("", 0)
    async for page in pages(log, key, at, version):
        for record in page:
            text = apply(text, record.ops)
    return text


async def pages(
    log: EventLog, key: int, after: int, upto: int, *, max_bytes: int = 1 << 20
) -> AsyncIterator[list[EventRecord]]:
    """The events with `after < version <= upto`, ascending, in pages bounded in number and bytes.

    Raises:
        StoreError: the log does not answer, or has a gap.
    """
    while after < upto:
        records = await log.read(key, after, upto, PAGE_EVENTS)
        page: list[EventRecord] = []
        size = 0
        for record in records:
            if record.version != after + 1:
                raise StoreError(f"the log has {record.version} after {after}")
            after = record.version
            page.append(record)
            size += weight(record)
            if size >= max_bytes:
                yield page
                page, size = [], 0
        if not records:
            raise StoreError(f"the log ends at {after}, before {upto}")
        if page:
            yield page
