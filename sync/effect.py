"""The effects that a room orders: each is a value that a shell executes."""

from collections.abc import Iterator

from msgspec import UNSET, Struct

from sync.error import ErrorCode, Refusal, refusal
from sync.port import AuthorBinding, Checkpoint, EventRecord
from sync.submission import Submission
from sync.wire.message import Ack, ErrorMessage, Outgoing
from sync.wire.relay import Part


class Deliver(Struct, frozen=True):
    """Encode a message once, and put it into the outboxes of these sessions."""

    sessions: tuple[str, ...]
    message: Outgoing
    upto: int | None = None
    """After it, the session has everything up to this version; None: it is not about the log."""
    droppable: bool = False
    """True if a full outbox may drop it: the log has its content, or `Drained` gives it back."""


class Notice(Deliver, frozen=True):
    """A message about one who comes or goes, which a large room gathers with others.

    See `sync.presence.notices`.
    """

    owner: str = ""
    """The session that has set the awareness states, which it is not sent; empty: none here."""


class CatchUp(Struct, frozen=True):
    """Read the events with `after < version <= upto` from the log; say `PageRead` for each page."""

    session: str
    order: int
    """The number of this order; a later one makes it void (`Room.awaits_page`)."""
    after: int
    upto: int
    needs_text: bool = False
    """True if `PageRead` is to carry the text at `after`."""


class Settled(Struct, frozen=True):
    """A submission of that session has had its answer, or will have it from the log."""

    session: str
    size: int
    ack: Ack | None = None
    """Its answer, for a session of a Yjs dialect, whose frames of the log it does not count among;
    None: the answer is a message of its own."""
    is_followed: bool = False
    """True if an effect behind this one delivers the event itself to that session."""


class WantBatch(Struct, frozen=True):
    """There is something to merge: have the appender take a batch."""


class Look(Struct, frozen=True):
    """Read what the log has after `after`, and say `Found`, whatever comes of it."""

    after: int


class Reopen(Struct, frozen=True):
    """Load the document from the log and say `Reopened`."""

    before: int | None = None
    """A checkpoint of this version has not loaded: use an older one."""


class Dismiss(Struct, frozen=True):
    """The session is out of this room."""

    session: str


class Relay(Struct, frozen=True):
    """Tell the rooms of this document in other processes."""

    part: Part


Effect = Deliver | Settled | CatchUp | WantBatch | Look | Reopen | Dismiss | Relay


class Draft(Struct, frozen=True):
    """The rows that a room wants appended, in order."""

    events: list[EventRecord]
    bindings: list[AuthorBinding]
    checkpoint: Checkpoint | None
    text_root: str
    """The text root after these events; empty: still undecided."""


def error(doc: str, session: str, code: ErrorCode, text: str) -> Deliver:
    """Tell a session that what it asked of a document is not done."""
    why = refusal(code, text)
    return Deliver((session,), ErrorMessage(why.code, text, why.retryable, doc=doc))


def refused(doc: str, submission: Submission, why: Refusal) -> Deliver:
    """Tell a sender that its submission is not done."""
    message = ErrorMessage(
        why.code,
        why.message,
        why.retryable,
        doc=doc,
        id=submission.id,
        retry_after_s=UNSET if why.retry_after_s is None else why.retry_after_s,
    )
    return Deliver((submission.session,), message)


def rejected(doc: str, submission: Submission, why: Refusal) -> Iterator[Effect]:
    """Settle a submission by refusing it."""
    yield Settled(submission.session, submission.size)
    yield refused(doc, submission, why)
