"""Grants: a user's role in a document, checked before anything is read or done there.

The role is checked by `sync.permission`, as the rooms check it; a write carries it into the room.
"""

from dataclasses import dataclass

from app.service.backend import Backend
from sync.error import ErrorCode, QuireError
from sync.names import Role, is_document_name
from sync.permission import Action, may
from sync.port import DocumentRecord
from sync.user import User


@dataclass(frozen=True, slots=True)
class Grant:
    """A document as it was found, and the role that a user has in it."""

    user: User
    role: Role
    document: DocumentRecord

    def require(self, action: Action) -> None:
        """Raise `QuireError` (`forbidden`) unless the role allows an action."""
        if not may(self.role, action):
            verb = "read" if action is Action.READ else "change"
            raise QuireError(ErrorCode.FORBIDDEN, f"A {self.role} may not {verb} this document.")


async def grant_access(
    backend: Backend, user: User, name: str, action: Action = Action.READ
) -> Grant:
    """Find a document for a user who wants to do something with it.

    Raises:
        QuireError: `unknown_document`: there is none, it is deleted, or none can have that name;
            `forbidden`.
        StoreError: the log does not answer.
    """
    record = await backend.log.find(name) if is_document_name(name) else None
    if record is None or record.deleted_at_ms is not None:
        raise QuireError(ErrorCode.UNKNOWN_DOCUMENT, "There is no such document.")
    grant = Grant(user, backend.authority.role(user, record.owner_id), record)
    grant.require(action)
    return grant
