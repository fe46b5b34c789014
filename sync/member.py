"""A session in a room, and how others see it."""

from dataclasses import dataclass

from sync.effect import Deliver
from sync.names import Dialect, Mode, PositionEncoding, Role
from sync.user import User
from sync.wire.message import MemberInfo, UserInfo


@dataclass(slots=True)
class Member:
    """A session in the room."""

    session: str
    user: User
    role: Role
    mode: Mode
    encoding: PositionEncoding
    dialect: Dialect = "quire"
    live: bool = True
    """Whether it is sent what is committed at once; if not, it is being caught up from the log."""
    resync_at_ms: int | None = None
    """When it was last asked to resync, until it sends something that merges."""
    owed: list[Deliver] | None = None
    """Settlements that must not overtake the events which it still lacks."""
    echo: bool = False
    """Whether it is sent its own updates too: some may be older than its join."""


def user_info(user: User) -> UserInfo:
    """A user as messages show them."""
    return UserInfo(user.id, user.name, user.color)


def member_info(member: Member) -> MemberInfo:
    """A member as `joined` shows it."""
    return MemberInfo(member.session, user_info(member.user), member.mode)
