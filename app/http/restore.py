"""`/api/documents/{document}/restore`: an old text, brought back by a new event."""

import asyncio

from fastapi import APIRouter

from app.http.access import EncodingOf, StateOf, UserOf, WritableDocumentOf, problems
from app.http.reading import text_of
from app.http.schema import Restore, Written
from app.http.writing import write
from sync.submission import named_digest
from sync.textdiff import diff

router = APIRouter(prefix="/api/documents/{document}/restore", tags=["history"])


@router.post("", responses=problems(403, 404, 409, 413))
async def restore_version(
    restore: Restore,
    record: WritableDocumentOf,
    state: StateOf,
    user: UserOf,
    encoding: EncodingOf = "codepoint",
) -> Written:
    """Bring the text of a version back. Nothing is lost: it is a new version like any other."""
    old = await text_of(state, record, restore.version)
    current = await text_of(state, record, record.version)
    return await write(
        state,
        user,
        record,
        event_id=restore.id,
        base=record.version,
        ops=await asyncio.to_thread(diff, current, old),
        digest=named_digest("restore", str(restore.version)),
        encoding=encoding,
    )
