"""`/api/documents/{document}/take-back`: undo what somebody did, by a new event."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.audit.audit_kind import DOCUMENT_TAKEN_BACK
from app.http.access import BackendOf, EncodingOf, WritableOf, problems
from app.http.noting import NotingOf
from app.http.take_back_schema import TakeBackWish, TakenBackAnswer
from app.service import taking_back

router = APIRouter(prefix="/api/documents/{document}/take-back", tags=["history"])


@router.post("", responses=problems(403, 404, 409, 413, 429))
async def take_back(
    asked: TakeBackWish,
    grant: WritableOf,
    backend: BackendOf,
    note: NotingOf,
    dry_run: Annotated[bool, Query(description="Only tell what would be done.")] = False,
    encoding: EncodingOf = "codepoint",
) -> TakenBackAnswer:
    """Undo what a person, or everybody, did to the text in a range of versions or times.

    What others wrote since stays, and what others deleted stays deleted. Done twice, it changes
    nothing the second time. It is a new version like any other.
    """
    taken = await taking_back.take_back(
        backend, grant, asked.wish, event_id=asked.id, encoding=encoding, is_dry=dry_run
    )
    written = taken.written
    if not dry_run and written.ops:
        note(
            DOCUMENT_TAKEN_BACK,
            grant.document,
            after=taken.range.after,
            upto=taken.range.upto,
            of=asked.actor,
            new_version=written.version,
        )
    return TakenBackAnswer(
        id=written.id,
        version=written.version,
        ops=written.ops,
        after=taken.range.after,
        upto=taken.range.upto,
        events=taken.events,
    )
