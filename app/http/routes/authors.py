"""`/api/documents/{document}/blame` and `/contributions`: who wrote the text."""

import asyncio
from typing import Annotated, Any, Final

import brotli
import msgspec
from fastapi import APIRouter, Header, Query, Response

from app.http.access import BackendOf, DocumentOf, EncodingOf, problems
from app.http.author_schema import BlameAnswer, Contributions
from app.http.etag import etag, matches
from app.http.static_asset import accepted_coding
from app.service import blame_reader
from app.service.blame_reader import MAX_PAGE_SPANS, BlamePage, Contributor, Grain
from app.service.version_reader import require_version
from sync.names import MAX_INTEGER
from sync.wire.event import timestamp

router = APIRouter(prefix="/api/documents/{document}", tags=["history"])

_QUALITY: Final = 5
_COMPRESSED_FROM_BYTES: Final = 1_024

VersionOf = Annotated[
    int | None, Query(alias="version", ge=0, le=MAX_INTEGER, description="Left out: the head.")
]


@router.get(
    "/blame",
    response_model=BlameAnswer,
    responses={
        **problems(404),
        304: {"description": "It is still the version that If-None-Match names."},
    },
)
async def read_blame(
    document: DocumentOf,
    backend: BackendOf,
    version: VersionOf = None,
    grain: Annotated[
        Grain,
        Query(
            description="`author`: neighbours by one author are one span, of the newest version."
        ),
    ] = "version",
    after: Annotated[int, Query(ge=0, le=MAX_INTEGER, description="A place in the text.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_SPANS)] = MAX_PAGE_SPANS,
    encoding: EncodingOf = "codepoint",
    if_none_match: Annotated[str | None, Header()] = None,
    accept_encoding: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Tell of each span of the text who wrote it, when, and at which version.

    What a restore or a take-back brought back keeps its first author.
    """
    wanted = document.version if version is None else version
    require_version(document, wanted)
    headers = {"ETag": etag(wanted), "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if matches(if_none_match, wanted):
        return Response(status_code=304, headers=headers)
    page = await blame_reader.read_blame(
        backend,
        document,
        wanted,
        grain=grain,
        after=after,
        limit=limit,
        encoding=encoding,
    )
    is_brotli = accepted_coding(accept_encoding) == "br"
    body, coding = await asyncio.to_thread(_encode, page, is_brotli=is_brotli)
    return Response(body, headers=headers | coding, media_type="application/json")


@router.get("/contributions", responses=problems(404))
async def read_contributions(
    document: DocumentOf, backend: BackendOf, version: VersionOf = None
) -> Contributions:
    """Tell what each person wrote and deleted, and how much of it stands in the text.

    Those of whom most stands come first.
    """
    wanted = document.version if version is None else version
    found = await blame_reader.read_contributions(backend, document, wanted)
    return Contributions.model_validate(
        {"version": wanted, "contributions": [_contributor(each) for each in found]}
    )


def _contributor(found: Contributor) -> dict[str, Any]:
    sums = found.sums
    return {
        "actor": {"id": found.person.id, "name": found.person.name},
        "color": found.color,
        "inserted": sums.inserted,
        "deleted": sums.deleted,
        "standing": found.standing,
        "events": sums.events,
        "first_at": timestamp(sums.first_ms),
        "last_at": timestamp(sums.last_ms),
    }


def _encode(page: BlamePage, *, is_brotli: bool) -> tuple[bytes, dict[str, str]]:
    actors: dict[tuple[str, str], dict[str, str]] = {}
    times: dict[int, str] = {}
    spans = []
    for span in page.spans:
        actor = actors.get(span.person)
        if actor is None:
            actor = actors[span.person] = {"id": span.person.id, "name": span.person.name}
        at = times.get(span.at_ms)
        if at is None:
            at = times[span.at_ms] = timestamp(span.at_ms)
        spans.append({"len": span.length, "version": span.version, "actor": actor, "at": at})
    body = msgspec.json.encode({"version": page.version, "spans": spans, "next": page.next})
    if is_brotli and len(body) >= _COMPRESSED_FROM_BYTES:
        return brotli.compress(body, quality=_QUALITY), {"Content-Encoding": "br"}
    return body, {}
