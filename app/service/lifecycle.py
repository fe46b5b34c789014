"""The life of a document: created, duplicated, renamed, and moved to the trash."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace

from app.identity.principal import Principal
from app.image.image_reference import moved_references
from app.service.backend import Backend
from app.service.grant import Grant
from app.service.naming import readable_name
from app.service.service_error import ServiceCode, ServiceError
from app.service.text_write import submit_edit
from app.service.version_reader import read_text
from sync.error import ErrorCode, QuireError
from sync.fact import Deleted
from sync.names import DEFAULT_TEXT_ROOT
from sync.permission import Action
from sync.port import DocumentRecord
from sync.shells.clock import now_ms
from sync.submission import text_digest
from sync.text.newline import normalize_text


async def create_document(
    backend: Backend,
    principal: Principal,
    *,
    name: str | None = None,
    title: str = "",
    text: str = "",
    text_root: str = DEFAULT_TEXT_ROOT,
    before_text: Callable[[DocumentRecord], Awaitable[object]] | None = None,
) -> Grant:
    """Create a document; returns only after the commit, with the grant of whoever created it.

    Args:
        name: a document's name; None: it gets a readable one.
        text: becomes event 1, its line ends normalised, unless it is empty.
        before_text: called when the document is there, and has no text yet.

    Raises:
        ServiceError: `name_taken`.
        QuireError: `forbidden`, `document_full`, `rate_limited`.
        StoreError: the log does not answer.
    """
    text = normalize_text(text)
    require_creation(backend, principal, name)
    user = principal.user
    most = backend.rooms.limits.max_document_chars
    if len(text) > most:
        raise QuireError(ErrorCode.DOCUMENT_FULL, f"A document holds at most {most} characters.")
    if text:
        # Refused afterwards, the edit would leave an empty document behind.
        backend.rooms.require_quota(user)
    chosen = name or readable_name()
    record, created = await backend.rooms.create(chosen, user, title=title, text_root=text_root)
    if not created:
        raise ServiceError(ServiceCode.NAME_TAKEN, "There is, or was, a document of that name.")
    role = await backend.authority.role(principal, record.key, record.name)
    assert role is not None, "whoever creates a document has a role in it"
    grant = Grant(principal, role, record)
    if before_text is not None:
        await before_text(record)
    if not text:
        return grant
    await submit_edit(
        backend,
        grant,
        event_id=f"create-{secrets.token_hex(8)}",
        base=0,
        ops=(text,),
        digest=text_digest("text_insert", 0, (text,)),
    )
    return replace(grant, document=await backend.log.find(chosen) or record)


def require_creation(backend: Backend, principal: Principal, name: str | None) -> None:
    """Raise `QuireError` unless a principal may create a document of this name.

    Raises:
        QuireError: `auth_required`: it has to sign in first; `forbidden`: it may not.
    """
    if backend.authority.may_create(principal, name):
        return
    if not principal.is_proven:
        raise QuireError(ErrorCode.AUTH_REQUIRED, "Sign in to create documents.")
    raise QuireError(ErrorCode.FORBIDDEN, "You may not create documents here.")


async def duplicate_document(
    backend: Backend, grant: Grant, *, name: str | None = None, title: str | None = None
) -> Grant:
    """Create a document with the text of another, owned by whoever asks; returns its grant.

    Its history begins with that text. The images of the other that it shows become its own, so
    that whoever may read it sees them. Roles in the other are not taken over.

    Args:
        title: None: that of the other.

    Raises:
        ServiceError: `name_taken`.
        QuireError: `forbidden`, `document_full`, `rate_limited`.
        StoreError: the log does not answer.
    """
    grant.require(Action.READ)
    document = grant.document
    require_creation(backend, grant.principal, name)
    chosen = name or readable_name()
    text, digests = moved_references(
        await read_text(backend, document, document.version), document.name, chosen
    )
    return await create_document(
        backend,
        grant.principal,
        name=chosen,
        title=document.title if title is None else title,
        text=text,
        before_text=lambda made: backend.images.copy(document.key, made.key, digests, now_ms()),
    )


async def set_template(backend: Backend, grant: Grant, *, is_template: bool) -> None:
    """Make a document a template for all who may read it, or no template any more.

    Raises:
        QuireError: `forbidden`.
        StoreError: the store does not answer.
    """
    grant.require(Action.MANAGE)
    await backend.shelf.set_template(grant.document.key, is_template=is_template)


async def change_document(
    backend: Backend, grant: Grant, *, title: str | None = None, text_root: str | None = None
) -> DocumentRecord:
    """Give a document another title, or, while nothing was written into it, another text root.

    A room that is open learns of the root with the head, before it merges what comes next.

    Raises:
        ServiceError: `text_root_decided`.
        QuireError: `forbidden`.
        StoreError: the log does not answer.
    """
    grant.require(Action.RENAME)
    record = grant.document
    root = None if text_root == record.text_root else text_root
    if title is None and root is None:
        return record
    changed = await backend.log.update_document(
        record.name, title=title, text_root=root, updated_at_ms=now_ms()
    )
    changed = changed or record
    backend.rooms.changed(record.name)
    if root is not None and changed.text_root != root:
        raise ServiceError(
            ServiceCode.TEXT_ROOT_DECIDED,
            f"The text is in the root {changed.text_root!r}, and its history tells of that one.",
        )
    return changed


async def trash_document(backend: Backend, grant: Grant) -> None:
    """Move a document to the trash. Its sessions are told, and its name stays taken.

    Raises:
        QuireError: `forbidden`.
        StoreError: the log does not answer.
    """
    grant.require(Action.MANAGE)
    name = grant.document.name
    at_ms = now_ms()
    await backend.log.update_document(name, deleted_at_ms=at_ms, updated_at_ms=at_ms)
    room = backend.rooms.find(name)
    if room is not None:
        backend.rooms.tell(room, Deleted())
    backend.rooms.changed(name)
