"""`/api/documents/{document}/history`: every event that made the document what it is."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Response

from app.http.access import DocumentOf, EncodingOf, StateOf, problems
from app.http.answer import json_response
from app.http.reading import require_version, spelled_ops, text_of
from app.http.schema import History, Text, VersionOfText
from app.state import State
from sync.document.window import weight
from sync.error import ErrorCode, QuireError
from sync.names import MAX_INTEGER, PositionEncoding
from sync.port import DocumentRecord, EventRecord, StoreError
from sync.wire.event import wire_event
from sync.wire.message import Event

router = APIRouter(prefix="/api/documents/{document}/history", tags=["history"])

MAX_PAGE: Final = 500
MAX_PAGE_BYTES: Final = 8 << 20
"""A page of large events ends before its limit, so that it costs bounded memory."""
_READ_EVENTS: Final = 64

Bound = Annotated[int | None, Query(ge=0, le=MAX_INTEGER)]
Include = Annotated[str, Query(description="Comma-separated: `ops`, `update`.", max_length=32)]


@router.get("", response_model=History, responses=problems(404))
async def list_events(
    record: DocumentOf,
    state: StateOf,
    after: Bound = None,
    before: Bound = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    actor: Annotated[Text | None, Query(description="The id of who did it.")] = None,
    order: Literal["asc", "desc"] = "asc",
    include: Include = "",
    encoding: EncodingOf = "codepoint",
) -> Response:
    """List events with `after < version < before`, oldest first unless `order=desc`."""
    added = _read_include(include)
    descending = order == "desc"
    page, more = await _page(state, record, after, before, limit, actor, descending=descending)
    ascending = page[::-1] if descending else page
    events = await _events(state, record, ascending, encoding, added)
    if descending:
        events.reverse()
    return json_response({"events": events, "next": page[-1].version if more else None})


@router.get("/{version}", response_model=VersionOfText, responses=problems(404))
async def read_version(
    record: DocumentOf,
    state: StateOf,
    version: Annotated[int, Path(ge=0, le=MAX_INTEGER)],
    include: Include = "",
    encoding: EncodingOf = "codepoint",
) -> Response:
    """Read one event, and the text as it was then. Version 0 is empty and has no event."""
    added = _read_include(include)
    require_version(record, version)
    if version == 0:
        return json_response({"event": None, "text": ""})
    found = await state.log.event(record.key, version)
    if found is None:
        raise StoreError(f"the log has no version {version} of {record.name!r}")
    events = await _events(state, record, [found], encoding, added)
    return json_response({"event": events[0], "text": await text_of(state, record, version)})


def _read_include(include: str) -> frozenset[str]:
    added = frozenset(part.strip() for part in include.split(",") if part.strip())
    if not added <= {"ops", "update"}:
        raise QuireError(ErrorCode.INVALID_MESSAGE, "include: it can be ops, update, or both.")
    return added


async def _page(
    state: State,
    record: DocumentRecord,
    after: int | None,
    before: int | None,
    limit: int,
    actor: str | None,
    *,
    descending: bool,
) -> tuple[list[EventRecord], bool]:
    """At most `limit` events, fewer if they are large, and whether there are more."""
    page: list[EventRecord] = []
    size = 0
    while True:
        records = await state.log.history(
            record.key,
            after=after,
            before=before,
            limit=min(_READ_EVENTS, limit + 1 - len(page)),
            actor=actor,
            descending=descending,
        )
        for found in records:
            if len(page) == limit or (page and size + weight(found) > MAX_PAGE_BYTES):
                return page, True
            page.append(found)
            size += weight(found)
        if not records:
            return page, False
        if descending:
            before = records[-1].version
        else:
            after = records[-1].version


async def _events(
    state: State,
    record: DocumentRecord,
    records: list[EventRecord],
    encoding: PositionEncoding,
    added: frozenset[str],
) -> list[Event]:
    deltas = await spelled_ops(state.log, record.key, records, encoding)
    return [
        wire_event(found, ops, with_ops="ops" in added, with_update="update" in added)
        for found, ops in zip(records, deltas, strict=True)
    ]
