"""`/api/documents/{document}/restore`: an old version, brought back by a new event."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter

from app.http.access import EncodingOf, StateOf, UserOf, WritableDocumentOf, problems
from app.http.problem import HttpCode, ProblemError
from app.http.reading import records_after, require_version, spelled_ops, text_of
from app.http.schema import Restore, Written
from app.http.writing import write
from app.state import State
from sync.document.extent import changes_characters_only
from sync.error import ErrorCode, QuireError
from sync.names import PositionEncoding
from sync.port import DocumentRecord, EventRecord
from sync.shells.log_reader import HistoryTooLargeError, updates_between, updates_of
from sync.shells.reversal_process import BusyError, ReversalError, Task, find_reversal
from sync.submission import UpdateSubmission, named_digest
from sync.text.delta import Ops, to_wire
from sync.text.newline import normalize_text
from sync.text.textdiff import diff
from sync.yjs.replica import Reversal

router = APIRouter(prefix="/api/documents/{document}/restore", tags=["history"])

MAX_HISTORY_BYTES: Final = 64 << 20
"""Updates up to a version, and as many since, that may be read to bring it back."""

_log = logging.getLogger(__name__)


@router.post("", responses=problems(403, 404, 409, 413, 429))
async def restore_version(
    restore: Restore,
    record: WritableDocumentOf,
    state: StateOf,
    user: UserOf,
    encoding: EncodingOf = "codepoint",
) -> Written:
    """Bring a version back. Nothing is lost: it is a new version like any other."""
    version, head = restore.version, record.version
    require_version(record, version)
    digest = named_digest("restore", str(version))

    async def edit(ops: Ops, *, normalized: bool = False) -> Written:
        return await write(
            state,
            user,
            record,
            event_id=restore.id,
            base=head,
            ops=ops,
            digest=digest,
            encoding=encoding,
            normalized=normalized,
        )

    if await _is_known(state, record, restore.id):
        return await edit(())
    stored = await text_of(state, record, version)
    old = normalize_text(stored)
    if version == head:
        return await edit(await asyncio.to_thread(diff, stored, old), normalized=old != stored)
    if not await _only_characters_changed(state, record, version):
        reversal = await _reversal(state, record, version)
        if reversal.kind == "nothing":
            return await edit(())
        if reversal.kind == "update":
            submission = UpdateSubmission(
                session="http-" + secrets.token_hex(6),
                user=user,
                id=restore.id or secrets.token_hex(8),
                update=reversal.update,
                digest=digest,
                size=64 + len(reversal.update),
                role=state.gatekeeper.role(user, record.owner_id),
            )
            return await _submit(state, record, submission, encoding)
    current = await text_of(state, record, head)
    ops = await asyncio.to_thread(diff, current, old)
    return await edit(ops, normalized=old != stored)


async def _is_known(state: State, record: DocumentRecord, event_id: str | None) -> bool:
    """Whether an event has that id: then the room answers, whatever the edit would be now."""
    return event_id is not None and await state.log.find_id(record.key, event_id) is not None


async def _only_characters_changed(state: State, record: DocumentRecord, version: int) -> bool:
    """Whether an edit of the text is sure to bring a version back; cheap, and False if in doubt."""
    room = await state.rooms.open(record.name)
    if room.document.version != record.version or not room.document.is_plain:
        return False
    async for page in records_after(state, record, version, record.version):
        if not await asyncio.to_thread(_all_characters, page):
            return False
    return True


def _all_characters(page: Sequence[EventRecord]) -> bool:
    return all(map(changes_characters_only, page))


async def _reversal(state: State, record: DocumentRecord, version: int) -> Reversal:
    """What brings a version back, as a whole.

    Raises:
        ProblemError: `not_restorable`.
        QuireError: `rate_limited`.
    """
    room = await state.rooms.open(record.name)
    client_id = secrets.randbits(32)
    while client_id in room.document.authors:
        client_id = secrets.randbits(32)
    head, most = record.version, MAX_HISTORY_BYTES
    try:
        task = Task(
            before=await updates_of(state.log, record.key, version, max_bytes=most),
            after=await updates_between(state.log, record.key, version, head, max_bytes=most),
            client_id=client_id,
            text_root=record.text_root,
        )
        found = await find_reversal(task)
    except BusyError:
        raise QuireError(
            ErrorCode.RATE_LIMITED, "Too many versions are being brought back.", retryable=True
        ) from None
    except (HistoryTooLargeError, ReversalError) as error:
        _log.warning("version %d of %r is not brought back: %s", version, record.name, error)
        found = Reversal("impossible")
    if found.kind == "impossible":
        raise ProblemError(
            HttpCode.NOT_RESTORABLE,
            f"Version {version} cannot be brought back exactly; nothing was changed.",
        )
    return found


async def _submit(
    state: State, record: DocumentRecord, submission: UpdateSubmission, encoding: PositionEncoding
) -> Written:
    """Merge an update into a document; as `write` does for an edit of the text."""
    room = await state.rooms.open(record.name)
    ack = await state.rooms.submit(room, submission)
    await state.rooms.titles.refresh([room])
    logged = await state.log.find_id(record.key, submission.id)
    if logged is None:
        return Written(id=ack.id, version=ack.version, ops=[])
    spelled = await spelled_ops(state.log, record.key, [logged], encoding)
    return Written(id=ack.id, version=ack.version, ops=to_wire(spelled[0]))
