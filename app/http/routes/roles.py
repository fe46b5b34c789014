"""`/api/documents/{document}/access`: the roles that subjects have in a document."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.audit.audit_kind import GRANT_CHANGED
from app.http.access import BackendOf, ManageableOf, problems
from app.http.noting import NotingOf
from app.http.people_access import person
from app.http.schema import Text
from app.http.share_schema import Access, RoleChange, SharedWith
from app.service import sharing
from sync.permission import EVERYONE, SIGNED_IN, subject_user
from sync.user import User

router = APIRouter(prefix="/api/documents/{document}/access", tags=["sharing"])

Subject = Annotated[
    Text,
    Path(
        description="`everyone`, `signed-in`, or `user:` and a user's id.",
        max_length=200,
        examples=["signed-in"],
    ),
]


@router.get("", responses=problems(403, 404))
async def read_access(grant: ManageableOf, backend: BackendOf) -> Access:
    """Return the owner of a document, and the roles that others have in it."""
    shares = await sharing.list_shares(backend, grant)
    roles = {each.subject: each.role for each in shares.grants}
    return Access(
        owner=person(shares.owner or _unseen(shares.owner_id)),
        everyone=roles.get(EVERYONE),
        signed_in=roles.get(SIGNED_IN),
        users=[
            SharedWith(user=person(each.user or _unseen(user_id)), role=each.role)
            for each in shares.grants
            if (user_id := subject_user(each.subject)) is not None
        ],
    )


@router.put(
    "/{subject}",
    status_code=204,
    response_class=Response,
    responses=problems(403, 404, 429),
)
async def set_role(
    subject: Subject,
    change: RoleChange,
    grant: ManageableOf,
    backend: BackendOf,
    note: NotingOf,
) -> Response:
    """Give a subject a role. It takes effect at once, on open sockets too."""
    await sharing.set_role(backend, grant, subject, change.role)
    note(GRANT_CHANGED, grant.document, subject=subject, role=change.role)
    return Response(status_code=204)


@router.delete("/{subject}", status_code=204, response_class=Response, responses=problems(403, 404))
async def remove_role(
    subject: Subject, grant: ManageableOf, backend: BackendOf, note: NotingOf
) -> Response:
    """Take the role of a subject away."""
    await sharing.set_role(backend, grant, subject, None)
    note(GRANT_CHANGED, grant.document, subject=subject, role="none")
    return Response(status_code=204)


def _unseen(user_id: str) -> User:
    """Return somebody of whom nothing but the id is known here."""
    return User(user_id, user_id, "#6b6b6b")
