"""`/api/documents/{document}/duplicate` and `/template`: documents that begin as others."""

from fastapi import APIRouter, Response

from app.audit.audit_kind import DOCUMENT_CREATED
from app.http.access import ManageableOf, ReadableOf, StateOf, problems
from app.http.answer import document_answer
from app.http.noting import NotingOf
from app.http.schema import Document
from app.http.shelf_schema import Duplicate
from app.service import lifecycle

router = APIRouter(prefix="/api/documents/{document}", tags=["documents"])


@router.post("/duplicate", status_code=201, responses=problems(403, 404, 409, 413, 429))
async def duplicate_document(
    new: Duplicate, grant: ReadableOf, state: StateOf, note: NotingOf, response: Response
) -> Document:
    """Create a document with the text of this one. Whoever asks owns it, and nobody else sees it
    unless new documents are shared.
    """
    made = await lifecycle.duplicate_document(state.backend, grant, name=new.name, title=new.title)
    note(DOCUMENT_CREATED, made.document)
    location = f"{state.settings.base_path}/api/documents/{made.document.name}"
    response.headers["Location"] = location
    return document_answer(made.document, made.role)


@router.put("/template", status_code=204, response_class=Response, responses=problems(403, 404))
async def offer_template(grant: ManageableOf, state: StateOf) -> Response:
    """Offer a document as a template to all who may read it."""
    await lifecycle.set_template(state.backend, grant, is_template=True)
    return Response(status_code=204)


@router.delete("/template", status_code=204, response_class=Response, responses=problems(403, 404))
async def withdraw_template(grant: ManageableOf, state: StateOf) -> Response:
    """Offer a document as a template no longer."""
    await lifecycle.set_template(state.backend, grant, is_template=False)
    return Response(status_code=204)
