"""`/api/documents/{document}/versions`: the versions that have names."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response

from app.audit.audit_kind import VERSION_CHANGED, VERSION_NAMED, VERSION_REMOVED
from app.http.access import BackendOf, DocumentOf, WritableOf, problems
from app.http.noting import NotingOf
from app.http.schema import Actor
from app.http.version_schema import (
    NameChange,
    NamedVersionAnswer,
    NewName,
    VersionNames,
)
from app.service import version_names
from storage.versions.named_version import NamedVersion, VersionKind, VersionPlace
from sync.error import ErrorCode, QuireError
from sync.names import MAX_INTEGER
from sync.wire.event import timestamp

router = APIRouter(prefix="/api/documents/{document}/versions", tags=["history"])

MAX_PAGE_NAMES: Final = 200
_PLACE: Final = re.compile(r"(0|[1-9][0-9]{0,15})-(.{1,120})", re.DOTALL)

NameOf = Annotated[str, Path(alias="name", description="The name.", examples=["First draft"])]


@router.get("", responses=problems(404))
async def list_named(
    document: DocumentOf,
    backend: BackendOf,
    kind: VersionKind = "all",
    before: Annotated[str | None, Query(description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_NAMES)] = 50,
) -> VersionNames:
    """List the versions that have names, the newest version first."""
    page = await version_names.list_named(
        backend, document, kind=kind, before=_read_place(before), limit=limit
    )
    following = None if page.next is None else f"{page.next.version}-{page.next.name}"
    return VersionNames(versions=[_answer(each) for each in page.versions], next=following)


@router.post("", status_code=201, responses=problems(403, 404, 409))
async def name_version(
    new: NewName, grant: WritableOf, backend: BackendOf, note: NotingOf
) -> NamedVersionAnswer:
    """Give a version a name. It may have several; each is there once in a document."""
    named = await version_names.name_version(backend, grant, new.version, new.name, new.note)
    note(VERSION_NAMED, grant.document, version=named.version, name=named.name)
    return _answer(named)


@router.patch("/{name}", responses=problems(403, 404, 409))
async def change_named(
    change: NameChange, name: NameOf, grant: WritableOf, backend: BackendOf, note: NotingOf
) -> NamedVersionAnswer:
    """Give a named version another name or note: one's own, as owner any.

    An automatic one becomes that of whoever does it.
    """
    changed = await version_names.change_named(
        backend, grant, name, new_name=change.name, note=change.note
    )
    note(VERSION_CHANGED, grant.document, version=changed.version, name=changed.name, old=name)
    return _answer(changed)


@router.delete("/{name}", status_code=204, response_class=Response, responses=problems(403, 404))
async def remove_named(
    name: NameOf, grant: WritableOf, backend: BackendOf, note: NotingOf
) -> Response:
    """Remove a name: one's own, as owner any. The version stays."""
    removed = await version_names.remove_named(backend, grant, name)
    note(VERSION_REMOVED, grant.document, version=removed.version, name=removed.name)
    return Response(status_code=204)


def _read_place(before: str | None) -> VersionPlace | None:
    if before is None:
        return None
    found = _PLACE.fullmatch(before)
    if found is None or int(found[1]) > MAX_INTEGER or "\0" in before:
        raise QuireError(ErrorCode.INVALID_MESSAGE, "before: it is no `next` of a page.")
    return VersionPlace(int(found[1]), found[2])


def _answer(named: NamedVersion) -> NamedVersionAnswer:
    return NamedVersionAnswer(
        version=named.version,
        name=named.name,
        note=named.note,
        automatic=named.is_automatic,
        created_by=Actor(id=named.created_by, name=named.created_by_name),
        created_at=timestamp(named.created_at_ms),
        at=timestamp(named.at_ms),
    )
