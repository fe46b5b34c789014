"""The registry of the rooms that one process has open: one room for each document.

    (none) ── open ──▶ opening ── loaded ──▶ open ── idle and clean, discarded, broken ──▶ (none)

However many callers ask for a document at once, it is loaded once.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sync.error import ErrorCode, QuireError
from sync.limit import Limits
from sync.names import DEFAULT_TEXT_ROOT, is_document_name
from sync.permission import Grants
from sync.port import DocumentRecord, EventLog, NewDocument, StoreError
from sync.room.room import Room
from sync.shells.clock import now_ms
from sync.shells.rooms.titles import Titles
from sync.user import User
from sync.yjs.replica import ReplicaBrokenError

_log = logging.getLogger(__name__)

_MIN_TAIL_EVENTS = 64
"""The fewest events after a checkpoint for which closing a room saves another one."""


def tell_bad_checkpoint(name: str, version: int) -> None:
    """Note in the server's log that a checkpoint does not load."""
    _log.error(
        "the checkpoint of %r at version %d does not load; it is not used: "
        "the document is loaded from an older one, or from its events",
        name,
        version,
    )


def tell_bad_state(name: str, version: int) -> None:
    """Note in the server's log that a document's state cannot be saved."""
    _log.error("the state of %r at %d shows another text than its events: not saved", name, version)


@dataclass(slots=True, eq=False)
class OpenRoom:
    """A room, and the shells' notes about it."""

    room: Room
    used_at_s: float
    """The time at which it last took a fact from this process, by `time.monotonic`."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set after every such fact, and when the room is closed."""


class Registry:
    """The open rooms, by the names of their documents.

    Args:
        log: the event log that the rooms are loaded from.
        unload_after_s: the time after which an unused room is closed.
        new_document_grants: the subjects, and their roles, that every new document is shared with.
        opened: called with every loaded room.
        closed: called with every removed room.
    """

    def __init__(
        self,
        log: EventLog,
        limits: Limits,
        *,
        unload_after_s: float,
        new_document_grants: Grants,
        opened: Callable[[Room], None],
        closed: Callable[[Room], None],
    ) -> None:
        self.entries: dict[str, OpenRoom] = {}
        self._log = log
        self._limits = limits
        self._unload_after_s = unload_after_s
        self._new_document_grants = new_document_grants
        self._opened = opened
        self._closed = closed
        self._opening: dict[str, asyncio.Task[Room]] = {}
        self.titles = Titles(log, lambda: [entry.room for entry in self.entries.values()])

    def find(self, name: str) -> Room | None:
        """Return the room of a document, if it is open."""
        entry = self.entries.get(name)
        return entry.room if entry else None

    async def open(
        self, name: str, creator: User | None = None, text_root: str = DEFAULT_TEXT_ROOT
    ) -> Room:
        """Return the room of a document, loaded from the log if it is not open yet.

        Cancelling ends the waiting; the room is loaded all the same.

        Args:
            creator: the user for whom a missing document is created; None: that is an error.
            text_root: the text root of a created document; empty: its first content decides.

        Raises:
            QuireError: `unknown_document`, `store_unavailable`, `rate_limited` (too many rooms),
                `invalid_message` (not a name).
        """
        entry = self.entries.get(name)
        if entry is not None:
            if not entry.room.deleted:
                return entry.room
            # The document may have been brought back from the trash since: the log tells.
            self.remove(entry.room)
        if not is_document_name(name):
            raise QuireError(ErrorCode.INVALID_MESSAGE, "This cannot be a document's name.")
        opening = self._opening.get(name)
        if opening is None:
            if len(self.entries) + len(self._opening) >= self._limits.max_rooms:
                raise QuireError(
                    ErrorCode.RATE_LIMITED, "Too many documents are open.", retryable=True
                )
            opening = self._start_opening(name, creator, text_root)
        return await asyncio.shield(opening)

    def _start_opening(
        self, name: str, creator: User | None, text_root: str
    ) -> "asyncio.Task[Room]":
        opening = asyncio.get_running_loop().create_task(self._load(name, creator, text_root))
        self._opening[name] = opening

        def done(task: "asyncio.Task[Room]") -> None:
            del self._opening[name]
            error = None if task.cancelled() else task.exception()
            if error is not None and not isinstance(error, QuireError):
                # Whoever asked may be gone.
                _log.error("loading %r has failed", name, exc_info=error)

        opening.add_done_callback(done)
        return opening

    async def _load(
        self, name: str, creator: User | None, text_root: str, *, before: int | None = None
    ) -> Room:
        """Load a document; if a checkpoint does not load, use an older one or the events alone."""
        try:
            opened = await self._log.open(name, before=before)
            if opened is None and creator is not None:
                await self.create(name, creator, text_root=text_root)
                opened = await self._log.open(name)
        except StoreError as error:
            _log.warning("%r does not load: %s", name, error)
            raise QuireError(
                ErrorCode.STORE_UNAVAILABLE, "The store does not answer.", retryable=True
            ) from error
        if opened is None:
            raise QuireError(ErrorCode.UNKNOWN_DOCUMENT, "There is no such document.")
        if opened.document.deleted_at_ms is not None:
            raise QuireError(ErrorCode.UNKNOWN_DOCUMENT, "The document is deleted.")
        try:
            room = Room(name, opened, self._limits)
        except ReplicaBrokenError as error:
            if opened.checkpoint is not None:
                tell_bad_checkpoint(name, opened.checkpoint.version)
                return await self._load(name, None, text_root, before=opened.checkpoint.version)
            _log.exception("%r does not load; it is not served", name)
            raise QuireError(
                ErrorCode.STORE_UNAVAILABLE, "The document cannot be loaded."
            ) from error
        self.entries[name] = OpenRoom(room, time.monotonic())
        self._opened(room)
        return room

    async def create(
        self, name: str, creator: User, *, title: str = "", text_root: str = DEFAULT_TEXT_ROOT
    ) -> tuple[DocumentRecord, bool]:
        """Create a document of version 0, or find the one that has the name.

        Returns:
            The document, and True if it was created.

        Raises:
            StoreError: the store failed.
        """
        return await self._log.create(
            self.new_document(name, creator, title=title, text_root=text_root)
        )

    def new_document(
        self, name: str, creator: User, *, title: str = "", text_root: str = DEFAULT_TEXT_ROOT
    ) -> NewDocument:
        """Return the fields of a new document, with an epoch and a CRDT client id of its own."""
        return NewDocument(
            name=name,
            title=title,
            text_root=text_root,
            epoch=secrets.token_hex(8),
            crdt_client_id=secrets.randbits(32),
            owner_id=creator.id,
            at_ms=now_ms(),
            grants=self._new_document_grants,
        )

    async def wait_beyond(self, name: str, version: int) -> int:
        """Wait until a document has a version after `version`, and return its head.

        Raises:
            QuireError: the document is gone, or cannot be opened.
        """
        while True:
            room = await self.open(name)
            if room.version > version:
                return room.version
            entry = self.entries[name]
            entry.changed.clear()
            await entry.changed.wait()

    def remove(self, room: Room) -> None:
        """Remove a room; callers of `wait_beyond` are woken and open it again."""
        entry = self.entries.get(room.name)
        if entry is not None and entry.room is room:
            del self.entries[room.name]
            entry.changed.set()
            self._closed(room)

    async def unload_idle(self) -> None:
        """Close unused rooms, until cancelled."""
        while True:
            await asyncio.sleep(min(1.0, self._unload_after_s))
            before_s = time.monotonic() - self._unload_after_s
            for entry in list(self.entries.values()):
                room = entry.room
                if entry.used_at_s < before_s and not room.members and room.is_clean:
                    try:
                        await self._unload(entry)
                    except Exception:  # noqa: BLE001
                        # A defect of one must not keep all others in memory (P8).
                        _log.exception("unloading %r has failed", room.name)
                        self.remove(room)

    async def _unload(self, entry: OpenRoom) -> None:
        """Save a checkpoint of a room and close it."""
        room = entry.room
        try:
            # Of a deleted document nothing is saved: it may be removed for good meanwhile.
            if room.events_since_checkpoint >= _MIN_TAIL_EVENTS and not room.deleted:
                checkpoint = room.checkpoint()
                if checkpoint.state is None:
                    tell_bad_state(room.name, room.version)
                await self._log.save_checkpoint(room.key, checkpoint)
        except (StoreError, ReplicaBrokenError) as error:
            _log.warning("no checkpoint of %r: %s", room.name, error)
        await self.titles.refresh([room])
        if not room.members and room.is_clean:
            self.remove(room)

    def cancel_openings(self) -> None:
        """Cancel all loading, since the process ends."""
        for opening in self._opening.values():
            opening.cancel()
