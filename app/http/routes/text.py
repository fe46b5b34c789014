"""`/api/documents/{document}/text`: the whole text, to read and to replace."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from app.audit.audit_kind import DOCUMENT_EXPORTED
from app.http.access import BackendOf, DocumentOf, EncodingOf, WritableOf, problems
from app.http.answer import written_answer
from app.http.etag import etag, matches, read_if_match
from app.http.noting import NotingOf
from app.http.problem import HttpCode, ProblemError
from app.http.schema import EventId, Written
from app.service import text_write, version_reader
from sync.error import ErrorCode, QuireError
from sync.names import MAX_INTEGER
from sync.text.delta import valid_text
from sync.text.newline import Newline, with_newlines

router = APIRouter(prefix="/api/documents/{document}/text", tags=["text"])

_MARKDOWN = {"text/markdown": {"schema": {"type": "string"}, "example": "# Hello\n"}}


@router.get(
    "",
    response_class=Response,
    responses={
        **problems(404),
        200: {"description": "The text; ETag is the version.", "content": _MARKDOWN},
        304: {"description": "It is still the version that If-None-Match names."},
    },
)
async def read_text(
    document: DocumentOf,
    backend: BackendOf,
    note: NotingOf,
    version: Annotated[int | None, Query(ge=0, le=MAX_INTEGER, description="The head.")] = None,
    newline: Annotated[
        Newline | None, Query(description="The line ends of the answer; left out: as stored.")
    ] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Read the text, at the head or at any version."""
    wanted = document.version if version is None else version
    version_reader.require_version(document, wanted)
    headers = {"ETag": etag(wanted), "Cache-Control": "no-cache"}
    if matches(if_none_match, wanted):
        return Response(status_code=304, headers=headers)
    text = await version_reader.read_text(backend, document, wanted)
    note(DOCUMENT_EXPORTED, document)
    if newline is not None:
        text = with_newlines(text, newline)
    # Opened as a page of its own it is a download: it is somebody's content, not this site's.
    headers["Content-Disposition"] = f'attachment; filename="{document.name}.md"'
    return Response(text.encode(), headers=headers, media_type="text/markdown; charset=utf-8")


async def _body(request: Request) -> bytes:
    return await request.body()


@router.put(
    "",
    responses=problems(403, 404, 409, 413, 428, 429),
    openapi_extra={"requestBody": {"required": True, "content": _MARKDOWN}},
)
async def replace_text(
    # The first of all: it may take its time, and the role that counts is the one that holds then.
    body: Annotated[bytes, Depends(_body)],
    grant: WritableOf,
    backend: BackendOf,
    if_match: Annotated[
        str | None,
        Header(description='The version that the new text was made from, `"812"`; `*`: the head.'),
    ] = None,
    event_id: Annotated[EventId | None, Query(alias="id")] = None,
    encoding: EncodingOf = "codepoint",
) -> Written:
    """Replace the text: as the smallest edit of that version, merged with what happened since."""
    if if_match is None:
        raise ProblemError(
            HttpCode.PRECONDITION_REQUIRED,
            "If-Match must say which version the text was made from; * is the head.",
        )
    base = read_if_match(if_match)
    text_write.require_base(grant, base)
    written = await text_write.replace_text(
        backend,
        grant,
        _decoded(body),
        base=base,
        event_id=event_id,
        encoding=encoding,
    )
    return written_answer(written)


def _decoded(body: bytes) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise QuireError(
            ErrorCode.INVALID_MESSAGE, f"The body is not UTF-8 at byte {error.start}."
        ) from None
    if not valid_text(text):
        raise QuireError(ErrorCode.INVALID_MESSAGE, "The body holds NUL.")
    return text
