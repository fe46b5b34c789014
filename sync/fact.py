"""The facts that a room is told: what happened, each a value."""

from dataclasses import dataclass

from sync.limit import User
from sync.message import Ack
from sync.names import Dialect, Mode, PositionEncoding, Role
from sync.port import Followed, Opened
from sync.relay import Part
from sync.submission import Submission


@dataclass(frozen=True, slots=True)
class Join:
    session: str
    user: User
    role: Role
    mode: Mode
    since: int | None = None
    epoch: str | None = None
    encoding: PositionEncoding = "codepoint"
    dialect: Dialect = "quire"


@dataclass(frozen=True, slots=True)
class Leave:
    session: str


@dataclass(frozen=True, slots=True)
class Submit:
    submission: Submission


@dataclass(frozen=True, slots=True)
class MoveCursor:
    session: str
    base: int | None
    anchor: int | None
    head: int | None


@dataclass(frozen=True, slots=True)
class SetAwareness:
    session: str
    update: bytes


@dataclass(frozen=True, slots=True)
class AskAwareness:
    """A Yjs client wants everybody's awareness."""

    session: str


@dataclass(frozen=True, slots=True)
class AskState:
    """A Yjs client wants what it lacks, by its state vector, as received."""

    session: str
    state_vector: bytes


@dataclass(frozen=True, slots=True)
class SendStateless:
    """A message to the other Hocuspocus clients in the room, which nothing here looks into."""

    session: str
    payload: str


@dataclass(frozen=True, slots=True)
class CheckText:
    session: str
    version: int
    hash: str


@dataclass(frozen=True, slots=True)
class SetRole:
    session: str
    role: Role


@dataclass(frozen=True, slots=True)
class Lagging:
    """Messages to a session were dropped; it was last sent everything up to `version`."""

    session: str
    version: int
    acks: tuple[Ack, ...] = ()
    """Those among them: the log gives only those again that are of versions after `version`."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """A session has now been sent everything up to `version`, from the log."""

    session: str
    version: int


@dataclass(frozen=True, slots=True)
class Announced:
    """The log is said to have events up to `version`; None: something about it may be new.

    Perhaps it is not true: the answer is a look at the log, at most one at a time.
    """

    version: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a `Look` found; None if it could not look, or there is no such document."""

    followed: Followed | None


@dataclass(frozen=True, slots=True)
class Connected:
    """What is relayed reaches the rooms of this document in other processes, and theirs this one.

    Told again after each time that the bus was lost and found.
    """

    voice: str
    """The name that this room has there: random, and of this room alone."""


@dataclass(frozen=True, slots=True)
class Overheard:
    """What the room of another process has relayed, its seal checked; perhaps late, or again."""

    voice: str
    number: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Committed:
    """The batch that `merge` made is durable."""


@dataclass(frozen=True, slots=True)
class CommitFailed:
    """It is not, or that is unknown: `Reopen` follows."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """The document as the log has it, after `CommitFailed`."""

    opened: Opened


@dataclass(frozen=True, slots=True)
class StoreLost:
    """The store keeps failing: refuse what waits, and all that comes."""


@dataclass(frozen=True, slots=True)
class StoreFound:
    """The store works again."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """The document was moved to the trash."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The document does not load: it is served to nobody (P10)."""


@dataclass(frozen=True, slots=True)
class Tick:
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
    | Overheard
    | Committed
    | CommitFailed
    | Reopened
    | StoreLost
    | StoreFound
    | Deleted
    | Broken
    | Tick
)
