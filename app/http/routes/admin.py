"""`/api/admin/…`: what all processes of a server do, and what operators may do there."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from app.admin.overview import (
    MAX_MARKED,
    Overview,
    decode_process,
    encode_overview,
    merge_overviews,
    with_marks,
)
from app.admin.process_overview import CLOSE, OVERVIEW
from app.app_state import State
from app.audit.audit_kind import CONNECTION_CLOSED, DOCUMENT_MARKED
from app.http.access import BackendOf, DocumentPath, StateOf, problems
from app.http.admin_schema import AdministeredChange, AdministeredDocument
from app.http.event_stream import EventStreamResponse
from app.http.noting import NotingOf
from app.http.people_access import NOT_KEPT, OperatorOf
from app.http.stream import StreamsOf, stream_user
from app.identity.principal import Principal
from app.server.peer_address import peer_key
from app.service.read_only_mark import mark_read_only
from app.service.service_error import ServiceCode, ServiceError
from sync.error import ErrorCode, QuireError
from sync.names import is_document_name
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
    "read_only": [],
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


@router.get("/documents/{document}", responses=problems(403, 404))
async def read_administered(
    name: DocumentPath, _: OperatorOf, backend: BackendOf
) -> AdministeredDocument:
    """Say whether a document is read-only; operators need no role in it."""
    found = await backend.log.find(name) if is_document_name(name) else None
    if found is None or found.purged_at_ms is not None:
        raise QuireError(ErrorCode.UNKNOWN_DOCUMENT, "There is no such document.")
    return AdministeredDocument(name=name, read_only=found.read_only_at_ms is not None)


@router.patch("/documents/{document}", responses=problems(403, 404))
async def change_administered(
    change: AdministeredChange,
    name: DocumentPath,
    _: OperatorOf,
    backend: BackendOf,
    note: NotingOf,
) -> AdministeredDocument:
    """Make a document read-only for everybody, its owner too, or give the roles back.

    Whoever has it open is told within a second, in every process.
    """
    found = await mark_read_only(backend, name, is_read_only=change.read_only)
    note(DOCUMENT_MARKED, found, read_only=change.read_only)
    return AdministeredDocument(name=name, read_only=change.read_only)


async def _overview(state: State) -> Overview:
    answers = await state.figures.ask(OVERVIEW)
    found = (decode_process(answer) for answer in answers)
    overview = merge_overviews([process for process in found if process is not None])
    try:
        marked = await state.backend.access.read_only_names(MAX_MARKED)
    except StoreError:
        return overview  # what the processes do can be seen all the same
    return with_marks(overview, marked)


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
