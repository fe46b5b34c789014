"""A document with its history as one file, or its events as lines of JSON."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from app.service.backend import Backend
from app.service.grant import Grant
from storage.retention.merged_codec import encode_merged
from storage.segments.document_file import DocumentFileWriter, FileHead, FileVersion
from storage.segments.event_segment import encode_segment
from storage.versions.named_version import VersionPlace, VersionQuery
from sync.document.merged_event import MergedEvent
from sync.document.window import weight
from sync.permission import Action
from sync.port import SERVER_USER, DocumentRecord, EventRecord, StoreError
from sync.shells.clock import now_ms
from sync.shells.log_reader import pages
from sync.wire.event import wire_event

_SEGMENT_EVENTS: Final = 4_096
_SEGMENT_BYTES: Final = 4 << 20
_NAMED_AT_ONCE: Final = 200


async def export_file(backend: Backend, grant: Grant) -> AsyncIterator[bytes]:
    """Yield the parts of the file of a document as it is at its head, with all events that it has.

    Its images are not in it. Whoever reads it learns what the history tells: all old texts, and of
    each event the author's id and name, the session, and the time.

    Raises:
        QuireError: `forbidden`.
        StoreError: the log does not answer, or no longer has all events.
    """
    grant.require(Action.READ)
    document = grant.document
    writer = DocumentFileWriter()
    has_merged = bool(await backend.retention.rows.merged(document.key))
    yield writer.begin(await _head(backend, document), has_merged=has_merged)
    async for event in _merged(backend, document):
        yield writer.merged(await asyncio.to_thread(encode_merged, event))
    async for events in _gathered(backend, document):
        yield writer.segment(await asyncio.to_thread(encode_segment, events))
    yield writer.end(await _versions(backend, document), document.version)


async def export_lines(backend: Backend, grant: Grant) -> AsyncIterator[bytes]:
    """Yield the events of a document, oldest first, each a line of JSON with its ops.

    Raises:
        QuireError: `forbidden`.
        StoreError: the log does not answer.
    """
    grant.require(Action.READ)
    document = grant.document
    encode = msgspec.json.Encoder().encode
    async for page in pages(backend.log, document.key, 0, document.version):
        lines = [encode(wire_event(event, event.ops, with_ops=True)) for event in page]
        yield b"\n".join(lines) + b"\n"


async def _head(backend: Backend, document: DocumentRecord) -> FileHead:
    followed = await backend.log.follow(document.key, document.version, 1)
    if followed is None:
        raise StoreError("the document is gone")
    authors = {**followed.authors, document.crdt_client_id: SERVER_USER}
    return FileHead(
        name=document.name,
        title=document.title,
        # It may have been decided since the document was found, by an event that is left out.
        text_root=followed.document.text_root,
        version=document.version,
        created_at_ms=document.created_at_ms,
        updated_at_ms=document.updated_at_ms,
        exported_at_ms=now_ms(),
        authors=sorted(authors.items()),
    )


async def _merged(backend: Backend, document: DocumentRecord) -> AsyncIterator[MergedEvent]:
    """Yield the events that were merged: they are the first ones."""
    async for page in pages(backend.log, document.key, 0, document.version):
        for event in page:
            if not isinstance(event, MergedEvent):
                return
            yield event


async def _gathered(backend: Backend, document: DocumentRecord) -> AsyncIterator[list[EventRecord]]:
    """Yield all events that were not merged, in parts of the size of a segment."""
    part: list[EventRecord] = []
    size = 0
    async for page in pages(backend.log, document.key, 0, document.version):
        for event in page:
            if isinstance(event, MergedEvent):
                continue
            part.append(event)
            size += weight(event)
            if len(part) >= _SEGMENT_EVENTS or size >= _SEGMENT_BYTES:
                yield part
                part, size = [], 0
    if part:
        yield part


async def _versions(backend: Backend, document: DocumentRecord) -> list[FileVersion]:
    """The names that people gave to versions; automatic ones are made again from the events."""
    found: list[FileVersion] = []
    before: VersionPlace | None = None
    while True:
        page = await backend.versions.page(
            VersionQuery(document.key, "named", before, _NAMED_AT_ONCE, now_ms())
        )
        found += (
            FileVersion(
                name=named.name,
                version=named.version,
                note=named.note,
                created_by=named.created_by,
                created_by_name=named.created_by_name,
                created_at_ms=named.created_at_ms,
                at_ms=named.at_ms,
            )
            for named in page
            if named.version <= document.version
        )
        if len(page) < _NAMED_AT_ONCE:
            return found
        before = VersionPlace(page[-1].version, page[-1].name)
