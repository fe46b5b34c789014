"""Reading a document: its text at a version, pages of its history, deltas in either encoding."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.service.backend import Backend
from app.service.service_error import ServiceCode, ServiceError
from storage.retention.history_thinned import HistoryThinnedError
from sync.document.window import weight
from sync.names import PositionEncoding
from sync.port import DocumentRecord, EventLog, EventRecord, StoreError
from sync.shells.log_reader import pages, text_at
from sync.text.delta import Delta, apply
from sync.text.position import delta_to_utf16

MAX_PAGE_EVENTS: Final = 500
MAX_PAGE_BYTES: Final = 8 << 20
"""A page of large events ends before its limit, so that it costs bounded memory."""
_READ_EVENTS: Final = 64
_WALK_EVENTS: Final = 500
"""Up to this distance, carrying a text along costs less than finding it anew."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Events in the order that was asked for, with their deltas in an encoding."""

    records: Sequence[EventRecord]
    deltas: Sequence[Delta]
    has_more: bool


def require_version(document: DocumentRecord, version: int) -> None:
    """Raise `ServiceError` (`unknown_version`) unless a document has that version."""
    if version > document.version:
        raise ServiceError(
            ServiceCode.UNKNOWN_VERSION,
            f"There is no version {version}; the head is {document.version}.",
        )


async def read_text(backend: Backend, document: DocumentRecord, version: int) -> str:
    """Return the text at a version.

    Raises:
        ServiceError: `unknown_version`: it is beyond the head.
        StoreError: the log does not answer.
    """
    require_version(document, version)
    room = backend.rooms.find(document.name)
    if room is not None and room.key == document.key and room.version == version:
        return room.text
    return await text_at(backend.log, document.key, version)


async def read_version(
    backend: Backend, document: DocumentRecord, version: int, encoding: PositionEncoding
) -> tuple[EventRecord | None, Delta, str]:
    """Return one event, its delta in an encoding, and the text after it.

    Version 0 is empty and has no event.

    Raises:
        ServiceError: `unknown_version`.
        StoreError: the log does not answer, or does not have it.
    """
    require_version(document, version)
    if version == 0:
        return None, (), ""
    found = await backend.log.event(document.key, version)
    if found is None:
        raise StoreError(f"the log has no version {version} of {document.name!r}")
    (delta,) = await encode_deltas(backend.log, document.key, [found], encoding)
    return found, delta, await read_text(backend, document, version)


async def first_version_from(backend: Backend, document: DocumentRecord, at_ms: int) -> int:
    """Return the first version of a time or later; one beyond the head if there is none.

    Times of events ascend, but for clocks of several processes that differ: so it is exact to their
    difference.

    Raises:
        StoreError: the log does not answer.
    """
    low, high = 1, document.version + 1
    while low < high:
        middle = (low + high) // 2
        begin, end, found_ms = await _merged_at(backend, document, middle)
        if found_ms < at_ms:
            low = end + 1
        else:
            high = max(begin, low)
    return low


async def _merged_at(
    backend: Backend, document: DocumentRecord, version: int
) -> tuple[int, int, int]:
    """Return first and last version of the event that stands for one, and its time."""
    try:
        found = await backend.log.event(document.key, version)
    except HistoryThinnedError as gone:
        found = await backend.log.event(document.key, gone.after)
    if found is None:
        raise StoreError(f"the log has no version {version} of {document.name!r}")
    return found.first, found.version, found.at_ms


async def list_history(
    backend: Backend,
    document: DocumentRecord,
    *,
    after: int | None,
    before: int | None,
    limit: int,
    actor: str | None,
    descending: bool,
    encoding: PositionEncoding,
) -> HistoryPage:
    """Return events with `after < version < before`: at most `limit`, fewer if they are large.

    Args:
        limit: 1 to `MAX_PAGE_EVENTS`.
        actor: the id of the user who made them; None: anybody.

    Raises:
        StoreError: the log does not answer.
    """
    limit = min(limit, backend.rooms.limits.max_history_events)
    records, has_more = await _read_page(
        backend.log, document.key, after, before, limit, actor, descending=descending
    )
    ascending = records[::-1] if descending else records
    deltas = await encode_deltas(backend.log, document.key, ascending, encoding)
    return HistoryPage(records, deltas[::-1] if descending else deltas, has_more)


async def _read_page(
    log: EventLog,
    key: int,
    after: int | None,
    before: int | None,
    limit: int,
    actor: str | None,
    *,
    descending: bool,
) -> tuple[list[EventRecord], bool]:
    page: list[EventRecord] = []
    size_bytes = 0
    while True:
        records = await log.history(
            key,
            after=after,
            before=before,
            limit=min(_READ_EVENTS, limit + 1 - len(page)),
            actor=actor,
            descending=descending,
        )
        for found in records:
            if len(page) == limit or (page and size_bytes + weight(found) > MAX_PAGE_BYTES):
                return page, True
            page.append(found)
            size_bytes += weight(found)
        if not records:
            return page, False
        if descending:
            before = records[-1].version
        else:
            after = records[-1].version


async def encode_deltas(
    log: EventLog, key: int, records: Sequence[EventRecord], encoding: PositionEncoding
) -> list[Delta]:
    """Return the deltas of events in a position encoding.

    Args:
        records: ascending, not necessarily consecutive.

    Raises:
        StoreError: the log does not answer.
    """
    if encoding == "codepoint":
        return [record.ops for record in records]
    text, at = "", 0
    deltas: list[Delta] = []
    for record in records:
        before = record.first - 1
        if before - at > _WALK_EVENTS or not deltas:
            text = await text_at(log, key, before)
        else:
            async for page in pages(log, key, at, before):
                for skipped in page:
                    text = apply(text, skipped.ops)
        deltas.append(delta_to_utf16(record.ops, text))
        text, at = apply(text, record.ops), record.version
    return deltas


async def read_events(
    backend: Backend, document: DocumentRecord, after: int, upto: int
) -> AsyncIterator[Sequence[EventRecord]]:
    """Yield the events with `after < version <= upto` in bounded pages, recent ones from memory.

    Raises:
        StoreError: the log does not answer.
    """
    room = backend.rooms.find(document.name)
    recent = None if room is None else room.recent_events(after, upto)
    if recent is not None:
        yield recent
        return
    async for page in pages(backend.log, document.key, after, upto):
        yield page
