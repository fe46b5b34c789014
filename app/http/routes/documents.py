"""`/api/documents`: create, list, describe, change, and move to the trash."""

import re
import secrets
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from app.http.access import DocumentOf, StateOf, UserOf, WritableDocumentOf, problems
from app.http.answer import document_answer
from app.http.naming import readable_name
from app.http.problem import HttpCode, ProblemError
from app.http.schema import Document, DocumentChange, DocumentList, NewDocument, Text
from app.http.writing import write
from sync.error import ErrorCode, QuireError
from sync.fact import Deleted
from sync.names import DEFAULT_TEXT_ROOT
from sync.shells.clock import now_ms
from sync.submission import text_digest
from sync.text.newline import normalize_text

router = APIRouter(prefix="/api/documents", tags=["documents"])

MAX_PAGE: Final = 200
_CURSOR: Final = re.compile(r"([0-9]{1,15})-([0-9]{1,15})")


@router.post("", status_code=201, responses=problems(403, 409, 413))
async def create_document(
    new: NewDocument, state: StateOf, user: UserOf, response: Response
) -> Document:
    """Create a document. A text makes its first event; without a name it gets a readable one."""
    if not state.gatekeeper.may_create(user):
        raise QuireError(ErrorCode.FORBIDDEN, "You may not create documents here.")
    text = normalize_text(new.text or "")
    most = state.settings.max_document_chars
    if len(text) > most:
        raise QuireError(ErrorCode.DOCUMENT_FULL, f"A document holds at most {most} characters.")
    if text:
        # Refused afterwards, the edit would leave an empty document behind.
        state.rooms.require_quota(user)
    name = new.name or readable_name()
    record, created = await state.rooms.create(
        name, user, title=new.title or "", text_root=new.text_root or DEFAULT_TEXT_ROOT
    )
    if not created:
        raise ProblemError(HttpCode.NAME_TAKEN, "There is, or was, a document of that name.")
    if text:
        await write(
            state,
            user,
            record,
            event_id=f"create-{secrets.token_hex(8)}",
            base=0,
            ops=(text,),
            digest=text_digest("text_insert", 0, (text,)),
        )
        record = await state.log.find(name) or record
    response.headers["Location"] = f"/api/documents/{name}"
    answer = document_answer(record)
    answer.normalized = text != (new.text or "")
    return answer


@router.get("", responses=problems())
async def list_documents(
    state: StateOf,
    _: UserOf,
    q: Annotated[Text | None, Query(description="Part of a name or title.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    before: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> DocumentList:
    """List documents, newest first."""
    records = await state.log.list_documents(
        query=q or None, before=_read_cursor(before), limit=limit + 1
    )
    page = records[:limit]
    more = len(records) > limit
    return DocumentList(
        documents=[document_answer(record) for record in page],
        next=f"{page[-1].updated_at_ms}-{page[-1].key}" if more else None,
    )


def _read_cursor(cursor: str | None) -> tuple[int, int] | None:
    if cursor is None:
        return None
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise QuireError(ErrorCode.INVALID_MESSAGE, "before: not the `next` of a page.")
    return int(match[1]), int(match[2])


@router.get("/{document}", responses=problems(404))
async def read_document(record: DocumentOf) -> Document:
    """Describe a document."""
    return document_answer(record)


@router.patch("/{document}", responses=problems(403, 404, 409, 413))
async def change_document(
    change: DocumentChange, record: WritableDocumentOf, state: StateOf
) -> Document:
    """Give a document another title, or, while nothing was written into it, another text root.

    A room that is open learns of the root with the head, before it merges what comes next.
    """
    root = None if change.text_root == record.text_root else change.text_root
    if change.title is None and root is None:
        return document_answer(record)
    changed = await state.log.update_document(
        record.name, title=change.title, text_root=root, updated_at_ms=now_ms()
    )
    changed = changed or record
    state.rooms.changed(record.name)
    if root is not None and changed.text_root != root:
        raise ProblemError(
            HttpCode.TEXT_ROOT_DECIDED,
            f"The text is in the root {changed.text_root!r}, and its history tells of that one.",
        )
    return document_answer(changed)


@router.delete(
    "/{document}", status_code=204, response_class=Response, responses=problems(403, 404)
)
async def delete_document(record: WritableDocumentOf, state: StateOf) -> Response:
    """Move a document to the trash. Its sessions are told, and its name stays taken."""
    now = now_ms()
    await state.log.update_document(record.name, deleted_at_ms=now, updated_at_ms=now)
    room = state.rooms.find(record.name)
    if room is not None:
        state.rooms.tell(room, Deleted())
    state.rooms.changed(record.name)
    return Response(status_code=204)
