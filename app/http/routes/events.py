"""`/api/documents/{document}/events`: new events as they are committed (Server-Sent Events).

The id of each is its version, so that a browser's EventSource, which sends the last id it saw
when it reconnects, misses nothing and gets nothing twice.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Header, Query, Response
from starlette.responses import StreamingResponse
from starlette.types import Message, Send

from app.http.access import DocumentOf, EncodingOf, StateOf, problems
from app.http.reading import records_after, text_of
from app.http.stream import EventStreams, StreamsOf
from app.state import State
from sync.error import ErrorCode, QuireError
from sync.names import MAX_INTEGER
from sync.port import DocumentRecord, EventRecord, StoreError
from sync.wire.event import EventWriter

router = APIRouter(prefix="/api/documents/{document}/events", tags=["history"])

KEEPALIVE_S: Final = 15.0
_GLANCE_S: Final = 1.0
"""How often a stream that waits looks whether the server is stopping."""
_KEEPALIVE: Final = b": keepalive\n\n"
_RETRY: Final = b"retry: 2000\n\n"


class _EventStreamResponse(StreamingResponse):
    """A stream whose reader must take something now and then."""

    media_type = "text/event-stream"

    def __init__(
        self, content: AsyncIterator[bytes], streams: EventStreams, patience_s: float
    ) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(content, headers=headers)
        self._streams = streams
        self._patience_s = patience_s

    async def stream_response(self, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(self._patience_s):
                await send(message)

        self._streams.count += 1
        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            # The transport's own timeout ends the connection; nothing more is kept for it here.
            return
        finally:
            self._streams.count -= 1


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
    record: DocumentOf,
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
    after = last_event_id if last_event_id is not None else since
    if after is None:
        after = record.version
    if after > record.version or (epoch is not None and epoch != record.epoch):
        raise QuireError(
            ErrorCode.BASE_UNKNOWN,
            f"Version {after} is not of this history, whose head is {record.version}.",
        )
    if state.rooms.draining:
        raise QuireError(ErrorCode.STORE_UNAVAILABLE, "The server is stopping.", retryable=True)
    streams.require_room()
    text = await text_of(state, record, after) if encoding == "utf-16" else ""
    writer = EventWriter(encoding, text)
    frames = _frames(state, record, after, writer)
    return _EventStreamResponse(frames, streams, state.settings.slow_consumer_timeout_s)


async def _frames(
    state: State, record: DocumentRecord, after: int, writer: EventWriter
) -> AsyncIterator[bytes]:
    """The stream's bytes, until the document is deleted, the store fails or the server stops."""
    yield _RETRY
    silent_s = 0.0
    try:
        while not state.rooms.draining:
            try:
                async with asyncio.timeout(_GLANCE_S):
                    head = await state.rooms.wait_beyond(record.name, after)
            except TimeoutError:
                silent_s += _GLANCE_S
                if silent_s >= KEEPALIVE_S:
                    silent_s = 0.0
                    yield _KEEPALIVE
                continue
            silent_s = 0.0
            async for records in records_after(state, record, after, head):
                yield b"".join(_frame(found, writer) for found in records)
                after = records[-1].version
    except (QuireError, StoreError):
        # The headers are sent. Whoever comes back with the last id is told what is wrong.
        return


def _frame(record: EventRecord, writer: EventWriter) -> bytes:
    data = msgspec.json.encode(writer.event(record))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (record.version, record.type.encode(), data)
