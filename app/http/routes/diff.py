"""`/api/documents/{document}/diff`: the difference of two versions."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from app.http.access import BackendOf, DocumentOf, EncodingOf, problems
from app.http.schema import Diff
from app.service.version_diff import compare_lines, compare_versions
from sync.names import MAX_INTEGER
from sync.text.delta import to_wire

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
    document: DocumentOf,
    backend: BackendOf,
    from_: Annotated[int, Query(alias="from", ge=0, le=MAX_INTEGER)],
    to: Annotated[int | None, Query(ge=0, le=MAX_INTEGER, description="The head.")] = None,
    form: Annotated[Literal["json", "unified"], Query(alias="format")] = "json",
    encoding: EncodingOf = "codepoint",
) -> Diff | Response:
    """Compare the text at two versions, as a delta or as `diff -u` would print it."""
    until = document.version if to is None else to
    if form == "unified":
        lines = await compare_lines(backend, document, from_, until)
        headers = {"Content-Disposition": f'attachment; filename="{document.name}.diff"'}
        return Response(lines.encode(), headers=headers, media_type="text/x-diff; charset=utf-8")
    delta = await compare_versions(backend, document, from_, until, encoding)
    return Diff.model_validate({"from": from_, "to": until, "ops": to_wire(delta)})
