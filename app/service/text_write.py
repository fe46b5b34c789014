"""Writing a document's text: one submission, answered after its commit."""

import asyncio
import secrets
from dataclasses import dataclass, replace
from hashlib import sha256

from app.service.backend import Backend
from app.service.grant import Grant
from app.service.version_reader import encode_deltas, read_text
from sync.error import ErrorCode, QuireError
from sync.event_origin import request_session
from sync.names import PositionEncoding
from sync.permission import Action
from sync.submission import TextSubmission, UpdateSubmission, named_digest, text_digest
from sync.text.delta import Ops, from_wire, inserted_text, to_wire
from sync.text.newline import normalize_text
from sync.text.textdiff import diff
from sync.wire.message import WireDelta

_OVERHEAD_BYTES = 64
"""The size of a submission besides its content."""


@dataclass(frozen=True, slots=True)
class Written:
    """A change that is durable."""

    id: str
    version: int
    ops: WireDelta
    """The change as it was merged, in the encoding that was asked for; empty: nothing changed."""
    normalized: bool = False
    """True if line ends or a byte order mark of the sent text were changed."""


async def edit_text(
    backend: Backend,
    grant: Grant,
    *,
    event_id: str | None,
    base: int | None,
    ops: Ops,
    encoding: PositionEncoding = "codepoint",
) -> Written:
    """Merge an edit of the text as it was at `base`; as `submit_edit`.

    Args:
        base: None is the head when it is merged.
        encoding: what `ops` and the answer count.
    """
    written = await submit_edit(
        backend,
        grant,
        event_id=event_id,
        base=base,
        ops=ops,
        digest=text_digest("text_edit", base, ops),
        counted_in=encoding,
        encoding=encoding,
    )
    # Merging moves what is inserted, and changes nothing in it but line ends.
    normalized = inserted_text(from_wire(written.ops)) != inserted_text(ops)
    return replace(written, normalized=normalized)


async def replace_text(
    backend: Backend,
    grant: Grant,
    text: str,
    *,
    base: int | None,
    event_id: str | None,
    encoding: PositionEncoding = "codepoint",
) -> Written:
    """Replace the text: as the smallest edit of that version, merged with what happened since.

    Args:
        base: the version that the new text was made from; None is the head.

    Raises:
        QuireError: `base_unknown`: it is beyond the head; otherwise as `submit_edit`.
    """
    require_base(grant, base)
    document = grant.document
    version = document.version if base is None else base
    old = await read_text(backend, document, version)
    new = normalize_text(text)
    delta = await asyncio.to_thread(diff, old, new)
    content = f"{'*' if base is None else base} {sha256(text.encode()).hexdigest()}"
    return await submit_edit(
        backend,
        grant,
        event_id=event_id or _derived_id(grant, base, content),
        base=version,
        ops=delta,
        digest=named_digest("put_text", content),
        encoding=encoding,
        normalized=new != text,
    )


def require_base(grant: Grant, base: int | None) -> None:
    """Raise `QuireError` (`base_unknown`) if a version is beyond the head."""
    head = grant.document.version
    if base is not None and base > head:
        raise QuireError(ErrorCode.BASE_UNKNOWN, f"There is no version {base}; the head is {head}.")


def _derived_id(grant: Grant, base: int | None, content: str) -> str | None:
    """Return the id of a replacement without one: doing it twice is doing it once.

    None if it is about whatever the head is: a second one then changes nothing anyway, unless
    somebody has written in between.
    """
    if base is None:
        return None
    parts = f"{grant.document.epoch} {grant.user.id} {content}"
    return "put-" + sha256(parts.encode()).hexdigest()[:32]


async def submit_edit(
    backend: Backend,
    grant: Grant,
    *,
    event_id: str | None,
    base: int | None,
    ops: Ops,
    digest: bytes,
    counted_in: PositionEncoding = "codepoint",
    encoding: PositionEncoding = "codepoint",
    normalized: bool = False,
    session: str | None = None,
) -> Written:
    """Merge an edit into a document; returns only after the commit.

    Cancelling stops the waiting, not the edit.

    Args:
        event_id: makes a retry safe; None: one is made, and the retry is the caller's risk.
        base: the version whose text `ops` means; None is the head when it is merged.
        digest: tells this request's content from another's with the same id.
        counted_in: what `ops` counts.
        encoding: what the answer counts.
        normalized: whether `ops` were made from a text whose line ends or byte order mark were
            changed; the answer says so.
        session: of this call alone, and tells its origin; None: that of a request.

    Raises:
        QuireError: it is refused, or it is written but cannot be read back.
        StoreError: it is written, but cannot be read back.
    """
    grant.require(Action.WRITE)
    document = grant.document
    room = await backend.rooms.open(document.name)
    content_bytes = sum(len(op) if isinstance(op, str) else 8 for op in ops)
    submission = TextSubmission(
        session=session or request_session(secrets.token_hex(6)),
        user=grant.user,
        id=event_id or _made_up_id(),
        base=base,
        ops=ops,
        digest=digest,
        size=_OVERHEAD_BYTES + content_bytes,
        encoding=counted_in,
        role=grant.role,
    )
    ack = await backend.rooms.submit(room, submission)
    # Whoever writes a heading and then searches for it expects to find it.
    await backend.rooms.titles.refresh([room])
    wire = ack.ops if isinstance(ack.ops, list) else []
    if wire and encoding == "utf-16" and room.has_pairs:
        logged = await backend.log.event(document.key, ack.version)
        if logged is None:
            raise QuireError(
                ErrorCode.STORE_UNAVAILABLE, "The edit cannot be read back.", retryable=True
            )
        (delta,) = await encode_deltas(backend.log, document.key, [logged], encoding)
        wire = to_wire(delta)
    return Written(ack.id, ack.version, wire, normalized)


async def submit_update(
    backend: Backend,
    grant: Grant,
    *,
    event_id: str | None,
    update: bytes,
    digest: bytes,
    encoding: PositionEncoding = "codepoint",
    session: str | None = None,
) -> Written:
    """Merge a Yjs update into a document; as `submit_edit`.

    Args:
        update: Yjs v1 update.
    """
    grant.require(Action.WRITE)
    document = grant.document
    room = await backend.rooms.open(document.name)
    submission = UpdateSubmission(
        session=session or request_session(secrets.token_hex(6)),
        user=grant.user,
        id=event_id or _made_up_id(),
        update=update,
        digest=digest,
        size=_OVERHEAD_BYTES + len(update),
        role=grant.role,
    )
    ack = await backend.rooms.submit(room, submission)
    await backend.rooms.titles.refresh([room])
    logged = await backend.log.find_id(document.key, submission.id)
    if logged is None:
        return Written(ack.id, ack.version, [])
    (delta,) = await encode_deltas(backend.log, document.key, [logged], encoding)
    return Written(ack.id, ack.version, to_wire(delta))


def _made_up_id() -> str:
    return secrets.token_hex(8)
