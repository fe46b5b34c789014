"""`/api/documents/{document}/edits`: the same text events as over the socket."""

from fastapi import APIRouter

from app.http.access import EncodingOf, StateOf, UserOf, WritableDocumentOf, problems
from app.http.schema import Edit, Written
from app.http.writing import write
from sync.error import ErrorCode, QuireError
from sync.submission import text_digest
from sync.text.delta import DeltaError, from_wire, inserted_text

router = APIRouter(prefix="/api/documents/{document}/edits", tags=["text"])


@router.post("", responses=problems(403, 404, 409, 413))
async def edit_text(
    edit: Edit,
    record: WritableDocumentOf,
    state: StateOf,
    user: UserOf,
    encoding: EncodingOf = "codepoint",
) -> Written:
    """Change the text at places counted in version `base`, merged with what happened since."""
    try:
        ops = from_wire(edit.ops)
    except DeltaError as error:
        raise QuireError(ErrorCode.INVALID_MESSAGE, str(error)) from None
    written = await write(
        state,
        user,
        record,
        event_id=edit.id,
        base=edit.base,
        ops=ops,
        digest=text_digest("text_edit", edit.base, ops),
        counted_in=encoding,
        encoding=encoding,
    )
    # Merging moves what is inserted, and changes nothing in it but line ends.
    written.normalized = inserted_text(from_wire(written.ops)) != inserted_text(ops)
    return written
