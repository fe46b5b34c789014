"""Grants: a user's role in a document, checked before anything is read or done there.

The role is checked by `sync.permission`, as the rooms check it; a write carries it into the room.
"""

from dataclasses import dataclass
from typing import Final

from app.identity.principal import Principal
from app.service.authority import unknown_document
from app.service.backend import Backend
from app.service.service_error import ServiceCode, ServiceError
from sync.error import ErrorCode, QuireError
from sync.names import Role, is_document_name
from sync.permission import Action, may
from sync.port import DocumentRecord
from sync.user import User

_NO_KEY: Final = 0
"""The key of no document."""
_VERBS: Final = {
    Action.READ: "read",
    Action.WRITE: "change",
    Action.RENAME: "rename",
    Action.MANAGE: "share or delete",
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A document as it was found, and the role that a principal has in it."""

    principal: Principal
    role: Role
    document: DocumentRecord

    @property
    def user(self) -> User:
        """The user that the grant is for."""
        return self.principal.user

    def require(self, action: Action) -> None:
        """Raise unless the role allows an action.

        Raises:
            QuireError: `forbidden`.
            ServiceError: `document_read_only`: an operator has lowered all roles.
        """
        if may(self.role, action):
            return
        if self.document.read_only_at_ms is not None:
            text = "An operator has made this document read-only."
            raise ServiceError(ServiceCode.DOCUMENT_READ_ONLY, text)
        verb = _VERBS[action]
        raise QuireError(ErrorCode.FORBIDDEN, f"A {self.role} may not {verb} this document.")


async def grant_access(
    backend: Backend, principal: Principal, name: str, action: Action = Action.READ
) -> Grant:
    """Find a document for a principal that wants to do something with it.

    Raises:
        QuireError: `unknown_document`: there is none, it is deleted, none can have that name, or
            the principal may not know of it (`auth_required` to one that is not proven);
            `forbidden`: its role does not allow the action.
        ServiceError: `document_read_only`, likewise.
        StoreError: the log does not answer.
    """
    record = await backend.log.find(name) if is_document_name(name) else None
    key = _NO_KEY if record is None or record.deleted_at_ms is not None else record.key
    # Asked in any case: how long a refusal takes is not to tell whether there is a document.
    role = await backend.authority.role(principal, key, name)
    if record is None or key == _NO_KEY or role is None:
        raise unknown_document(principal)
    grant = Grant(principal, role, record)
    grant.require(action)
    return grant
