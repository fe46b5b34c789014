"""`/api/documents/{document}/restore`: bring an old version back by a new event."""

from fastapi import APIRouter

from app.audit.audit_kind import DOCUMENT_RESTORED
from app.http.access import BackendOf, EncodingOf, WritableOf, problems
from app.http.answer import written_answer
from app.http.noting import NotingOf
from app.http.schema import Restore, Written
from app.service import version_names, version_restore

router = APIRouter(prefix="/api/documents/{document}/restore", tags=["history"])


@router.post("", responses=problems(403, 404, 409, 413, 429))
async def restore_version(
    restore: Restore,
    grant: WritableOf,
    backend: BackendOf,
    note: NotingOf,
    encoding: EncodingOf = "codepoint",
) -> Written:
    """Bring a version back. Nothing is lost: it is a new version like any other."""
    version = restore.version
    if version is None:
        named = await version_names.find_named(backend, grant, restore.name or "")
        version = named.version
    written = await version_restore.restore_version(
        backend, grant, version, event_id=restore.id, encoding=encoding
    )
    note(DOCUMENT_RESTORED, grant.document, version=version, new_version=written.version)
    return written_answer(written)
