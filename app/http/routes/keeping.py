"""The marks of whoever asks on a document: opened, pinned, tagged. Nobody else sees any of it."""

from fastapi import APIRouter, Response

from app.http.access import BackendOf, PrincipalOf, ReadableOf, problems
from app.http.shelf_schema import CountedTag, TagList, Tags
from app.service import shelf

router = APIRouter(tags=["documents"])
_PATH = "/api/documents/{document}"


@router.put(
    f"{_PATH}/opened", status_code=204, response_class=Response, responses=problems(403, 404)
)
async def note_opened(grant: ReadableOf, backend: BackendOf) -> Response:
    """Note that whoever asks has opened the document: it leads the list `sort=opened`."""
    await shelf.note_opened(backend, grant)
    return Response(status_code=204)


@router.put(
    f"{_PATH}/pin", status_code=204, response_class=Response, responses=problems(403, 404, 429)
)
async def pin_document(grant: ReadableOf, backend: BackendOf) -> Response:
    """Pin a document for whoever asks."""
    await shelf.set_pin(backend, grant, is_pinned=True)
    return Response(status_code=204)


@router.delete(
    f"{_PATH}/pin", status_code=204, response_class=Response, responses=problems(403, 404)
)
async def unpin_document(grant: ReadableOf, backend: BackendOf) -> Response:
    """Take the pin of whoever asks away."""
    await shelf.set_pin(backend, grant, is_pinned=False)
    return Response(status_code=204)


@router.put(f"{_PATH}/tags", responses=problems(403, 404, 429))
async def set_tags(change: Tags, grant: ReadableOf, backend: BackendOf) -> Tags:
    """Give a document these tags of whoever asks, in place of those it had."""
    return Tags(tags=list(await shelf.set_tags(backend, grant, change.tags)))


@router.get("/api/tags", responses=problems())
async def list_tags(principal: PrincipalOf, backend: BackendOf) -> TagList:
    """Return the tags of whoever asks."""
    tags = await shelf.list_tags(backend, principal)
    return TagList(tags=[CountedTag(tag=tag, count=count) for tag, count in tags])
