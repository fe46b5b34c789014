"""`/api/documents/{document}/retention`: how much of its history a document keeps."""

from fastapi import APIRouter, Response

from app.audit.audit_kind import RETENTION_CHANGED
from app.http.access import BackendOf, DocumentOf, ManageableOf, problems
from app.http.noting import NotingOf
from app.http.retention_schema import RetentionAnswer, RetentionWish
from app.service import retaining
from app.service.backend import Backend
from storage.retention.retention_rule import RetentionRule
from sync.port import DocumentRecord

router = APIRouter(prefix="/api/documents/{document}/retention", tags=["history"])


@router.get("", responses=problems(404))
async def read_retention(document: DocumentOf, backend: BackendOf) -> RetentionAnswer:
    """Return how much of the history is kept, and what is gone by now."""
    return await _answer(backend, document)


@router.put("", responses=problems(403, 404, 410))
async def set_retention(
    wish: RetentionWish, grant: ManageableOf, backend: BackendOf, note: NotingOf
) -> RetentionAnswer:
    """Set how much is kept. What is gone does not come back; versions with a name stay."""
    rule = RetentionRule(wish.kind, wish.days, wish.before_version)
    await retaining.set_retention(backend, grant, rule)
    note(
        RETENTION_CHANGED,
        grant.document,
        kept=rule.kind,
        days=rule.days,
        before_version=rule.before_version,
    )
    return await _answer(backend, grant.document)


@router.delete("", status_code=204, response_class=Response, responses=problems(403, 404))
async def remove_retention(grant: ManageableOf, backend: BackendOf, note: NotingOf) -> Response:
    """Have the document keep what all documents keep that have no rule of their own."""
    await retaining.set_retention(backend, grant, None)
    note(RETENTION_CHANGED, grant.document, kept="default")
    return Response(status_code=204)


async def _answer(backend: Backend, document: DocumentRecord) -> RetentionAnswer:
    kept = await backend.retention.kept(document)
    return RetentionAnswer(
        kind=kept.rule.kind,
        days=kept.rule.days,
        before_version=kept.rule.before_version,
        own=kept.is_own,
        whole_after=kept.whole_after,
        gone=kept.gone,
    )
