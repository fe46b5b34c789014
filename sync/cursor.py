"""Where everyone's carets are, as text-mode clients are shown them.

A cursor is kept at the version that it was set at and carried to the head when somebody has to be
shown it, so an edit costs nothing for those who only look. Nothing of it is durable.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sync.delta import DeltaError, growth, transform_position
from sync.effect import Deliver, Effect, error
from sync.error import ErrorCode, Refusal, refusal
from sync.fact import MoveCursor
from sync.member import Member, user_info
from sync.message import Cursor, UserInfo
from sync.names import POSITION_ENCODINGS
from sync.port import EventRecord
from sync.position import to_codepoints, to_utf16
from sync.window import Window


@dataclass(frozen=True, slots=True)
class Head:
    """What positions refer to: the committed text, and how it came about."""

    version: int
    text: str
    window: Window
    wide: bool
    """Whether the two position encodings may differ in this document."""


@dataclass(frozen=True, slots=True)
class TextCursor:
    """A selection: code point offsets in the text at `version`."""

    version: int
    anchor: int
    head: int


class Cursors:
    """The cursors of one room's sessions: those of text mode, and others as they are shown."""

    def __init__(self, doc: str) -> None:
        self._doc = doc
        self._cursors: dict[str, TextCursor] = {}
        self._users: dict[str, UserInfo] = {}
        """Whose cursor it is, where that is not simply its session's user."""

    def clear(self) -> None:
        """Forget all: the text they stood in is another's."""
        self._cursors.clear()
        self._users.clear()

    def leave(self, session: str) -> None:
        """Forget one session's."""
        self._cursors.pop(session, None)
        self._users.pop(session, None)

    def at(self, session: str, head: Head) -> TextCursor | None:
        """A session's cursor at the head, as far as that is known."""
        cursor = self._cursors.get(session)
        since = None if cursor is None else head.window.after(cursor.version, head.version)
        return None if cursor is None or since is None else _carried(cursor, since)

    def move(
        self, owner: Member, fact: MoveCursor, head: Head, members: Mapping[str, Member]
    ) -> Iterator[Effect]:
        """Set or clear a cursor, and show it to the other text-mode sessions."""
        cursor: TextCursor | None = None
        if fact.anchor is None or fact.head is None:
            if fact.anchor is not fact.head:
                text = "anchor and head are both given, or both null."
                yield error(self._doc, fact.session, ErrorCode.INVALID_MESSAGE, text)
                return
        else:
            found = _located(owner, fact.base, fact.anchor, fact.head, head)
            if isinstance(found, Refusal):
                yield error(self._doc, fact.session, found.code, found.message)
                return
            cursor = found
        yield from self.show(owner, cursor, None, head, members)

    def show(
        self,
        owner: Member,
        cursor: TextCursor | None,
        user: UserInfo | None,
        head: Head,
        members: Mapping[str, Member],
    ) -> Iterator[Effect]:
        """Set or clear a cursor at the head, and show it to the other text-mode sessions.

        Args:
            user: whose it is; None: its session's user.
        """
        self.leave(owner.session)
        if cursor is not None:
            self._cursors[owner.session] = cursor
            if user is not None:
                self._users[owner.session] = user
        for encoding in POSITION_ENCODINGS:
            group = tuple(
                member.session
                for member in members.values()
                if member.mode == "text"
                and member.encoding == encoding
                and member.session != owner.session
            )
            if group:
                message = self._message(owner, cursor, head, units=encoding == "utf-16")
                yield Deliver(group, message)

    def greet(self, member: Member, head: Head, members: Mapping[str, Member]) -> Iterator[Effect]:
        """Show one who joins in text mode where the others are, as far as that is known."""
        for session in self._cursors:
            owner = members.get(session)
            current = self.at(session, head)
            if owner is None or session == member.session or current is None:
                continue
            message = self._message(owner, current, head, units=member.encoding == "utf-16")
            yield Deliver((member.session,), message)

    def _message(
        self, owner: Member, cursor: TextCursor | None, head: Head, *, units: bool
    ) -> Cursor:
        anchor = None if cursor is None else cursor.anchor
        end = None if cursor is None else cursor.head
        if units and cursor is not None:
            anchor, end = to_utf16(head.text, cursor.anchor), to_utf16(head.text, cursor.head)
        user = self._users.get(owner.session) or user_info(owner.user)
        return Cursor(self._doc, owner.session, user, head.version, anchor, end)


def _located(
    owner: Member, base: int | None, anchor: int, end: int, head: Head
) -> TextCursor | Refusal:
    """A cursor at the head, from positions at `base`."""
    version = head.version if base is None else base
    since = head.window.after(version, head.version) if version <= head.version else None
    units = owner.encoding == "utf-16" and head.wide
    if since is None or (units and since):
        return refusal(ErrorCode.BASE_UNKNOWN, f"There is no usable base {version}.")
    try:
        if units:
            anchor, end = to_codepoints(head.text, anchor), to_codepoints(head.text, end)
    except DeltaError as problem:
        return refusal(ErrorCode.OUT_OF_RANGE, str(problem))
    length = len(head.text) - sum(growth(record.ops) for record in since)
    if max(anchor, end) > length:
        text = f"The text at version {version} has {length} characters."
        return refusal(ErrorCode.OUT_OF_RANGE, text)
    return _carried(TextCursor(version, anchor, end), since)


def _carried(cursor: TextCursor, since: Sequence[EventRecord]) -> TextCursor:
    anchor, end, version = cursor.anchor, cursor.head, cursor.version
    for record in since:
        anchor = transform_position(anchor, record.ops, before=False)
        end = transform_position(end, record.ops, before=False)
        version = record.version
    return TextCursor(version, anchor, end)
