"""The facts that a room is told: each is a value that says what happened.

A submission is a fact as well: its sender asks for it to be written.
"""

from msgspec import Struct

from sync.names import Dialect, Mode, PositionEncoding, Role
from sync.port import EventRecord, Followed, Opened
from sync.submission import Submission
from sync.user import User
from sync.wire.message import Ack
from sync.wire.relay import Part


class Join(Struct, frozen=True):
    session: str
    user: User
    role: Role
    mode: Mode
    since: int | None = None
    epoch: str | None = None
    encoding: PositionEncoding = "codepoint"
    dialect: Dialect = "quire"


class Leave(Struct, frozen=True):
    session: str


class MoveCursor(Struct, frozen=True):
    session: str
    base: int | None
    anchor: int | None
    head: int | None


class SetAwareness(Struct, frozen=True):
    session: str
    update: bytes


class AskAwareness(Struct, frozen=True):
    """A Yjs client wants everybody's awareness."""

    session: str


class AskState(Struct, frozen=True):
    """A Yjs client wants what it lacks, by its state vector, as received."""

    session: str
    state_vector: bytes


class SendStateless(Struct, frozen=True):
    """A message to the other Hocuspocus clients in the room, which nothing here looks into."""

    session: str
    payload: str


class CheckText(Struct, frozen=True):
    session: str
    version: int
    hash: str


class SetRole(Struct, frozen=True):
    session: str
    role: Role


class Lagging(Struct, frozen=True):
    """Messages of the log to a session were dropped; `Drained` follows."""

    session: str


class Drained(Struct, frozen=True):
    """Everything else that was queued for that session is written; send it what is missing."""

    session: str
    version: int
    """The session was sent everything up to it; the log gives again what comes after."""
    acks: tuple[Ack, ...] = ()
    """The acks among what was dropped."""


class PageRead(Struct, frozen=True):
    """The next events of a `CatchUp` order were read from the log."""

    session: str
    order: int
    records: list[EventRecord]
    text: str | None = None
    """The text before the first of them, if the order asked for it."""


class PageUnreadable(Struct, frozen=True):
    """The log does not give what a `CatchUp` order asked for."""

    session: str
    order: int


class Announced(Struct, frozen=True):
    """The log is said to have events up to `version`; None: something about it may be new.

    Perhaps it is not true: the answer is a look at the log, at most one at a time.
    """

    version: int | None = None


class Found(Struct, frozen=True):
    """What a `Look` found; None if it could not look, or there is no such document."""

    followed: Followed | None


class Connected(Struct, frozen=True):
    """What is relayed reaches the rooms of this document in other processes, and theirs this one.

    Told again after each time that the bus was lost and found.
    """

    sender: str
    """The name that this room has there: random, and of this room alone."""


class RelayReceived(Struct, frozen=True):
    """What the room of another process has relayed, its seal checked; perhaps late, or again."""

    sender: str
    number: int
    parts: tuple[Part, ...]


class Committed(Struct, frozen=True):
    """The batch that `merge` made is durable."""


class CommitFailed(Struct, frozen=True):
    """The batch is not durable, or that is unknown: `Reopen` follows."""


class Reopened(Struct, frozen=True):
    """The document as the log has it, after `CommitFailed`."""

    opened: Opened


class StoreLost(Struct, frozen=True):
    """The store keeps failing: refuse what waits, and all that comes."""


class StoreFound(Struct, frozen=True):
    """The store works again."""


class Deleted(Struct, frozen=True):
    """The document was moved to the trash."""


class Broken(Struct, frozen=True):
    """The document does not load: it is served to nobody (P10)."""


class Tick(Struct, frozen=True):
    """Time has passed."""


Fact = (
    Submission
    | Join
    | Leave
    | MoveCursor
    | SetAwareness
    | AskAwareness
    | AskState
    | SendStateless
    | CheckText
    | SetRole
    | Lagging
    | Drained
    | PageRead
    | PageUnreadable
    | Announced
    | Found
    | Connected
    | RelayReceived
    | Committed
    | CommitFailed
    | Reopened
    | StoreLost
    | StoreFound
    | Deleted
    | Broken
    | Tick
)
