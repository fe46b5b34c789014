"""The CRDT client ids that sessions announce as those of their own documents."""

from collections.abc import Callable

from sync.yjs.awareness import scan_awareness
from sync.yjs.varint import MalformedError


class AnnouncedIds:
    """The own client id of each session in a room, for `sync.yjs.authorship`.

    A stock client announces its own awareness state before it repeats the states of others. So the
    first client id that a session names is its own, even if the room refuses the state because the
    id belongs to another user.
    """

    def __init__(self) -> None:
        self._own: dict[str, int] = {}
        self._claims: dict[int, dict[str, str]] = {}
        """For each client id the present sessions that announce it, with their users."""
        self._departed: set[str] = set()
        """Sessions that have left, some of whose updates may not be merged yet."""

    def note(self, session: str, user_id: str, update: bytes) -> None:
        """Take a session's awareness update; the first that names a client counts."""
        if session in self._own:
            return
        try:
            entry = next(iter(scan_awareness(update)), None)
        except MalformedError:
            return
        if entry is not None:
            self._own[session] = entry[0]
            self._claims.setdefault(entry[0], {})[session] = user_id

    def leave(self, session: str, has_unmerged: Callable[[str], bool]) -> None:
        """End the claim of a session that has left.

        The session's own id is kept until all its updates are merged: without it, the structs that
        it delivered for others would count as its own.

        Args:
            has_unmerged: returns True for a session with updates that are not merged yet.
        """
        own = self._own.get(session)
        if own is not None and session in self._claims.get(own, ()):
            del self._claims[own][session]
            if not self._claims[own]:
                del self._claims[own]
            self._departed.add(session)
        gone = {each for each in self._departed if not has_unmerged(each)}
        self._departed -= gone
        for each in gone:
            del self._own[each]

    def own(self, session: str) -> int | None:
        """Return the client id that a session announces as its own; None if it announces none."""
        return self._own.get(session)

    def claimant(self, client: int) -> str | None:
        """Return the id of the first user who announces a client id as its own; None: nobody."""
        return next(iter(self._claims.get(client, {}).values()), None)
