"""Admission: a socket joins a document, which is created if there is none and that is allowed."""

from app.audit.audit_kind import DOCUMENT_CREATED
from app.identity.principal import Principal
from app.service.authority import unknown_document
from app.service.backend import Backend
from sync.error import ErrorCode, QuireError
from sync.names import is_document_name
from sync.port import DocumentRecord, StoreError
from sync.shells.sessions.gatekeeper import Admission


async def admit(
    backend: Backend,
    principal: Principal,
    name: str,
    text_root: str,
    address: str,
    *,
    create: bool = True,
) -> Admission:
    """Return the role in which a principal may join a document.

    Args:
        name: as it was sent, whatever it holds.
        text_root: of a document that is created; empty: what is written first decides.
        address: the peer's, for the audit trail.
        create: False: a document that does not exist is not created: `not_created`.

    Raises:
        QuireError: `unknown_document`: there is none and it may not create it, or it may not know
            of it (`auth_required` to one that is not proven); `invalid_message`: not a name;
            `store_unavailable`.
    """
    if not is_document_name(name):
        raise QuireError(ErrorCode.INVALID_MESSAGE, "This cannot be a document's name.")
    try:
        key = await _find(backend, principal, name)
        if key is None:
            key = await _create(backend, principal, name, text_root, address, create=create)
        admitted = await backend.authority.review(principal, key, name)
    except StoreError as error:
        text = "The store does not answer."
        raise QuireError(ErrorCode.STORE_UNAVAILABLE, text, retryable=True) from error
    if admitted is None:
        raise unknown_document(principal)
    return admitted


async def review(backend: Backend, principal: Principal, name: str) -> Admission | None:
    """Return the role that a principal has in a document now; None: none, or it is gone.

    Raises:
        StoreError: the store does not answer.
    """
    room = backend.rooms.find(name)
    if room is not None:
        return await backend.authority.review(principal, room.key, name)
    found = await backend.log.find(name)
    if found is None or found.deleted_at_ms is not None:
        return None
    return await backend.authority.review(principal, found.key, name)


async def _find(backend: Backend, principal: Principal, name: str) -> int | None:
    """Return the key of a document; None: it does not exist, and never has."""
    room = backend.rooms.find(name)
    if room is not None and not room.deleted:
        return room.key
    found = await backend.log.find(name)
    return None if found is None else await _key_unless_deleted(backend, principal, found)


async def _create(
    backend: Backend, principal: Principal, name: str, text_root: str, address: str, *, create: bool
) -> int:
    if not backend.authority.may_create(principal, name):
        raise unknown_document(principal)
    if not create:
        raise QuireError(ErrorCode.NOT_CREATED, "There is no such document yet.")
    made, created = await backend.rooms.create(name, principal.user, text_root=text_root)
    if created:
        backend.audit.note(DOCUMENT_CREATED, principal, address, made)
    return await _key_unless_deleted(backend, principal, made)


async def _key_unless_deleted(backend: Backend, principal: Principal, found: DocumentRecord) -> int:
    if found.deleted_at_ms is None:
        return found.key
    if await backend.authority.role(principal, found.key, found.name) is None:
        raise unknown_document(principal)
    raise QuireError(ErrorCode.UNKNOWN_DOCUMENT, "The document is deleted.")
