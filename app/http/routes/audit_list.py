"""`/api/documents/{document}/audit` and `/api/audit`: who did what, or was refused it."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from app.http.access import BackendOf, ManageableOf, problems
from app.http.audit_schema import AuditPage, audit_page
from app.http.people_access import OperatorOf
from sync.error import ErrorCode, QuireError
from sync.names import MAX_INTEGER, is_document_name

router = APIRouter(tags=["audit"])

MAX_PAGE: Final = 500

Before = Annotated[
    int | None, Query(ge=1, le=MAX_INTEGER, description="`next` of the page before.")
]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]
OfKind = Annotated[
    str | None, Query(max_length=64, description="Only of that kind.", examples=["access.refused"])
]
OfDocument = Annotated[
    str | None,
    Query(max_length=128, description="Only of that document, deleted or not.", examples=["notes"]),
]


@router.get("/api/documents/{document}/audit", responses=problems(403, 404))
async def list_of_document(
    grant: ManageableOf,
    backend: BackendOf,
    before: Before = None,
    limit: Limit = 100,
    kind: OfKind = None,
) -> AuditPage:
    """List who did what in a document, or was refused it; newest first, for its owners."""
    key = grant.document.key
    records = await backend.audit.page(key, before=before, limit=limit + 1, kind=kind)
    return audit_page(records, limit)


@router.get("/api/audit", responses=problems(403, 404))
async def list_of_server(
    _: OperatorOf,
    backend: BackendOf,
    before: Before = None,
    limit: Limit = 100,
    kind: OfKind = None,
    document: OfDocument = None,
) -> AuditPage:
    """List who did what on the whole server, or was refused it; newest first, for operators."""
    key: int | None = None
    if document is not None:
        found = await backend.log.find(document) if is_document_name(document) else None
        if found is None:
            raise QuireError(ErrorCode.UNKNOWN_DOCUMENT, "There is no such document.")
        key = found.key
    records = await backend.audit.page(key, before=before, limit=limit + 1, kind=kind)
    return audit_page(records, limit)
