"""The members of one room, and the receivers of its commits among them."""

from collections.abc import Mapping

from sync.room.participant import Participant

Receivers = tuple[tuple[str, ...], tuple[Participant, ...]]
"""The sessions in yjs mode whose feeds are live; and all members in text mode, live or not."""


class Audience:
    """The members by their sessions, in the order in which they first joined.

    Every commit asks for its receivers. They are found once and kept until somebody joins or
    leaves, or a feed starts or stops being live.
    """

    __slots__ = ("_members", "_receivers", "members")

    def __init__(self) -> None:
        self._members: dict[str, Participant] = {}
        self.members: Mapping[str, Participant] = self._members
        self._receivers: Receivers | None = None
        """The last result of `receivers`; None: it has to be found anew."""

    def receivers(self) -> Receivers:
        """Return the receivers of a commit."""
        found = self._receivers
        if found is None:
            members = self._members.values()
            editors = [each.session for each in members if each.mode == "yjs" and each.feed.is_live]
            listeners = [each for each in members if each.mode == "text"]
            found = self._receivers = (tuple(editors), tuple(listeners))
        return found

    def put(self, member: Participant) -> None:
        """Add a member; it replaces an earlier membership of the same session."""
        self._receivers = None
        self._members[member.session] = member

    def remove(self, session: str) -> Participant | None:
        """Remove a session; return its membership, or None if it had none."""
        self._receivers = None
        return self._members.pop(session, None)

    def clear(self) -> None:
        """Remove all members."""
        self._receivers = None
        self._members.clear()

    def feed_turned(self) -> None:
        """Note that the feed of a member changed its state."""
        self._receivers = None
