"""The cursors of each mode as the other mode sees them.

A session in text mode has no awareness. The room sets one for it, under an awareness client id that
is reserved for this. The cursor in a Yjs session's awareness is shown in text mode as offsets.

    text mode   cursor_move ──▶ Cursors ──▶ anchors ──▶ Presence ──▶ awareness   yjs mode
                cursor      ◀── Cursors ◀── offsets ◀── Presence ◀── awareness

The exchange has a cost, so it takes place only while there are sessions in both modes. When the
first session of a mode joins, the cursors of all sessions in the other mode become due; a bounded
number is shown at once, the others with the next ticks. Each process does this for its own sessions
and relays the results.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sync.document.document import Document
from sync.effect import Deliver, Effect, Notice, Relay
from sync.member import Member, user_info
from sync.names import Mode
from sync.presence.cursor import Cursors, Head, TextCursor
from sync.presence.presence import Presence
from sync.user import User
from sync.wire.message import AwarenessOut, MemberInfo, StatelessOut, UserInfo
from sync.wire.relay import Spoke
from sync.yjs.anchor import Anchor, AnchoredText, anchor_fields, read_anchor

_MAX_AT_ONCE: Final = 50
"""The most cursors that are converted at a time."""
_MAX_NAME_CHARS: Final = 60

_Pointer = tuple[Anchor, Anchor]
"""The anchor and the head of a Yjs session's cursor."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A settled room at one moment."""

    name: str
    """The document's name."""
    members: Mapping[str, Member]
    guests: Mapping[str, MemberInfo]
    """The sessions in the rooms of other processes."""
    document: Document
    head: Head
    now_ms: int

    def those_in(self, mode: Mode, *, but: str = "") -> tuple[str, ...]:
        return tuple(
            member.session
            for member in self.members.values()
            if member.mode == mode and member.session != but
        )

    def has(self, mode: Mode, *, but: str = "") -> bool:
        """Return whether a session is in this mode, in any process."""
        return any(
            member.mode == mode and member.session != but
            for held in (self.members, self.guests)
            for member in held.values()
        )

    def tell_yjs(
        self, update: bytes, *, but: str = "", is_notice: bool = False
    ) -> Iterator[Effect]:
        """Send awareness out to all Yjs sessions, in every process.

        Args:
            but: the session whose awareness it is, if that is one in yjs mode.
            is_notice: True if clients have come or gone: a large room may tell that later.
        """
        yield from self.tell_yjs_here(update, but=but, is_notice=is_notice)
        yield Relay(Spoke(update))

    def tell_yjs_here(
        self, update: bytes, *, but: str = "", is_notice: bool = False
    ) -> Iterator[Effect]:
        """Send awareness out to the Yjs sessions of this process."""
        group = self.those_in("yjs", but=but)
        if group:
            message = AwarenessOut(self.name, update)
            yield Notice(group, message, owner=but) if is_notice else Deliver(group, message)

    def tell_stateless_here(self, payload: str, *, but: str = "") -> Iterator[Effect]:
        """Send a stateless message to the Hocuspocus sessions of this process."""
        group = tuple(
            member.session
            for member in self.members.values()
            if member.dialect == "hocuspocus" and member.session != but
        )
        if group:
            yield Deliver(group, StatelessOut(self.name, payload))


class Mirror:
    """The exchange of cursors between the modes of one room; nothing of it is durable.

    A new awareness state or cursor results in effects for the other mode. If a method raises
    `ReplicaBrokenError`, the document must be loaded again.
    """

    def __init__(self, presence: Presence, cursors: Cursors) -> None:
        self._presence = presence
        self._cursors = cursors
        self._due: dict[str, None] = {}
        """Sessions whose cursor is to be shown at the next tick."""
        self.early: dict[str, None] = {}
        """Yjs sessions whose cursor refers to content that has not arrived yet."""
        self._told: dict[str, UserInfo] = {}
        """The Yjs sessions whose cursor is shown in text mode, and the user shown with it."""

    @property
    def wants_ticks(self) -> bool:
        return bool(self._due)

    def joined(self, member: Member, before: Member | None, scene: Scene) -> Iterator[Effect]:
        """Take in a session that has joined, or joined again, before it is greeted."""
        if before is not None and before.mode != member.mode:
            yield from self._turned(member, scene)
        other: Mode = "text" if member.mode == "yjs" else "yjs"
        if not scene.has(member.mode, but=member.session):
            # A new session is shown this cursor when it is greeted.
            yield from (each for each in self.begin(other, scene) if isinstance(each, Relay))
        show = self.cursor_moved if member.mode == "text" else self.awareness_changed
        yield from show(member, scene)

    def begin(self, other: Mode, scene: Scene) -> Iterator[Effect]:
        """Mark the sessions of mode `other` as due: the first of the opposite mode is there."""
        self._due |= dict.fromkeys(scene.those_in(other))
        yield from self._catch_up(scene)

    def clear(self) -> None:
        """Forget all cursors: their text was replaced."""
        for held in (self._due, self.early, self._told):
            held.clear()
        self._cursors.clear()

    def left(self, session: str) -> None:
        """Forget a session, without an effect for the others."""
        for held in (self._due, self.early, self._told):
            held.pop(session, None)
        self._cursors.leave(session)

    def cursor_moved(self, member: Member, scene: Scene) -> Iterator[Effect]:
        """Show a moved text-mode cursor to the Yjs sessions."""
        if not scene.has("yjs"):
            return
        if self._presence.exceeds_rate(member.session, scene.now_ms):
            self._due[member.session] = None
            return
        is_new = not self._presence.speaks(member.session)
        update = self._set_awareness(member, scene, scene.document.anchored_text())
        yield from scene.tell_yjs(update, is_notice=is_new)

    def awareness_changed(self, member: Member, scene: Scene) -> Iterator[Effect]:
        """Show the cursor in a Yjs session's new awareness to the text-mode sessions."""
        if not scene.has("text"):
            return
        if self._presence.is_held_back(member.session):
            self._due[member.session] = None
            return
        yield from self._show(member, scene, scene.document.anchored_text())

    def committed(self, scene: Scene) -> Iterator[Effect]:
        """Mark cursors that pointed ahead of the text as due: their content may be there now."""
        if self.early:
            early, self.early = self.early, {}
            self._due |= early
            yield from self._catch_up(scene)

    def tick(self, scene: Scene) -> Iterator[Effect]:
        """Show what is due, and clear the cursors of Yjs sessions that have fallen silent."""
        if self._told:
            sessions_with_state = self._presence.sessions_with_state()
            for session in [
                session for session in self._told if session not in sessions_with_state
            ]:
                self._due[session] = None
        yield from self._catch_up(scene)

    # --- who is due -----------------------------------------------------------------------------

    def _turned(self, member: Member, scene: Scene) -> Iterator[Effect]:
        """Hide the cursor that a session had in its former mode."""
        self.left(member.session)
        gone = self._presence.leave(member.session)
        if gone is not None:
            yield from scene.tell_yjs(gone, but=member.session)
        yield from self._cursors.show(
            member.session, None, user_info(member.user), scene.head, scene.members
        )

    def _catch_up(self, scene: Scene) -> Iterator[Effect]:
        if not self._due:
            return
        text = scene.document.anchored_text()
        has_yjs, has_text = scene.has("yjs"), scene.has("text")
        for session in list(self._due)[:_MAX_AT_ONCE]:
            del self._due[session]
            member = scene.members.get(session)
            if member is None:
                continue
            if member.mode == "yjs" and has_text:
                yield from self._show(member, scene, text)
            elif member.mode == "text" and has_yjs:
                yield from scene.tell_yjs(self._set_awareness(member, scene, text))

    # --- from text mode to Yjs ------------------------------------------------------------------

    def _set_awareness(self, member: Member, scene: Scene, text: AnchoredText) -> bytes:
        """Set a text-mode session's awareness; y-monaco reads `selection`, others `cursor`."""
        fields: dict[str, object] = {}
        cursor = self._cursors.at(member.session, scene.head)
        root = scene.document.text_root
        if cursor is not None and root:
            anchor = text.anchor(cursor.anchor)
            head = anchor if cursor.head == cursor.anchor else text.anchor(cursor.head)
            if anchor is not None and head is not None:
                pointer = {
                    "anchor": anchor_fields(anchor, root),
                    "head": anchor_fields(head, root),
                }
                fields = {"cursor": pointer, "selection": pointer}
        return self._presence.set_for(
            member.session, member.user, fields, scene.document.authors, scene.now_ms
        )

    # --- from Yjs to text mode ------------------------------------------------------------------

    def _show(self, member: Member, scene: Scene, text: AnchoredText) -> Iterator[Effect]:
        """Show a Yjs session's cursor in text mode, unless it is shown there already."""
        session = member.session
        self.early.pop(session, None)
        fields = self._presence.state_of(session)
        pointer = _read_pointer(fields, scene.document.text_root)
        if pointer is None:
            yield from self._hide(member, scene)
            return
        user = _shown_user(member.user, fields)
        if not all(map(text.is_known, pointer)):
            self.early[session] = None
            return
        anchor = text.resolve(pointer[0])
        head = anchor if pointer[0] == pointer[1] else text.resolve(pointer[1])
        if anchor is None or head is None:
            yield from self._hide(member, scene)
            return
        cursor = TextCursor(scene.head.version, anchor, head)
        if self._told.get(session) != user or self._cursors.at(session, scene.head) != cursor:
            self._told[session] = user
            yield from self._cursors.show(session, cursor, user, scene.head, scene.members)

    def _hide(self, member: Member, scene: Scene) -> Iterator[Effect]:
        if self._told.pop(member.session, None) is not None:
            yield from self._cursors.show(
                member.session, None, user_info(member.user), scene.head, scene.members
            )


def _read_pointer(fields: Mapping[str, object] | None, root: str) -> _Pointer | None:
    """Return the positions in an awareness state, if they are in the text root."""
    for name in ("cursor", "selection"):
        value = fields.get(name) if fields is not None else None
        if isinstance(value, dict):
            anchor, head = (read_anchor(value.get(end), root) for end in ("anchor", "head"))
            return None if anchor is None or head is None else (anchor, head)
    return None


def _shown_user(user: User, fields: Mapping[str, object] | None) -> UserInfo:
    """Return the user of a cursor; an anonymous one has the name in the awareness state."""
    shown = user_info(user)
    claimed = fields.get("user") if user.anonymous and fields is not None else None
    if not isinstance(claimed, dict):
        return shown
    name, color = claimed.get("name"), claimed.get("color")
    return UserInfo(
        shown.id,
        (_one_line(name) if isinstance(name, str) else "") or shown.name,
        color if isinstance(color, str) and _is_color(color) else shown.color,
    )


def _one_line(name: str) -> str:
    kept = "".join(char if char.isprintable() else " " for char in name[: 4 * _MAX_NAME_CHARS])
    return " ".join(kept.split())[:_MAX_NAME_CHARS]


def _is_color(color: str) -> bool:
    return len(color) == 7 and color[0] == "#" and set(color[1:]) <= set("0123456789abcdef")
