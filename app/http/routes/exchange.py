"""`/api/documents/{document}/export` and `/api/documents/import`: a document as one file."""

from collections.abc import AsyncIterator
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import StreamingResponse

from app.audit.audit_kind import DOCUMENT_CREATED, DOCUMENT_EXPORTED
from app.http.access import PrincipalOf, ReadableOf, StateOf, problems
from app.http.answer import document_answer
from app.http.noting import NotingOf
from app.http.schema import Document, DocumentName, Title
from app.service import document_export, version_reader

router = APIRouter(prefix="/api/documents", tags=["documents"])

Format = Literal["quire", "md", "jsonl"]
_MEDIA_TYPES: Final[dict[Format, str]] = {
    "quire": "application/vnd.quire.document",
    "md": "text/markdown; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
}
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/{document}/export",
    response_class=Response,
    responses={
        **problems(404),
        200: {
            "description": "The file.",
            "content": {kind.partition(";")[0]: _BINARY for kind in _MEDIA_TYPES.values()},
        },
    },
)
async def export_document(
    grant: ReadableOf,
    state: StateOf,
    note: NotingOf,
    kind: Annotated[
        Format,
        Query(
            alias="format",
            description="`quire`: all there is but images, to be brought in elsewhere; "
            "`md`: the text; `jsonl`: the events, a line of JSON each.",
        ),
    ] = "quire",
) -> Response:
    """Download the document as it is now: with its whole history, or its text alone."""
    document = grant.document
    headers = {
        "Content-Disposition": f'attachment; filename="{document.name}.{kind}"',
        "Cache-Control": "no-cache",
    }
    parts: AsyncIterator[bytes]
    if kind == "md":
        text = await version_reader.read_text(state.backend, document, document.version)
        note(DOCUMENT_EXPORTED, document)
        return Response(text.encode(), headers=headers, media_type=_MEDIA_TYPES[kind])
    if kind == "quire":
        parts = document_export.export_file(state.backend, grant)
    else:
        parts = document_export.export_lines(state.backend, grant)
    # What cannot be read at all is answered with an error, not with the beginning of a file.
    first = await anext(parts, b"")
    note(DOCUMENT_EXPORTED, document)
    return StreamingResponse(_all(first, parts), headers=headers, media_type=_MEDIA_TYPES[kind])


async def _all(first: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in parts:
        yield part


async def _body(request: Request) -> bytes:
    return await request.body()


@router.post(
    "/import",
    status_code=201,
    responses=problems(403, 409, 413, 429),
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/octet-stream": _BINARY}}
    },
)
async def import_document(
    # The first of all: it may take its time, and the identity that counts is the one then.
    body: Annotated[bytes, Depends(_body)],
    state: StateOf,
    principal: PrincipalOf,
    note: NotingOf,
    response: Response,
    name: Annotated[DocumentName | None, Query(description="Left out: that in the file.")] = None,
    title: Annotated[Title | None, Query(description="Left out: that in the file.")] = None,
) -> Document:
    """Create a document of a file that `export` made, with all its versions. It is refused whole if
    a byte of it is missing or different. Authors that are named in it get the prefix `imported:`,
    unless an operator brings it.
    """
    made = await state.imports.add(principal, body, name=name, title=title)
    note(DOCUMENT_CREATED, made.document)
    location = f"{state.settings.base_path}/api/documents/{made.document.name}"
    response.headers["Location"] = location
    return document_answer(made.document, made.role)
