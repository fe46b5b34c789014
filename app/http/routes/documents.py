"""`/api/documents`: create, list, describe, change, and move to the trash."""

import base64
import binascii
import re
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Response

from app.audit.audit_kind import DOCUMENT_CREATED, DOCUMENT_DELETED
from app.http.access import (
    BackendOf,
    ManageableOf,
    PrincipalOf,
    ReadableOf,
    RenamableOf,
    StateOf,
    problems,
)
from app.http.answer import document_answer, listed_answer
from app.http.noting import NotingOf
from app.http.schema import Document, DocumentChange, NewDocument, Text
from app.http.shelf_schema import DocumentList, Tag
from app.service import lifecycle, shelf
from storage.shelf.shelf_record import Place, Show, Sort
from sync.error import ErrorCode, QuireError
from sync.names import DEFAULT_TEXT_ROOT, MAX_INTEGER
from sync.text.newline import normalize_text

router = APIRouter(prefix="/api/documents", tags=["documents"])

MAX_PAGE: Final = 200
_CURSOR: Final = re.compile(r"([0-9]{1,15})-([0-9]{1,15})")
_MAX_CURSOR_CHARS: Final = 4_000
_title_place = msgspec.json.Decoder(tuple[str, Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)]])


@router.post("", status_code=201, responses=problems(403, 409, 413, 429))
async def create_document(
    new: NewDocument,
    state: StateOf,
    principal: PrincipalOf,
    note: NotingOf,
    response: Response,
) -> Document:
    """Create a document. A text makes its first event; without a name it gets a readable one."""
    grant = await lifecycle.create_document(
        state.backend,
        principal,
        name=new.name,
        title=new.title or "",
        text=new.text or "",
        text_root=new.text_root or DEFAULT_TEXT_ROOT,
    )
    name = grant.document.name
    note(DOCUMENT_CREATED, grant.document)
    response.headers["Location"] = f"{state.settings.base_path}/api/documents/{name}"
    answer = document_answer(grant.document, grant.role)
    answer.normalized = normalize_text(new.text or "") != (new.text or "")
    return answer


@router.get("", responses=problems())
async def list_documents(
    backend: BackendOf,
    principal: PrincipalOf,
    q: Annotated[Text | None, Query(description="Part of a name or title.")] = None,
    show: Annotated[
        Show,
        Query(
            description="`mine`: whoever asks owns them; `shared`: somebody else does; `pinned` by "
            "whoever asks; `templates`; `trash`: deleted ones that whoever asks owns."
        ),
    ] = "all",
    tag: Annotated[Tag | None, Query(description="A tag of whoever asks.")] = None,
    sort: Annotated[
        Sort,
        Query(description="By time, latest first (`opened`: only those opened); or by title."),
    ] = "updated",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    before: Annotated[
        str | None,
        Query(description="`next` of the page before.", max_length=_MAX_CURSOR_CHARS),
    ] = None,
) -> DocumentList:
    """List documents, last changed first unless `sort` says otherwise."""
    page = await shelf.list_documents(
        backend,
        principal,
        show=show,
        sort=sort,
        query=q or None,
        tag=tag,
        before=_decode_cursor(before, sort),
        limit=limit,
    )
    return DocumentList(
        documents=[listed_answer(listed, role) for listed, role in page.entries],
        next=None if page.next is None else _encode_cursor(page.next),
    )


def _encode_cursor(place: Place) -> str:
    sorted_by, key = place
    if isinstance(sorted_by, int):
        return f"{sorted_by}-{key}"
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _decode_cursor(cursor: str | None, sort: Sort) -> Place | None:
    if cursor is None:
        return None
    if sort == "title":
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            return _title_place.decode(base64.urlsafe_b64decode(padded))
        except (ValueError, binascii.Error, msgspec.MsgspecError):
            raise _no_cursor() from None
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise _no_cursor()
    return int(match[1]), int(match[2])


def _no_cursor() -> QuireError:
    return QuireError(ErrorCode.INVALID_MESSAGE, "before: not the `next` of a page of this list.")


@router.get("/{document}", responses=problems(404))
async def read_document(grant: ReadableOf) -> Document:
    """Describe a document."""
    return document_answer(grant.document, grant.role)


@router.patch("/{document}", responses=problems(403, 404, 409, 413))
async def change_document(
    change: DocumentChange, grant: RenamableOf, backend: BackendOf
) -> Document:
    """Give a document another title, or, while nothing was written into it, another text root."""
    changed = await lifecycle.change_document(
        backend, grant, title=change.title, text_root=change.text_root
    )
    return document_answer(changed, grant.role)


@router.delete(
    "/{document}", status_code=204, response_class=Response, responses=problems(403, 404)
)
async def delete_document(grant: ManageableOf, backend: BackendOf, note: NotingOf) -> Response:
    """Move a document to the trash. Its sessions are told, and its name stays taken."""
    await lifecycle.trash_document(backend, grant)
    note(DOCUMENT_DELETED, grant.document)
    return Response(status_code=204)
