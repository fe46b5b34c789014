"""Reading the log: any version's text and content, pages of events."""

from collections.abc import AsyncIterator

from sync.document.window import weight
from sync.port import EventRecord, LogReading, StoreError

PAGE_EVENTS = 500
"""Events read at a time, at most."""
_FIRST_EVENTS = 32
"""Events read at first: how large they are is only known then."""


async def text_at(log: LogReading, key: int, version: int) -> str:
    """Return the text at a version, from the nearest checkpoint before it and the deltas after.

    Args:
        version: 0 up to the head.

    Raises:
        StoreError: the log does not answer, or does not have it.
    """
    return await log.text_at(key, version)


class HistoryTooLargeError(Exception):
    """The updates are larger than the bound of the caller."""


async def updates_of(log: LogReading, key: int, version: int, *, max_bytes: int) -> list[bytes]:
    """Return the Yjs updates of which a version consists.

    They are a checkpoint's state, if there is one at or before the version, and the events after
    it. Only the newest checkpoints keep their state, so an old version may need all its events.

    Args:
        version: 0 up to the head.

    Raises:
        HistoryTooLargeError: they are more than `max_bytes`.
        StoreError: the log does not answer, or does not have it.
    """
    checkpoint = await log.checkpoint_at_or_before(key, version)
    if checkpoint is None or checkpoint.state is None:
        return await updates_between(log, key, 0, version, max_bytes=max_bytes)
    left = max_bytes - len(checkpoint.state)
    later = await updates_between(log, key, checkpoint.version, version, max_bytes=left)
    return [checkpoint.state, *later]


async def updates_between(
    log: LogReading, key: int, after: int, upto: int, *, max_bytes: int
) -> list[bytes]:
    """Return the Yjs updates of the events with `after < version <= upto`, ascending.

    Raises:
        HistoryTooLargeError: they are more than `max_bytes`.
        StoreError: the log does not answer, or has a gap.
    """
    updates: list[bytes] = []
    async for page in pages(log, key, after, upto):
        updates += (record.update for record in page)
        max_bytes -= sum(len(record.update) for record in page)
        if max_bytes < 0:
            raise HistoryTooLargeError(f"the updates up to version {page[-1].version} are too much")
    return updates


async def pages(
    log: LogReading, key: int, after: int, upto: int, *, max_bytes: int = 1 << 20
) -> AsyncIterator[list[EventRecord]]:
    """Yield the events with `after < version <= upto`, ascending, in pages of bounded size.

    Raises:
        HistoryError: some of them are gone.
        StoreError: the log does not answer, or has a gap.
    """
    limit = _FIRST_EVENTS
    while after < upto:
        records = await log.read(key, after, upto, limit)
        read_bytes = sum(map(weight, records))
        # So many that they stay near the bound: 500 large ones would fill the memory.
        average = max(1, read_bytes // max(1, len(records)))
        limit = max(1, min(PAGE_EVENTS, 2 * limit, max_bytes // average))
        page: list[EventRecord] = []
        size = 0
        for record in records:
            if record.first != after + 1:
                raise StoreError(f"the log has {record.first} after {after}")
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
