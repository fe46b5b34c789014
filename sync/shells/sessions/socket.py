"""The socket of one peer, in any dialect.

Its frames are handled one after another, its messages wait in an outbox, and its background tasks
end with it. `sync.room.feed` decides the replay of the log; the socket only reads the ordered
pages, no faster than the peer takes them.
"""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sync.effect import CatchUp
from sync.error import CloseCode, ErrorCode, QuireError
from sync.fact import PageRead, PageUnreadable, SetRole
from sync.limit import Limits
from sync.port import HistoryError, StoreError
from sync.room.feed import Progress
from sync.room.room import Room
from sync.shells.log_reader import pages, text_at
from sync.shells.rooms.rooms import Rooms
from sync.shells.sessions.flow import Flow
from sync.shells.sessions.gatekeeper import Gatekeeper, Identity
from sync.shells.sessions.outbox import Outbox, Wire
from sync.user import User

_log = logging.getLogger(__name__)

MAX_FAULTS: Final = 200
"""Refused frames in a row after which the socket is closed with 1008."""
_STATES_WINDOW_S: Final = 60.0
TOO_MANY_RETRY_S: Final = 30.0
"""The time after which another socket may be tried where too many are open."""
RENEWAL_LEAD_MS: Final = 30_000
"""The longest time before the end of an identity at which a session may act on it."""

SESSION_ENDED: Final = "the session has ended"


@dataclass(slots=True, eq=False)
class Attendance:
    """A document that a socket has joined, and who it is there."""

    session: str
    room: Room
    identity: Identity
    until_ms: int | None
    """The time at which the role has to be asked for again; see `Admission`."""


class Tasks(Protocol):
    """Whatever owns the tasks of a session: an `asyncio.TaskGroup`, for one."""

    def create_task(self, coro: Coroutine[Any, Any, None], /) -> asyncio.Task[None]:
        """Start a task; an exception in it ends the session.

        Raises:
            RuntimeError: the session is ending.
        """
        ...


class SessionClosedError(Exception):
    """The session has ended; its socket is to be closed with this code."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Socket(ABC):
    """The base of all sessions; a subclass speaks one dialect.

    Args:
        socket_id: unique among all processes; the ids of sessions are derived from it.
    """

    # Slots save memory: there are many sockets, and most are idle.
    __slots__ = (
        "_deaf",
        "_early",
        "_early_bytes",
        "_faults",
        "_flow",
        "_gatekeeper",
        "_is_unsure",
        "_limits",
        "_proven_at",
        "_rooms",
        "_states",
        "_states_since_s",
        "_tasks",
        "id",
        "outbox",
        "quiet_until_ms",
        "user",
    )

    def __init__(
        self,
        socket_id: str,
        rooms: Rooms,
        gatekeeper: Gatekeeper,
        wire: Wire,
    ) -> None:
        self.id = socket_id
        self.user: User | None = None
        self._rooms = rooms
        self._limits: Limits = rooms.limits
        self._gatekeeper = gatekeeper
        self._tasks: Tasks | None = None
        self._flow: Flow | None = None
        self._faults = self._early = self._early_bytes = 0
        self._states, self._states_since_s = 0, 0.0
        self._deaf = False
        self._is_unsure = False
        """True if it has to be asked anew who the peer is: the last look failed, or is too old."""
        self.quiet_until_ms = 0
        """The time until which `due` and `is_renewal_due` find nothing; 0: that is not known."""
        self._proven_at = 0
        """The gatekeeper's revision when the peer was last identified."""
        self.outbox: Outbox[Progress] = Outbox(
            wire,
            spawn=self.spawn,
            lagged=Progress.dropped,
            sent=Progress.wrote,
            drained=self._drained,
        )

    @property
    def flow(self) -> Flow:
        """The flow control of the socket; made for the first edit."""
        if self._flow is None:
            self._flow = Flow(self._limits)
        return self._flow

    @property
    def awaits_proof(self) -> bool:
        """True while the peer has not tried to prove who it is, or cannot go on without it."""
        return self.user is None

    @property
    def is_lagging(self) -> bool:
        """True if messages of the log were dropped, and are still to come from the log."""
        return any(progress.is_lagging for progress in self._feeds())

    def open(self, tasks: Tasks) -> None:
        """Open the session; `tasks` owns its background tasks."""
        self._tasks = tasks

    async def start(self) -> None:  # noqa: B027 - few have something to do
        """Act before the first frame."""

    def close(self) -> None:
        """Leave every room; no message is sent after that."""
        self._tasks = None
        if self.user is not None:
            self._rooms.sockets_by_user.leave(_user_key(self.user))

    def become(self, user: User) -> None:
        """Make this user the one that the socket acts for.

        Raises:
            QuireError: `rate_limited`: the user has too many sockets; the socket is as it was.
        """
        before = self.user
        if before is None or _user_key(before) != _user_key(user):
            counts = self._rooms.sockets_by_user
            if not counts.enter(_user_key(user)):
                raise QuireError(
                    ErrorCode.RATE_LIMITED,
                    "You have too many connections.",
                    close_code=CloseCode.TOO_MANY,
                    retryable=True,
                    retry_after_s=TOO_MANY_RETRY_S,
                )
            if before is not None:
                counts.leave(_user_key(before))
        self.user = user

    def stop_reading(self) -> None:
        """Ignore all further frames; their sender sends them again on its next connection."""
        self._deaf = True

    def end(self, code: CloseCode, reason: str) -> None:
        """Close the socket after the queued frames are written."""
        self.outbox.finish(SessionClosedError(code, reason))

    def keep_alive(self, now_s: float) -> None:  # noqa: B027 - few have something to do
        """Send a message if the peer would otherwise give up a silent connection.

        Called about every second.
        """

    async def receive(self, frame: bytes | str) -> None:
        """Handle one frame with any content.

        If the session cannot go on safely, this never returns: the outbox ends the session after
        the peer was told the reason.
        """
        if self._deaf:
            return
        if self.user is None:
            await self._count_early(len(frame))
        await self._receive(frame)
        if self._flow is not None:
            await self._flow.wait_for_capacity()
        if self.outbox.is_full:
            await self.outbox.wait_for_room()

    def receive_nowait(self, frame: bytes | str) -> bool:
        """Handle one frame if that is possible without waiting; not while `receive` is under way.

        Returns:
            False if nothing was done; then the frame is for `receive`.
        """
        if self._deaf:
            return True
        outbox, flow = self.outbox, self._flow
        if (outbox.bytes and outbox.is_full) or (flow is not None and flow.is_over):
            return False
        return self._receive_nowait(frame)

    @abstractmethod
    async def _receive(self, frame: bytes | str) -> None: ...

    @abstractmethod
    def _receive_nowait(self, frame: bytes | str) -> bool:
        """Handle a frequent frame and return True; leave others and refusals to `_receive`."""

    @abstractmethod
    def _feeds(self) -> Iterable[Progress]:
        """Return the progress of each feed on this socket, one for each document."""

    # --- who the peer is, and what it may do ----------------------------------------------------

    async def identify(
        self, token: str | None, name: str | None, document: str | None = None
    ) -> Identity:
        """Ask the gatekeeper who the peer is; see `Gatekeeper.identify`.

        Raises:
            QuireError: `auth_failed`, `auth_required`, `store_unavailable`.
        """
        self._proven_at = self._gatekeeper.revision
        try:
            return await self._gatekeeper.identify(token, name, document)
        except StoreError as error:
            text = "The store does not answer."
            raise QuireError(ErrorCode.STORE_UNAVAILABLE, text, retryable=True) from error

    def doubt_if_changed(self) -> None:
        """Have it asked anew soon who the peer is, if permissions have changed since `identify`.

        For the moment from which the socket acts under an identity: of what changed before, nobody
        has told it, and a session that was ended meanwhile would go on until it expires.
        """
        if self._proven_at != self._gatekeeper.revision:
            self._is_unsure = True
        self.quiet_until_ms = 0

    def note_refusal(self, identity: Identity | None, document: str | None, code: str) -> None:
        """Note that a room has refused something; see `Gatekeeper.note_refusal`."""
        self._rooms.meter.refusals[code] += 1
        self._gatekeeper.note_refusal(identity, document, code)

    @abstractmethod
    def identities(self) -> Iterable[Identity]:
        """Return the identities that the socket acts under at this moment."""

    @abstractmethod
    def attendances(self) -> Iterable[Attendance]:
        """Return the documents that the socket has joined."""

    @abstractmethod
    def _replace_identity(self, before: Identity, after: Identity) -> None:
        """Go on under an identity that was proven anew."""

    @abstractmethod
    def _expel(self, attendance: Attendance) -> None:
        """Leave a document in which there is no role any more, and tell the peer."""

    @abstractmethod
    def _lose(self, identity: Identity) -> None:
        """End whatever goes on under an identity that is not proven any more."""

    def due(self, now_ms: int) -> list[Attendance]:
        """Return the documents whose role was to hold only until now; each of them once."""
        due = [
            attendance
            for attendance in self.attendances()
            if attendance.until_ms is not None and attendance.until_ms <= now_ms
        ]
        for attendance in due:
            attendance.until_ms = None
        return due

    def is_renewal_due(self, now_ms: int) -> bool:
        """Return whether it has to be asked anew who the peer is."""
        if self._is_unsure:
            return True
        ends = (identity.expires_at_ms for identity in self.identities())
        return any(end is not None and end <= now_ms for end in ends)

    async def review(self, attendance: Attendance) -> None:
        """Bring the role in a document up to date.

        While the store does not answer the role stays, and is due again at once.
        """
        revision = self._gatekeeper.revision
        try:
            found = await self._gatekeeper.review(attendance.identity, attendance.room.name)
        except StoreError as error:
            _log.warning("the role of session %s is not known anew: %s", attendance.session, error)
            attendance.until_ms = self.quiet_until_ms = 0
            return
        if attendance not in self.attendances():
            return
        if found is None:
            self._expel(attendance)
            return
        # What was read may be older than what a review that began later has read.
        is_newest = revision == self._gatekeeper.revision
        attendance.until_ms = found.until_ms if is_newest else 0
        self.quiet_until_ms = 0
        self._rooms.tell(attendance.room, SetRole(attendance.session, found.role))

    async def renew(self) -> None:
        """Ask anew who the peer is, and have its roles reviewed; a lost identity ends what it did.

        While the store does not answer, the peer is who it was, and is asked about again soon.
        """
        self._is_unsure = False
        for identity in dict.fromkeys(self.identities()):
            try:
                renewed = await self._gatekeeper.renew(identity)
            except StoreError as error:
                _log.warning("the identity of socket %s is not known anew: %s", self.id, error)
                self._is_unsure, self.quiet_until_ms = True, 0
                return
            if renewed is None:
                self._lose(identity)
                continue
            for attendance in self.attendances():
                if attendance.identity == identity:
                    attendance.until_ms = 0
            self._replace_identity(identity, renewed)
            self.quiet_until_ms = 0

    # --- the log --------------------------------------------------------------------------------

    def _drained(self) -> None:
        for progress in list(self._feeds()):
            progress.drained()

    def read_log(self, session: str, room: Room, order: CatchUp) -> None:
        """Read the log as a room orders, in a background task."""
        self.spawn(self._read_pages(session, room, order))

    async def _read_pages(self, session: str, room: Room, order: CatchUp) -> None:
        """Read pages until the order is void, each after the one before is written."""
        log, number = self._rooms.log, order.order
        try:
            text = await text_at(log, room.key, order.after) if order.needs_text else None
            async for page in pages(log, room.key, order.after, order.upto):
                await self.outbox.wait_for_room(0)
                if not room.awaits_page(session, number):
                    return
                self._rooms.meter.replayed_events += len(page)
                self._rooms.tell(room, PageRead(session, number, page, text))
        except StoreError as error:
            _log.warning("session %s cannot be caught up on %r: %s", session, room.name, error)
            gone_upto = error.upto if isinstance(error, HistoryError) else 0
            self._rooms.tell(room, PageUnreadable(session, number, gone_upto))

    async def _stop(self, code: CloseCode, reason: str) -> None:
        """Stop reading; the outbox writes the queued frames and then ends the session's tasks."""
        self.end(code, reason)
        await asyncio.get_running_loop().create_future()

    async def _count_early(self, size: int) -> None:
        self._early += 1
        self._early_bytes += size
        limits = self._limits
        if self._early > limits.max_early_frames or self._early_bytes > limits.max_early_bytes:
            await self._stop(CloseCode.POLICY, "too much was sent before authentication")

    def count_state(self) -> None:
        """Count one more whole state or text that the peer asks for.

        Raises:
            QuireError: `rate_limited`.
        """
        now_s = time.monotonic()
        if now_s - self._states_since_s >= _STATES_WINDOW_S:
            self._states, self._states_since_s = 0, now_s
        self._states += 1
        if self._states > self._limits.states_per_min:
            raise QuireError(
                ErrorCode.RATE_LIMITED,
                "Too many whole documents were asked for.",
                retryable=True,
                retry_after_s=_STATES_WINDOW_S + self._states_since_s - now_s,
            )

    async def _count_fault(self) -> None:
        self._faults += 1
        if self._faults >= MAX_FAULTS:
            await self._stop(CloseCode.POLICY, "too many errors")

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Start a task that the session owns; None if the session is ending."""
        if self._tasks is not None:
            try:
                return self._tasks.create_task(work)
            except RuntimeError:
                # The task group is shutting down after a failure that is not handled yet.
                self._tasks = None
        work.close()
        return None


def _user_key(user: User) -> str:
    """Return what the sockets of a user are counted under; nobody in particular has no key."""
    return "" if user.anonymous else user.id
