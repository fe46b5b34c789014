"""Writing a document's text over HTTP: one submission, answered after its commit."""

import secrets

from app.http.reading import spelled_ops
from app.http.schema import Written
from app.state import State
from sync.error import ErrorCode, QuireError
from sync.names import PositionEncoding
from sync.port import DocumentRecord
from sync.submission import TextSubmission
from sync.text.delta import Ops, to_wire
from sync.user import User


async def write(
    state: State,
    user: User,
    record: DocumentRecord,
    *,
    event_id: str | None,
    base: int | None,
    ops: Ops,
    digest: bytes,
    counted_in: PositionEncoding = "codepoint",
    encoding: PositionEncoding = "codepoint",
    normalized: bool = False,
) -> Written:
    """Merge an edit into a document; returns only after the commit.

    Cancelling stops the waiting, not the edit.

    Args:
        event_id: makes a retry safe; None: one is made, and the retry is the caller's risk.
        base: the version whose text `ops` means; None is the head when it is merged.
        digest: what tells this request's content from another's with the same id.
        counted_in: what `ops` counts.
        encoding: what the answer counts.
        normalized: whether `ops` were made from a text whose line ends or byte order mark were
            changed; the answer says so.

    Raises:
        QuireError: it is refused.
        StoreError: it is written, but how cannot be read.
    """
    room = await state.rooms.open(record.name)
    submission = TextSubmission(
        session="http-" + secrets.token_hex(6),
        user=user,
        id=event_id or secrets.token_hex(8),
        base=base,
        ops=ops,
        digest=digest,
        size=64 + sum(len(op) if isinstance(op, str) else 8 for op in ops),
        encoding=counted_in,
        role=state.gatekeeper.role(user, record.owner_id),
    )
    ack = await state.rooms.submit(room, submission)
    # Who writes a heading and then searches for it expects to find it.
    await state.rooms.titles.refresh([room])
    wire = ack.ops if isinstance(ack.ops, list) else []
    if wire and encoding == "utf-16" and room.document.has_pairs:
        logged = await state.log.event(record.key, ack.version)
        if logged is None:
            raise QuireError(
                ErrorCode.STORE_UNAVAILABLE, "The edit cannot be read back.", retryable=True
            )
        spelled = await spelled_ops(state.log, record.key, [logged], encoding)
        wire = to_wire(spelled[0])
    return Written(id=ack.id, version=ack.version, ops=wire, normalized=normalized)
