"""The members of a document, and their cursors in the text shown here."""

from dataclasses import dataclass

from sync.text.delta import Ops, transform_position
from sync.wire.message import Cursor, MemberInfo, MemberJoined, MemberLeft, UserInfo


@dataclass(frozen=True, slots=True)
class RemoteCursor:
    """Somebody else's selection: `head` is its moving end. Positions in the text shown here."""

    user: UserInfo
    anchor: int
    head: int


class Roster:
    """Members and cursors by session. Presence promises no order and may be lost."""

    def __init__(self) -> None:
        self.members: dict[str, MemberInfo] = {}
        self.cursors: dict[str, RemoteCursor] = {}

    def reset(self, members: list[MemberInfo]) -> None:
        """Take the members that a `joined` names; their cursors follow it."""
        self.members = {member.session: member for member in members}
        self.cursors.clear()

    def enter(self, message: MemberJoined) -> None:
        mode = message.mode if isinstance(message.mode, str) else "text"
        self.members[message.session] = MemberInfo(message.session, message.user, mode)

    def leave(self, message: MemberLeft) -> None:
        self.members.pop(message.session, None)
        self.cursors.pop(message.session, None)

    def place(self, message: Cursor, pending: list[Ops], length: int) -> None:
        """Take a cursor whose positions mean the committed text.

        Args:
            pending: the own edits between that text and the one shown, in order.
            length: of the text shown; a cursor of another version is kept inside it.
        """
        if message.anchor is None or message.head is None:
            self.cursors.pop(message.session, None)
            return
        ends = [message.anchor, message.head]
        for ops in pending:
            ends = [transform_position(at, ops, before=True) for at in ends]
        anchor, head = (min(at, length) for at in ends)
        self.cursors[message.session] = RemoteCursor(message.user, anchor, head)

    def move(self, shown: Ops) -> None:
        """Move all cursors along with a change of the text shown."""
        for session, cursor in self.cursors.items():
            self.cursors[session] = RemoteCursor(
                cursor.user,
                transform_position(cursor.anchor, shown, before=True),
                transform_position(cursor.head, shown, before=True),
            )
