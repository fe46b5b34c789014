"""`/api/documents/{document}/history`: every event of the document."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Response

from app.http.access import BackendOf, DocumentOf, EncodingOf, problems
from app.http.answer import json_response
from app.http.schema import History, Moment, Sittings, Text, VersionOfText, milliseconds
from app.service import sitting_reader, version_reader
from app.service.backend import Backend
from app.service.sitting_reader import MAX_PAGE_SITTINGS
from app.service.version_reader import MAX_PAGE_EVENTS
from sync.error import ErrorCode, QuireError
from sync.names import MAX_INTEGER
from sync.port import DocumentRecord, EventRecord, Sitting
from sync.text.delta import Delta
from sync.wire.event import timestamp, wire_event
from sync.wire.message import Event

router = APIRouter(prefix="/api/documents/{document}/history", tags=["history"])

_MAX_PAUSE_S: Final = 86_400

Bound = Annotated[int | None, Query(ge=0, le=MAX_INTEGER)]
Include = Annotated[str, Query(description="Comma-separated: `ops`, `update`.", max_length=32)]


@router.get("", response_model=History, responses=problems(404))
async def list_events(
    document: DocumentOf,
    backend: BackendOf,
    after: Bound = None,
    before: Bound = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_EVENTS)] = 100,
    actor: Annotated[Text | None, Query(description="The id of who did it.")] = None,
    from_: Annotated[Moment | None, Query(alias="from", description="From then on.")] = None,
    to: Annotated[Moment | None, Query(description="Up to then, with it.")] = None,
    order: Literal["asc", "desc"] = "asc",
    include: Include = "",
    encoding: EncodingOf = "codepoint",
) -> Response:
    """List events with `after < version < before`, oldest first unless `order=desc`."""
    included = _read_include(include)
    after, before = await _within(backend, document, after, before, from_, to)
    page = await version_reader.list_history(
        backend,
        document,
        after=after,
        before=before,
        limit=limit,
        actor=actor,
        descending=order == "desc",
        encoding=encoding,
    )
    events = [
        _encode_event(record, delta, included)
        for record, delta in zip(page.records, page.deltas, strict=True)
    ]
    following = page.records[-1].version if page.has_more else None
    return json_response({"events": events, "next": following})


async def _within(
    backend: Backend,
    document: DocumentRecord,
    after: int | None,
    before: int | None,
    from_: datetime | None,
    to: datetime | None,
) -> tuple[int | None, int | None]:
    """Return the bounds of versions that also bound times."""
    from_ms, to_ms = milliseconds(from_), milliseconds(to)
    if from_ms is not None:
        first = await version_reader.first_version_from(backend, document, from_ms)
        after = max(after or 0, first - 1)
    if to_ms is not None:
        end = await version_reader.first_version_from(backend, document, to_ms + 1)
        before = end if before is None else min(before, end)
    return after, before


@router.get("/sittings", response_model=Sittings, responses=problems(404))
async def list_sittings(
    document: DocumentOf,
    backend: BackendOf,
    after: Bound = None,
    before: Bound = None,
    from_: Annotated[Moment | None, Query(alias="from", description="From then on.")] = None,
    to: Annotated[Moment | None, Query(description="Up to then, with it.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_SITTINGS)] = 50,
    pause_s: Annotated[
        int, Query(ge=1, le=_MAX_PAUSE_S, description="The longest pause within a sitting.")
    ] = 300,
) -> Response:
    """List the sittings of the events with `after < version < before`, newest first."""
    after, before = await _within(backend, document, after, before, from_, to)
    page = await sitting_reader.list_sittings(
        backend, document, after=after, before=before, limit=limit, pause_ms=pause_s * 1_000
    )
    sittings = [_encode_sitting(sitting, page.colors) for sitting in page.sittings]
    return json_response({"sittings": sittings, "next": page.before})


@router.get("/{version}", response_model=VersionOfText, responses=problems(404))
async def read_version(
    document: DocumentOf,
    backend: BackendOf,
    version: Annotated[int, Path(ge=0, le=MAX_INTEGER)],
    include: Include = "",
    encoding: EncodingOf = "codepoint",
) -> Response:
    """Read one event, and the text as it was then. Version 0 is empty and has no event."""
    included = _read_include(include)
    record, delta, text = await version_reader.read_version(backend, document, version, encoding)
    event = None if record is None else _encode_event(record, delta, included)
    return json_response({"event": event, "text": text})


def _read_include(include: str) -> frozenset[str]:
    included = frozenset(part.strip() for part in include.split(",") if part.strip())
    if not included <= {"ops", "update"}:
        raise QuireError(ErrorCode.INVALID_MESSAGE, "include: it can be ops, update, or both.")
    return included


def _encode_event(record: EventRecord, delta: Delta, included: frozenset[str]) -> Event:
    return wire_event(record, delta, with_ops="ops" in included, with_update="update" in included)


def _encode_sitting(sitting: Sitting, colors: dict[str, str]) -> dict[str, Any]:
    return {
        "first": sitting.first,
        "last": sitting.last,
        "from": timestamp(sitting.from_ms),
        "to": timestamp(sitting.to_ms),
        "restored": sitting.restored,
        "authors": [
            {
                "id": author.actor_id,
                "name": author.actor_name,
                "color": colors[author.actor_id],
                "origin": author.origin,
                "events": author.events,
                "last": author.last,
            }
            for author in sitting.authors
        ],
    }
