"""`/api/documents/{document}/events`: new events as they are committed (Server-Sent Events).

The id of each is its version, so that a browser's EventSource, which sends the last id it saw
when it reconnects, misses nothing and gets nothing twice.
"""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response

from app.http.access import BackendOf, EncodingOf, PrincipalOf, ReadableOf, StateOf, problems
from app.http.event_stream import EventStreamResponse
from app.http.stream import StreamsOf, stream_user
from app.server.peer_address import peer_key
from app.service.follow import IDLE_S, follow_events, require_followable
from app.service.version_reader import read_text
from sync.names import MAX_INTEGER
from sync.port import EventRecord
from sync.wire.event import EventWriter

router = APIRouter(prefix="/api/documents/{document}/events", tags=["history"])

KEEPALIVE_S: Final = 15.0
_KEEPALIVE: Final = b": keepalive\n\n"
_RETRY: Final = b"retry: 2000\n\n"


@router.get(
    "",
    response_class=Response,
    responses={
        **problems(404, 409, 429),
        200: {
            "description": "`id` is the version, `event` the type, `data` the event as JSON.",
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": 'id: 2\nevent: text_insert\ndata: {"version":2}\n\n',
                }
            },
        },
    },
)
async def stream_events(
    request: Request,
    principal: PrincipalOf,
    grant: ReadableOf,
    backend: BackendOf,
    state: StateOf,
    streams: StreamsOf,
    since: Annotated[int | None, Query(ge=0, le=MAX_INTEGER)] = None,
    epoch: Annotated[
        str | None, Query(description="The document's epoch; another one now is a 409.")
    ] = None,
    encoding: EncodingOf = "codepoint",
    last_event_id: Annotated[int | None, Header(ge=0, le=MAX_INTEGER)] = None,
) -> Response:
    """Follow a document: the events after `Last-Event-ID` or `since`, else from the head on."""
    document = grant.document
    after = last_event_id if last_event_id is not None else since
    if after is None:
        after = document.version
    require_followable(backend, document, after, epoch)
    await backend.retention.require_kept(document, after)
    text = await read_text(backend, document, after) if encoding == "utf-16" else ""
    pages = follow_events(backend, grant, after)
    frames = _frames(pages, EventWriter(encoding, text))
    keys = stream_user(principal), peer_key(request.scope)
    streams.enter(*keys)
    patience_s = state.settings.slow_consumer_timeout_s
    return EventStreamResponse(frames, patience_s, partial(streams.leave, *keys))


async def _frames(
    pages: AsyncIterator[Sequence[EventRecord]], writer: EventWriter
) -> AsyncIterator[bytes]:
    """Yield the stream's bytes: events, and comments while there are none."""
    yield _RETRY
    silent_s = 0.0
    async for records in pages:
        if records:
            silent_s = 0.0
            yield b"".join(_frame(found, writer) for found in records)
            continue
        silent_s += IDLE_S
        if silent_s >= KEEPALIVE_S:
            silent_s = 0.0
            yield _KEEPALIVE


def _frame(record: EventRecord, writer: EventWriter) -> bytes:
    data = msgspec.json.encode(writer.event(record))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (record.version, record.type.encode(), data)
