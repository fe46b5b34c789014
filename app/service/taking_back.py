"""Taking back what somebody did in a range of versions or times, by one new event."""

import secrets
from dataclasses import dataclass, field

from app.service.backend import Backend
from app.service.grant import Grant
from app.service.strand_reader import read_chapter, walk_back
from app.service.text_write import Written, submit_edit
from app.service.version_reader import first_version_from, read_text, require_version
from sync.error import ErrorCode, QuireError
from sync.event_origin import Passage, TakeBack, actor_mark, take_back_session
from sync.names import PositionEncoding
from sync.permission import Action
from sync.port import DocumentRecord
from sync.submission import named_digest
from sync.text.delta import Delta, DeltaOutOfRange, to_wire
from sync.text.position import delta_to_utf16, to_codepoints


@dataclass(frozen=True, slots=True)
class Part:
    """The part of the text in which something is to be taken back."""

    version: int | None
    """The version whose text it is a part of; None: the head."""
    start: int
    end: int
    """Places, counted as the request counts."""


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
    part: Part | None = field(default=None, repr=False)


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
        encoding: what the part and the answer count.
        is_dry: only tell what would be done to the text of now.

    Raises:
        ServiceError: `unknown_version`; `not_restorable`: it reaches too far back.
        QuireError: it is refused; `out_of_range`: the text has no such part, or it is that of a
            version before the range.
        StoreError: the log does not answer.
    """
    grant.require(Action.WRITE)
    document = grant.document
    part = "" if wish.part is None else f"{wish.part} {encoding}"
    digest = named_digest("take-back", repr(wish) + part)
    taken = await _range(backend, document, wish)
    if wish.part is not None:
        place = await _place(backend, document, wish.part, taken.after, encoding)
        taken = taken._replace(place=place)
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


async def _place(
    backend: Backend, document: DocumentRecord, part: Part, after: int, encoding: PositionEncoding
) -> Passage:
    version = document.version if part.version is None else part.version
    require_version(document, version)
    if version < after:
        raise _out_of_range(f"The part is one of version {version}, which is before the range.")
    text = await read_text(backend, document, version)
    start, end = part.start, part.end
    try:
        if encoding == "utf-16":
            start, end = to_codepoints(text, start), to_codepoints(text, end)
    except DeltaOutOfRange as error:
        raise _out_of_range(f"The text of version {version} has no such part: {error}.") from error
    if not start <= end <= len(text):
        raise _out_of_range(f"The text of version {version} has no such part.")
    return Passage(version, start, end)


def _out_of_range(text: str) -> QuireError:
    return QuireError(ErrorCode.OUT_OF_RANGE, text)


async def _plan(backend: Backend, document: DocumentRecord, taken: TakeBack) -> tuple[Delta, int]:
    """Return the edit of the head, and the number of events that it takes back."""
    if taken.after == taken.upto:
        return (), 0
    chapter = await read_chapter(backend.log, document.key, taken.after, document.version)
    count = chapter.count(taken)
    if not count:
        return (), 0
    found = await walk_back(chapter, taken)
    return found.ops, count if taken.place is None else len(found.events)
