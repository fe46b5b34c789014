"""`/api/trash/{document}`: documents are brought back from the trash, or removed for good."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.audit.audit_kind import DOCUMENT_PURGED, DOCUMENT_RECOVERED
from app.http.access import BackendOf, DocumentPath, PrincipalOf, problems
from app.http.answer import document_answer
from app.http.noting import NotingOf
from app.http.schema import Document
from app.logs.log_context import add_context
from app.service import trash
from app.service.grant import Grant

router = APIRouter(prefix="/api/trash/{document}", tags=["documents"])


async def _trashed(name: DocumentPath, backend: BackendOf, principal: PrincipalOf) -> Grant:
    add_context(document=name)
    return await trash.grant_trashed(backend, principal, name)


TrashedOf = Annotated[Grant, Depends(_trashed)]
"""A grant for a document in the trash, which the user owns."""


@router.post("/restore", responses=problems(404))
async def recover_document(grant: TrashedOf, backend: BackendOf, note: NotingOf) -> Document:
    """Bring a document back from the trash, with its text, history and roles."""
    record = await trash.restore_document(backend, grant)
    note(DOCUMENT_RECOVERED, record)
    return document_answer(record, grant.role)


@router.delete("", status_code=204, response_class=Response, responses=problems(404))
async def purge_document(grant: TrashedOf, backend: BackendOf, note: NotingOf) -> Response:
    """Remove a document in the trash for good. Nobody can bring it back; its name stays taken."""
    await trash.purge_document(backend, grant)
    note(DOCUMENT_PURGED, grant.document, by="owner")
    return Response(status_code=204)
