"""Taking back what somebody did in a range of versions or times, by one new event."""

import secrets
from dataclasses import dataclass

from app.service.backend import Backend
from app.service.grant import Grant
from app.service.strand_reader import read_chapter, walk_back
from app.service.text_write import Written, submit_edit
from app.service.version_reader import first_version_from, read_text, require_version
from sync.event_origin import TakeBack, actor_mark, take_back_session
from sync.names import PositionEncoding
from sync.permission import Action
from sync.port import DocumentRecord
from sync.submission import named_digest
from sync.text.delta import Delta, to_wire
from sync.text.position import delta_to_utf16


@dataclass(frozen=True, slots=True)
class Wish:
    """The events that are to be taken back. What is None bounds nothing."""

    actor: str | None = None
    """A user's id."""
    after: int | None = None
    upto: int | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    """Times: UTC, milliseconds since the epoch; both are included."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The edit that took events back, or would."""

    written: Written
    range: TakeBack
    events: int
    """The number of events that are taken back."""


async def take_back(
    backend: Backend,
    grant: Grant,
    wish: Wish,
    *,
    event_id: str | None,
    encoding: PositionEncoding = "codepoint",
    is_dry: bool = False,
) -> Taken:
    """Undo what events did to the text, merged with everything else; returns after the commit.

    What others wrote stays, and what others deleted stays deleted. A second time changes nothing.

    Args:
        event_id: makes a retry safe; None: one is made, and the retry is the caller's risk.
        encoding: what the answer counts.
        is_dry: only tell what would be done to the text of now.

    Raises:
        ServiceError: `unknown_version`; `not_restorable`: it reaches too far back.
        QuireError: it is refused.
        StoreError: the log does not answer.
    """
    grant.require(Action.WRITE)
    document = grant.document
    digest = named_digest("take-back", repr(wish))
    taken = await _range(backend, document, wish)
    ops, count = await _plan(backend, document, taken)
    if is_dry:
        if encoding == "utf-16":
            ops = delta_to_utf16(ops, await read_text(backend, document, document.version))
        return Taken(Written("", document.version, to_wire(ops)), taken, count)
    written = await submit_edit(
        backend,
        grant,
        event_id=event_id,
        base=document.version,
        ops=ops,
        digest=digest,
        encoding=encoding,
        session=take_back_session(taken, secrets.token_hex(6)),
    )
    return Taken(written, taken, count)


async def _range(backend: Backend, document: DocumentRecord, wish: Wish) -> TakeBack:
    head = document.version
    after, upto = wish.after or 0, head if wish.upto is None else wish.upto
    for each in (after, upto):
        require_version(document, each)
    if wish.from_ms is not None:
        first = await first_version_from(backend, document, wish.from_ms)
        after = max(after, first - 1)
    if wish.to_ms is not None:
        upto = min(upto, await first_version_from(backend, document, wish.to_ms + 1) - 1)
    await backend.retention.require_kept(document, after, upto)
    return TakeBack(
        after, max(upto, after), "all" if wish.actor is None else actor_mark(wish.actor)
    )


async def _plan(backend: Backend, document: DocumentRecord, taken: TakeBack) -> tuple[Delta, int]:
    """Return the edit of the head, and the number of events that it takes back."""
    if taken.after == taken.upto:
        return (), 0
    chapter = await read_chapter(backend.log, document.key, taken.after, document.version)
    count = chapter.count(taken)
    if not count:
        return (), 0
    return (await walk_back(chapter, taken)).ops, count
