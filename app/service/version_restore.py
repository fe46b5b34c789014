"""Restoring a version: a new event brings an old content back."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from functools import partial
from typing import Final

from app.service.backend import Backend
from app.service.grant import Grant
from app.service.service_error import ServiceCode, ServiceError
from app.service.text_write import Written, submit_edit, submit_update
from app.service.version_reader import read_events, read_text, require_version
from sync.document.extent import changes_characters_only
from sync.error import ErrorCode, QuireError
from sync.event_origin import restore_session
from sync.names import PositionEncoding
from sync.permission import Action
from sync.port import DocumentRecord, EventRecord
from sync.room.room import Room
from sync.shells.log_reader import HistoryTooLargeError, updates_between, updates_of
from sync.shells.reversal_process import BusyError, ReversalError, Task, find_reversal
from sync.submission import named_digest
from sync.text.newline import normalize_text
from sync.text.textdiff import diff
from sync.yjs.reversal import Reversal

MAX_HISTORY_BYTES: Final = 64 << 20
"""Updates up to a version, and as many since, that may be read to bring it back."""

_log = logging.getLogger(__name__)


async def restore_version(
    backend: Backend,
    grant: Grant,
    version: int,
    *,
    event_id: str | None,
    encoding: PositionEncoding = "codepoint",
) -> Written:
    """Bring a version back by a new event: of the text if that is enough, else of everything.

    Args:
        event_id: makes a retry safe; None: one is made, and the retry is the caller's risk.
        encoding: what the answer counts.

    Raises:
        ServiceError: `unknown_version`, `not_restorable`.
        QuireError: it is refused; `rate_limited` if too many are being brought back.
        StoreError: the log does not answer.
    """
    grant.require(Action.WRITE)
    document = grant.document
    head = document.version
    require_version(document, version)
    digest = named_digest("restore", str(version))
    session = restore_session(version, secrets.token_hex(6))
    edit = partial(
        submit_edit,
        backend,
        grant,
        event_id=event_id,
        base=head,
        digest=digest,
        encoding=encoding,
        session=session,
    )
    if await _is_known(backend, document, event_id):
        return await edit(ops=())
    stored = await read_text(backend, document, version)
    old = normalize_text(stored)
    if version == head:
        ops = await asyncio.to_thread(diff, stored, old)
        return await edit(ops=ops, normalized=old != stored)
    if not await _only_characters_changed(backend, document, version):
        reversal = await _find_reversal(backend, document, version)
        if reversal.kind == "nothing":
            return await edit(ops=())
        if reversal.kind == "update":
            return await submit_update(
                backend,
                grant,
                event_id=event_id,
                update=reversal.update,
                digest=digest,
                encoding=encoding,
                session=session,
            )
    current = await read_text(backend, document, head)
    ops = await asyncio.to_thread(diff, current, old)
    return await edit(ops=ops, normalized=old != stored)


async def _is_known(backend: Backend, document: DocumentRecord, event_id: str | None) -> bool:
    """Return whether an event has that id: then the room answers, whatever the edit would be."""
    return event_id is not None and await backend.log.find_id(document.key, event_id) is not None


async def _only_characters_changed(
    backend: Backend, document: DocumentRecord, version: int
) -> bool:
    """Return whether an edit of the text is sure to restore a version; False if in doubt."""
    room = await backend.rooms.open(document.name)
    if not room.is_plain_at(document.version):
        return False
    async for page in read_events(backend, document, version, document.version):
        if not await asyncio.to_thread(_all_characters, page):
            return False
    return True


def _all_characters(page: Sequence[EventRecord]) -> bool:
    return all(map(changes_characters_only, page))


async def _find_reversal(backend: Backend, document: DocumentRecord, version: int) -> Reversal:
    """Find what restores a version as a whole.

    Raises:
        ServiceError: `not_restorable`.
        QuireError: `rate_limited`.
    """
    room = await backend.rooms.open(document.name)
    read = partial(updates_between, backend.log, document.key, max_bytes=MAX_HISTORY_BYTES)
    try:
        task = Task(
            before=await updates_of(
                backend.log, document.key, version, max_bytes=MAX_HISTORY_BYTES
            ),
            after=await read(version, document.version),
            client_id=_unused_client_id(room),
            text_root=document.text_root,
        )
        found = await find_reversal(task)
    except BusyError:
        raise QuireError(
            ErrorCode.RATE_LIMITED, "Too many versions are being brought back.", retryable=True
        ) from None
    except (HistoryTooLargeError, ReversalError) as error:
        _log.warning("version %d of %r is not restored: %s", version, document.name, error)
        found = Reversal("impossible")
    if found.kind == "impossible":
        raise ServiceError(
            ServiceCode.NOT_RESTORABLE,
            f"Version {version} cannot be brought back exactly; nothing was changed.",
        )
    return found


def _unused_client_id(room: Room) -> int:
    """Return a CRDT client id under which nobody has written in this document."""
    client_id = secrets.randbits(32)
    while room.knows_crdt_client(client_id):
        client_id = secrets.randbits(32)
    return client_id
