"""The CRDT client ids that sessions announce as those of their own documents."""

from sync.yjs.awareness import scan_awareness
from sync.yjs.varint import MalformedError


class AnnouncedIds:
    """The own client id of each session in a room, for `sync.yjs.authorship`.

    A stock client announces its own awareness state first, before it repeats what it hears of
    others. So the first client id that a session names is its own; it stays that, even if the room
    refuses the state because the id is somebody else's.
    """

    def __init__(self) -> None:
        self._own: dict[str, int] = {}
        self._users: dict[str, str] = {}

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
            self._users[session] = user_id

    def forget(self, session: str) -> None:
        """Forget a session that has left."""
        self._own.pop(session, None)
        self._users.pop(session, None)

    def own(self, session: str) -> int | None:
        """The id of a session's own document, if it has announced one."""
        return self._own.get(session)

    def claimant(self, client: int) -> str | None:
        """The id of the user who announces a client id as its own; of several the first."""
        for session, own in self._own.items():
            if own == client:
                return self._users[session]
        return None
