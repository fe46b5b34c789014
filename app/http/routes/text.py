"""`/api/documents/{document}/text`: the whole text, to read and to replace."""

import asyncio
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from app.http.access import (
    DocumentOf,
    EncodingOf,
    StateOf,
    UserOf,
    WritableDocumentOf,
    problems,
)
from app.http.etag import etag, matches, read_if_match
from app.http.problem import HttpCode, ProblemError
from app.http.reading import require_version, text_of
from app.http.schema import EventId, Written
from app.http.writing import write
from sync.error import ErrorCode, QuireError
from sync.names import MAX_INTEGER
from sync.port import DocumentRecord
from sync.submission import named_digest
from sync.text.delta import valid_text
from sync.text.newline import Newline, normalize_text, with_newlines
from sync.text.textdiff import diff
from sync.user import User

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
    record: DocumentOf,
    state: StateOf,
    version: Annotated[int | None, Query(ge=0, le=MAX_INTEGER, description="The head.")] = None,
    newline: Annotated[
        Newline | None, Query(description="The line ends of the answer; left out: as stored.")
    ] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Read the text, at the head or at any version."""
    wanted = record.version if version is None else version
    require_version(record, wanted)
    headers = {"ETag": etag(wanted), "Cache-Control": "no-cache"}
    if matches(if_none_match, wanted):
        return Response(status_code=304, headers=headers)
    text = await text_of(state, record, wanted)
    if newline is not None:
        text = with_newlines(text, newline)
    return Response(text.encode(), headers=headers, media_type="text/markdown; charset=utf-8")


@router.put(
    "",
    responses=problems(403, 404, 409, 413, 428),
    openapi_extra={"requestBody": {"required": True, "content": _MARKDOWN}},
)
async def replace_text(
    request: Request,
    record: WritableDocumentOf,
    state: StateOf,
    user: UserOf,
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
    wanted = read_if_match(if_match)
    if wanted is not None and wanted > record.version:
        raise QuireError(
            ErrorCode.BASE_UNKNOWN, f"There is no version {wanted}; the head is {record.version}."
        )
    sent = _decoded(await request.body())
    new = normalize_text(sent)
    base = record.version if wanted is None else wanted
    old = await text_of(state, record, base)
    delta = await asyncio.to_thread(diff, old, new)
    content = f"{'*' if wanted is None else wanted} {sha256(sent.encode()).hexdigest()}"
    return await write(
        state,
        user,
        record,
        event_id=event_id or _own_id(record, user, wanted, content),
        base=base,
        ops=delta,
        digest=named_digest("put_text", content),
        encoding=encoding,
        normalized=new != sent,
    )


def _own_id(record: DocumentRecord, user: User, wanted: int | None, content: str) -> str | None:
    """The id of a `PUT` without one: to do it twice is to do it once, and proxies rely on that.

    None if it is about whatever the head is: a second one then changes nothing anyway, unless
    somebody has written in between.
    """
    if wanted is None:
        return None
    return "put-" + sha256(f"{record.epoch} {user.id} {content}".encode()).hexdigest()[:32]


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
