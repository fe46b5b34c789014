"""`sync.member`: how others see a session."""

from sync.member import Member, member_info, user_info
from sync.user import User
from sync.wire.message import MemberInfo, UserInfo


def test_others_see_session_user_and_mode_and_nothing_else() -> None:
    ann = User("u1", "Ann", "#111111", anonymous=True)
    member = Member("s1", ann, "viewer", "yjs", "utf-16", "hocuspocus")
    assert user_info(ann) == UserInfo("u1", "Ann", "#111111")
    assert member_info(member) == MemberInfo("s1", UserInfo("u1", "Ann", "#111111"), "yjs")
