"""The facts that a room is told: each is a value that describes one occurrence.

A submission is a fact as well: the request of its sender to log an edit.
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
    is_expelled: bool = False
    """True if it has no role any more: what it submitted and is not merged yet is refused."""
    is_untold: bool = False
    """True if the members here are not told, since all of them are about to leave."""


class MoveCursor(Struct, frozen=True):
    session: str
    base: int | None
    anchor: int | None
    head: int | None


class SetAwareness(Struct, frozen=True):
    session: str
    update: bytes


class AskAwareness(Struct, frozen=True):
    """A Yjs client asks for the awareness of all."""

    session: str


class AskState(Struct, frozen=True):
    """A Yjs client asks for the updates that its state vector, as received, lacks."""

    session: str
    state_vector: bytes


class SendStateless(Struct, frozen=True):
    """A message to the other Hocuspocus clients in the room; its content is not read here."""

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
    """The queue of a session is written; the events that were dropped are to be sent again."""

    session: str
    version: int
    """The last version that the session was sent; later ones are replayed from the log."""
    acks: tuple[Ack, ...] = ()
    """The acks among the dropped messages."""


class PageRead(Struct, frozen=True):
    """The next events of a `CatchUp` order were read from the log."""

    session: str
    order: int
    records: list[EventRecord]
    text: str | None = None
    """The text before the first of them, if the order asked for it."""


class PageUnreadable(Struct, frozen=True):
    """The log could not be read for a `CatchUp` order."""

    session: str
    order: int
    gone_upto: int = 0
    """The last version that will not be readable later either."""


class Announced(Struct, frozen=True):
    """The bus says that the log has events up to `version`; None: anything may have changed.

    It need not be true: the room answers with a look at the log, at most one at a time.
    """

    version: int | None = None


class Found(Struct, frozen=True):
    """The result of a `Look`; None if the log could not be read, or has no such document."""

    followed: Followed | None


class Connected(Struct, frozen=True):
    """The bus connects this room with the rooms of its document in other processes.

    Told again each time that the connection to the bus is restored.
    """

    sender: str
    """The name that this room has there: random, and of this room alone."""


class RelayReceived(Struct, frozen=True):
    """A relay from the room of another process, its seal checked; it may be late or repeated."""

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
    """The store keeps failing: waiting and new submissions are to be refused."""


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
