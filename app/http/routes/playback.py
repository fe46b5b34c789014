"""`/api/documents/{document}/playback`: events in columns, many thousand at a time."""

import asyncio
from typing import Annotated, Any, Final

import brotli
import msgspec
from fastapi import APIRouter, Header, Query, Response

from app.http.access import BackendOf, DocumentOf, problems
from app.http.schema import Playback
from app.http.static_asset import accepted_coding
from app.service.playback_reader import MAX_PLAYBACK_EVENTS, read_playback
from sync.names import MAX_INTEGER

router = APIRouter(prefix="/api/documents/{document}/playback", tags=["history"])

_QUALITY: Final = 5
"""Of 20,000 events, 480 kB, it leaves 110 kB in 10 ms; 9 would leave 100 in 50."""


@router.get("", response_model=Playback, responses=problems(404))
async def play_back(
    document: DocumentOf,
    backend: BackendOf,
    after: Annotated[int, Query(ge=0, le=MAX_INTEGER)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PLAYBACK_EVENTS)] = MAX_PLAYBACK_EVENTS,
    accept_encoding: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Read events after a version in columns. Positions and lengths count code points."""
    page = await read_playback(backend, document, after, limit)
    coding = accepted_coding(accept_encoding)
    body = await asyncio.to_thread(_encode, page, is_brotli=coding == "br")
    headers = {"Vary": "Accept-Encoding"}
    if coding == "br":
        headers["Content-Encoding"] = "br"
    return Response(body, headers=headers, media_type="application/json")


def _encode(page: dict[str, Any], *, is_brotli: bool) -> bytes:
    body = msgspec.json.encode(page)
    return brotli.compress(body, quality=_QUALITY) if is_brotli else body
