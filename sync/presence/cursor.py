"""The cursors of a room's sessions, as text-mode clients are shown them.

A cursor is kept at the version at which it was set, and is moved to the head only when it has to be
shown. So an edit costs nothing for the cursors of those who only read. Cursors are not durable. The
cursors of other processes are here too: see `sync.presence.guests`.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sync.document.window import Window
from sync.effect import Deliver, Effect, Relay, error
from sync.error import ErrorCode, Refusal, refusal
from sync.fact import MoveCursor
from sync.member import Member, user_info
from sync.names import POSITION_ENCODINGS
from sync.port import EventRecord
from sync.text.delta import DeltaError, growth, transform_position
from sync.text.position import to_codepoints, to_utf16
from sync.wire.message import Cursor, UserInfo
from sync.wire.relay import Pointed


@dataclass(frozen=True, slots=True)
class Head:
    """The committed text that positions refer to, and the events that led to it."""

    epoch: str
    version: int
    text: str
    window: Window
    wide: bool
    """True if the document has had characters of two UTF-16 units."""


@dataclass(frozen=True, slots=True)
class TextCursor:
    """A selection: code point offsets in the text at `version`."""

    version: int
    anchor: int
    head: int


class Cursors:
    """The cursors of one room's sessions, as sessions in text mode are shown them."""

    def __init__(self, doc: str) -> None:
        self._doc = doc
        self._cursors: dict[str, tuple[TextCursor, UserInfo]] = {}
        """The cursor of each session, and the user under whose name it is shown."""

    def clear(self) -> None:
        """Forget all cursors, since their text was replaced."""
        self._cursors.clear()

    def leave(self, session: str) -> None:
        """Forget one session's cursor."""
        self._cursors.pop(session, None)

    def at(self, session: str, head: Head) -> TextCursor | None:
        """Return a session's cursor at the head; None if that is not known."""
        if session not in self._cursors:
            return None
        cursor, _ = self._cursors[session]
        since = head.window.after(cursor.version, head.version)
        return None if since is None else _carried(cursor, since)

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
            found = _from_request(owner, fact.base, fact.anchor, fact.head, head)
            if isinstance(found, Refusal):
                yield error(self._doc, fact.session, found.code, found.message)
                return
            cursor = found
        yield from self.show(owner.session, cursor, user_info(owner.user), head, members)

    def show(
        self,
        session: str,
        cursor: TextCursor | None,
        user: UserInfo,
        head: Head,
        members: Mapping[str, Member],
    ) -> Iterator[Effect]:
        """Set or clear a cursor at the head, and show it to the other text-mode sessions.

        Args:
            user: the user under whose name it is shown.
        """
        yield from self.show_here(session, cursor, user, head, members)
        yield Relay(_pointed(session, cursor, user, head))

    def show_here(
        self,
        session: str,
        cursor: TextCursor | None,
        user: UserInfo,
        head: Head,
        members: Mapping[str, Member],
    ) -> Iterator[Effect]:
        """Do as `show` does, in this process only; for a session of another process."""
        self.leave(session)
        if cursor is not None:
            self._cursors[session] = (cursor, user)
        for encoding in POSITION_ENCODINGS:
            group = tuple(
                member.session
                for member in members.values()
                if member.mode == "text"
                and member.encoding == encoding
                and member.session != session
            )
            if group:
                units = encoding == "utf-16"
                yield Deliver(group, self._message(session, user, cursor, head, units=units))

    def greet(self, member: Member, head: Head) -> Iterator[Effect]:
        """Show the known cursors of the others to a session that joins in text mode."""
        units = member.encoding == "utf-16"
        for session, (_, user) in self._cursors.items():
            current = self.at(session, head)
            if session != member.session and current is not None:
                message = self._message(session, user, current, head, units=units)
                yield Deliver((member.session,), message)

    def relayed(self, sessions: Container[str], head: Head) -> Iterator[Effect]:
        """Tell other processes the known cursors of these sessions."""
        for session, (_, user) in self._cursors.items():
            current = self.at(session, head) if session in sessions else None
            if current is not None:
                yield Relay(_pointed(session, current, user, head))

    def of_those(self, sessions: Iterable[str]) -> set[str]:
        """Return those of these sessions that have a cursor."""
        return {session for session in sessions if session in self._cursors}

    def _message(
        self, session: str, user: UserInfo, cursor: TextCursor | None, head: Head, *, units: bool
    ) -> Cursor:
        anchor = None if cursor is None else cursor.anchor
        end = None if cursor is None else cursor.head
        if units and cursor is not None:
            anchor, end = to_utf16(head.text, cursor.anchor), to_utf16(head.text, cursor.head)
        return Cursor(self._doc, session, user, head.version, anchor, end)


def located(cursor: TextCursor, head: Head) -> TextCursor | None:
    """Return a cursor of another version at the head; None if it has no known place there."""
    since = head.window.after(cursor.version, head.version)
    if cursor.version > head.version or since is None or not _fits(cursor, since, head):
        return None
    return _carried(cursor, since)


def _pointed(session: str, cursor: TextCursor | None, user: UserInfo, head: Head) -> Pointed:
    if cursor is None:
        return Pointed(head.epoch, session, user, head.version, None, None)
    return Pointed(head.epoch, session, user, cursor.version, cursor.anchor, cursor.head)


def _from_request(
    owner: Member, base: int | None, anchor: int, end: int, head: Head
) -> TextCursor | Refusal:
    """Return a cursor at the head, from positions at `base`."""
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
    cursor = TextCursor(version, anchor, end)
    if not _fits(cursor, since, head):
        text = f"The text at version {version} has {_length_before(since, head)} characters."
        return refusal(ErrorCode.OUT_OF_RANGE, text)
    return _carried(cursor, since)


def _length_before(since: Sequence[EventRecord], head: Head) -> int:
    return len(head.text) - sum(growth(record.ops) for record in since)


def _fits(cursor: TextCursor, since: Sequence[EventRecord], head: Head) -> bool:
    return max(cursor.anchor, cursor.head) <= _length_before(since, head)


def _carried(cursor: TextCursor, since: Sequence[EventRecord]) -> TextCursor:
    anchor, end, version = cursor.anchor, cursor.head, cursor.version
    for record in since:
        anchor = transform_position(anchor, record.ops, before=False)
        end = transform_position(end, record.ops, before=False)
        version = record.version
    return TextCursor(version, anchor, end)
