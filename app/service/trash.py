"""The trash: documents are brought back from it by their owners, or removed for good."""

import asyncio
import logging
from typing import Final

from app.audit.audit_kind import DOCUMENT_PURGED
from app.identity.principal import Principal
from app.service.authority import unknown_document
from app.service.backend import Backend
from app.service.grant import Grant
from storage.shelf.sql_shelf import SqlShelf
from sync.names import is_document_name
from sync.permission import Action, may
from sync.port import DocumentRecord, StoreError
from sync.shells.clock import now_ms

_log = logging.getLogger(__name__)

_FIRST_AFTER_S: Final = 60.0
_INTERVAL_S: Final = 3600.0
_DAY_MS: Final = 86_400_000
_AT_ONCE: Final = 100
_IMPORT_LEFT_MS: Final = 3_600_000
"""A document that is brought in, and to which nothing was added for so long, was left by a process
that has ended."""
_PAUSE_S: Final = 0.1
"""The time between two documents, so that whoever edits gets in between."""
_NO_KEY: Final = 0


async def grant_trashed(backend: Backend, principal: Principal, name: str) -> Grant:
    """Find a document in the trash for its owner.

    Raises:
        QuireError: `unknown_document`: there is none of that name in the trash, or whoever asks
            does not own it (`auth_required` to one that is not proven).
        ServiceError: `document_read_only`: it stays in the trash as long as it is that.
        StoreError: the log does not answer.
    """
    record = await backend.log.find(name) if is_document_name(name) else None
    is_there = record is not None and _is_trashed(record)
    # Asked in any case: how long a refusal takes is not to tell whether there is a document.
    key = record.key if record is not None and is_there else _NO_KEY
    role = await backend.authority.role(principal, key, name)
    if record is None or not is_there or role is None:
        raise unknown_document(principal)
    grant = Grant(principal, role, record)
    if not may(role, Action.MANAGE) and record.read_only_at_ms is None:
        raise unknown_document(principal)
    grant.require(Action.MANAGE)
    return grant


async def restore_document(backend: Backend, grant: Grant) -> DocumentRecord:
    """Bring a document back from the trash as it was; returns it after the commit.

    Raises:
        QuireError: `unknown_document`: somebody else was faster, or removed it.
        StoreError: the store does not answer.
    """
    grant.require(Action.MANAGE)
    document = grant.document
    if not await backend.shelf.restore(document.key, now_ms()):
        raise unknown_document(grant.principal)
    backend.rooms.changed(document.name)
    return await backend.log.find(document.name) or document


async def purge_document(backend: Backend, grant: Grant) -> None:
    """Remove a document in the trash for good. Its name stays taken.

    Raises:
        QuireError: `unknown_document`: somebody else was faster, or brought it back.
        StoreError: the store does not answer.
    """
    grant.require(Action.MANAGE)
    if not await backend.shelf.purge(grant.document.key, now_ms()):
        raise unknown_document(grant.principal)


async def empty_trash_forever(backend: Backend, keep_days: int) -> None:
    """Remove what has been in the trash for too long, every hour, until cancelled."""
    await asyncio.sleep(_FIRST_AFTER_S)
    while True:
        try:
            await empty_trash(backend, now_ms() - keep_days * _DAY_MS)
        except StoreError as error:
            _log.warning("the trash is not emptied now: %s", error)
        await asyncio.sleep(_INTERVAL_S)


async def empty_trash(backend: Backend, before_ms: int) -> int:
    """Remove all documents for good that were deleted before a time; return how many.

    Raises:
        StoreError: the store does not answer.
    """
    shelf: SqlShelf = backend.shelf
    await backend.imports.give_up_left(now_ms() - _IMPORT_LEFT_MS)
    await shelf.finish_purges()
    removed = 0
    while names := await shelf.expired(before_ms, _AT_ONCE):
        for name in names:
            record = await backend.log.find(name)
            if record is not None and await shelf.purge(record.key, now_ms()):
                backend.audit.note(DOCUMENT_PURGED, None, "", record, by="expiry")
                removed += 1
            await asyncio.sleep(_PAUSE_S)
    return removed


def _is_trashed(record: DocumentRecord) -> bool:
    return record.deleted_at_ms is not None and record.purged_at_ms is None
