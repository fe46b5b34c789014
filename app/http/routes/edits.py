"""`/api/documents/{document}/edits`: the same text events as over the socket."""

from fastapi import APIRouter

from app.http.access import BackendOf, EncodingOf, WritableOf, problems
from app.http.answer import written_answer
from app.http.schema import Edit, Written
from app.service import text_write
from sync.error import ErrorCode, QuireError
from sync.text.delta import DeltaError, from_wire

router = APIRouter(prefix="/api/documents/{document}/edits", tags=["text"])


@router.post("", responses=problems(403, 404, 409, 413, 429))
async def edit_text(
    edit: Edit, grant: WritableOf, backend: BackendOf, encoding: EncodingOf = "codepoint"
) -> Written:
    """Change the text at places counted in version `base`, merged with what happened since."""
    try:
        ops = from_wire(edit.ops)
    except DeltaError as error:
        raise QuireError(ErrorCode.INVALID_MESSAGE, str(error)) from None
    written = await text_write.edit_text(
        backend, grant, event_id=edit.id, base=edit.base, ops=ops, encoding=encoding
    )
    return written_answer(written)
