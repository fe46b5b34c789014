"""A session in a room, as the other sessions see it."""

from dataclasses import dataclass

from sync.names import Dialect, Mode, PositionEncoding, Role
from sync.user import User
from sync.wire.message import MemberInfo, UserInfo


@dataclass(slots=True)
class Member:
    """A session that has joined a document."""

    session: str
    user: User
    role: Role
    mode: Mode
    encoding: PositionEncoding
    dialect: Dialect = "quire"


def user_info(user: User) -> UserInfo:
    """Return a user as messages show them."""
    return UserInfo(user.id, user.name, user.color)


def member_info(member: Member) -> MemberInfo:
    """Return a member as `joined` shows it."""
    return MemberInfo(member.session, user_info(member.user), member.mode)
