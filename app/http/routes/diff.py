"""`/api/documents/{document}/diff`: what differs between two versions."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from app.http.access import DocumentOf, EncodingOf, StateOf, problems
from app.http.reading import text_of
from app.http.schema import Diff
from sync.error import ErrorCode, QuireError
from sync.names import MAX_INTEGER
from sync.text.delta import to_wire
from sync.text.position import delta_to_utf16
from sync.text.textdiff import DiffTooLarge, diff, unified_diff

router = APIRouter(prefix="/api/documents/{document}/diff", tags=["history"])


@router.get(
    "",
    response_model=Diff,
    responses={
        **problems(404, 413),
        200: {
            "description": "The difference.",
            "content": {"text/x-diff": {"schema": {"type": "string"}}},
        },
    },
)
async def read_diff(
    record: DocumentOf,
    state: StateOf,
    from_: Annotated[int, Query(alias="from", ge=0, le=MAX_INTEGER)],
    to: Annotated[int | None, Query(ge=0, le=MAX_INTEGER, description="The head.")] = None,
    form: Annotated[Literal["json", "unified"], Query(alias="format")] = "json",
    encoding: EncodingOf = "codepoint",
) -> Diff | Response:
    """Compare the text at two versions, as a delta or as `diff -u` would print it."""
    until = record.version if to is None else to
    old = await text_of(state, record, from_)
    new = await text_of(state, record, until)
    if form == "unified":
        return Response(
            await _unified(old, new, f"{record.name}@{from_}", f"{record.name}@{until}"),
            media_type="text/x-diff; charset=utf-8",
        )
    delta = await asyncio.to_thread(diff, old, new)
    ops = delta_to_utf16(delta, old) if encoding == "utf-16" else delta
    return Diff.model_validate({"from": from_, "to": until, "ops": to_wire(ops)})


async def _unified(old: str, new: str, from_name: str, to_name: str) -> bytes:
    try:
        text = await asyncio.to_thread(unified_diff, old, new, from_name, to_name)
    except DiffTooLarge:
        raise QuireError(
            ErrorCode.TOO_LARGE, "The unified diff is too large; ask for format=json."
        ) from None
    return text.encode()
