"""The room's record of a member."""

from dataclasses import dataclass, field

from sync.member import Member, member_info
from sync.names import Role
from sync.permission import Action, may
from sync.room.feed import Feed
from sync.submission import TextSubmission, UpdateSubmission
from sync.wire.message import MemberInfo


@dataclass(slots=True, kw_only=True)
class Participant(Member):
    """A member, with the state that the room keeps for it.

    Args:
        feed: decides which events of the log the member is sent.
        echo: True if the member is sent its own updates too; some may be older than its join.
    """

    feed: Feed
    echo: bool = False
    takes: type[TextSubmission | UpdateSubmission] | None = None
    """The kind of submissions that the role and mode allow, kept for quick checks; None: none."""
    resync_at_ms: int | None = None
    """The time of the last request to resync; None once it sends an update that merges."""
    info: MemberInfo = field(init=False)
    """It as `joined` shows it, kept for all who join."""
    left_out: dict[int, int] = field(default_factory=dict)
    """Left-out deletions: the clocks of CRDT clients at which the member has to send them again."""

    def __post_init__(self) -> None:
        self.take_role(self.role)
        self.info = member_info(self)

    def take_role(self, role: Role) -> None:
        """Change the role."""
        self.role = role
        self.takes = None
        if may(role, Action.WRITE):
            self.takes = UpdateSubmission if self.mode == "yjs" else TextSubmission
