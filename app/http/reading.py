"""Reading a document over HTTP: the text at a version, events in either position encoding."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from app.http.problem import HttpCode, ProblemError
from app.state import State
from sync.names import PositionEncoding
from sync.port import DocumentRecord, EventLog, EventRecord
from sync.shells.log_reader import pages, text_at
from sync.text.delta import Delta, apply
from sync.text.position import delta_to_utf16

_WALK_EVENTS: Final = 500
"""Up to this distance, carrying a text along costs less than finding it anew."""


async def text_of(state: State, record: DocumentRecord, version: int) -> str:
    """The text at a version.

    Raises:
        ProblemError: `unknown_version`: it is beyond the head.
        StoreError: the log does not answer.
    """
    require_version(record, version)
    room = state.rooms.find(record.name)
    if room is not None and room.key == record.key and room.version == version:
        return room.text
    return await text_at(state.log, record.key, version)


def require_version(record: DocumentRecord, version: int) -> None:
    """Raise `ProblemError` (`unknown_version`) unless the document has that version."""
    if version > record.version:
        raise ProblemError(
            HttpCode.UNKNOWN_VERSION,
            f"There is no version {version}; the head is {record.version}.",
        )


async def spelled_ops(
    log: EventLog, key: int, records: Sequence[EventRecord], encoding: PositionEncoding
) -> list[Delta]:
    """The deltas of events in a position encoding.

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
        before = record.version - 1
        if before - at > _WALK_EVENTS or not deltas:
            text = await text_at(log, key, before)
        else:
            async for page in pages(log, key, at, before):
                for skipped in page:
                    text = apply(text, skipped.ops)
        deltas.append(delta_to_utf16(record.ops, text))
        text, at = apply(text, record.ops), record.version
    return deltas


async def records_after(
    state: State, record: DocumentRecord, after: int, upto: int
) -> AsyncIterator[Sequence[EventRecord]]:
    """The events with `after < version <= upto` in bounded pages, from memory if they are recent.

    Raises:
        StoreError: the log does not answer.
    """
    room = state.rooms.find(record.name)
    # A document that is ahead of its room holds events that are not committed yet.
    if room is not None and room.document.version == room.version == upto:
        recent = room.document.window.after(after, upto)
        if recent is not None:
            yield recent
            return
    async for page in pages(state.log, record.key, after, upto):
        yield page
