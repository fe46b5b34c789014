"""A member as its room keeps it."""

from dataclasses import dataclass, field

from sync.member import Member
from sync.names import Role
from sync.permission import Action, may
from sync.room.feed import Feed
from sync.submission import TextSubmission, UpdateSubmission


@dataclass(slots=True, kw_only=True)
class Participant(Member):
    """A member, and what the room remembers of it.

    Args:
        feed: decides what of the log it is sent.
        echo: whether it is sent its own updates too: some may be older than its join.
    """

    feed: Feed
    echo: bool = False
    takes: type[TextSubmission | UpdateSubmission] | None = None
    """The submissions that its role and mode allow; read for each of them."""
    resync_at_ms: int | None = None
    """When it was last asked to resync, until it sends something that merges."""
    left_out: dict[int, int] = field(default_factory=dict)
    """The clocks of CRDT clients at which it is to send deletions again that were left out."""

    def __post_init__(self) -> None:
        self.take_role(self.role)

    def take_role(self, role: Role) -> None:
        """Go on in another role."""
        self.role = role
        self.takes = None
        if may(role, Action.WRITE):
            self.takes = UpdateSubmission if self.mode == "yjs" else TextSubmission
