"""The facts that a room is told: what happened, each a value."""

from msgspec import Struct

from sync.names import Dialect, Mode, PositionEncoding, Role
from sync.port import Followed, Opened
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


class Submit(Struct, frozen=True):
    submission: Submission


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
    """Messages to a session were dropped; it was last sent everything up to `version`."""

    session: str
    version: int
    acks: tuple[Ack, ...] = ()
    """Those among them: the log gives only those again that are of versions after `version`."""


class CaughtUp(Struct, frozen=True):
    """A session has now been sent everything up to `version`, from the log."""

    session: str
    version: int


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
    """It is not, or that is unknown: `Reopen` follows."""


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
    Join
    | Leave
    | Submit
    | MoveCursor
    | SetAwareness
    | AskAwareness
    | AskState
    | SendStateless
    | CheckText
    | SetRole
    | Lagging
    | CaughtUp
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
