"""`/api/admin/…`: what all processes of a server do, and closing a connection; for operators."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from app.admin.overview import Overview, decode_process, encode_overview, merge_overviews
from app.admin.process_overview import CLOSE, OVERVIEW
from app.app_state import State
from app.audit.audit_kind import CONNECTION_CLOSED
from app.http.access import StateOf, problems
from app.http.event_stream import EventStreamResponse
from app.http.noting import NotingOf
from app.http.people_access import NOT_KEPT, OperatorOf
from app.http.stream import StreamsOf, stream_user
from app.identity.principal import Principal
from app.server.peer_address import peer_key
from app.service.service_error import ServiceCode, ServiceError
from sync.port import StoreError

router = APIRouter(prefix="/api/admin", tags=["server"], dependencies=[NOT_KEPT])

INTERVAL_S: Final = 2.0
"""The time between two overviews of a stream."""
_MEDIA_TYPE: Final = "text/event-stream"
_EXAMPLE: Final[dict[str, object]] = {
    "processes": [],
    "slowest": [],
    "largest": [],
    "busiest": [],
    "refusals": {},
}


@router.get(
    "/overview",
    response_class=Response,
    responses={
        **problems(403, 429),
        200: {
            "description": "With `Accept: text/event-stream` another one every 2 s.",
            "content": {"application/json": {"example": _EXAMPLE}, _MEDIA_TYPE: {}},
        },
    },
)
async def report_overview(
    request: Request, principal: OperatorOf, state: StateOf, streams: StreamsOf
) -> Response:
    """Show connections, documents, slow readers and errors of all processes behind this port."""
    if _MEDIA_TYPE not in request.headers.get("accept", ""):
        return Response(encode_overview(await _overview(state)), media_type="application/json")
    keys = stream_user(principal), peer_key(request.scope)
    streams.enter(*keys)
    patience_s = state.settings.slow_consumer_timeout_s
    return EventStreamResponse(
        _overviews(state, principal), patience_s, partial(streams.leave, *keys)
    )


@router.delete("/connections/{session}", status_code=204, responses=problems(403, 404))
async def close_connection(
    connection: Annotated[str, Path(alias="session", max_length=64)],
    _: OperatorOf,
    state: StateOf,
    note: NotingOf,
) -> Response:
    """Close a WebSocket, whichever process has it, with 4403; its client does not come back."""
    if not await state.figures.ask(f"{CLOSE}{connection}"):
        raise ServiceError(ServiceCode.UNKNOWN_SESSION, "There is no such connection.")
    note(CONNECTION_CLOSED, session=connection)
    return Response(status_code=204)


async def _overview(state: State) -> Overview:
    answers = await state.figures.ask(OVERVIEW)
    found = (decode_process(answer) for answer in answers)
    return merge_overviews([process for process in found if process is not None])


async def _overviews(state: State, principal: Principal) -> AsyncIterator[bytes]:
    """Yield overviews until the process drains, or whoever looks is no operator any more."""
    yield b"retry: 2000\n\n"
    while not state.rooms.draining:
        yield b"data: %s\n\n" % encode_overview(await _overview(state))
        await asyncio.sleep(INTERVAL_S)
        try:
            renewed = await state.backend.identifier.renew(principal)
        except StoreError:
            continue  # it is who it was
        if renewed is None or not renewed.is_operator:
            return
