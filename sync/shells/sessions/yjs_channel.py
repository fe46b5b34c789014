"""One document on a socket of a Yjs dialect: a member of one room, and what it says in frames.

A channel knows what the dialects share: sync steps, updates and awareness become facts for the
room; what the room delivers becomes frames; what a full outbox dropped comes from the log. How a
frame is spelled, and what a refusal is, its subclasses know.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import partial
from os import urandom
from typing import ClassVar, Final

from sync.effect import CatchUp
from sync.error import CloseCode, ErrorCode, QuireError
from sync.fact import AskAwareness, AskState, Join, Leave, SetAwareness
from sync.names import Dialect, Role
from sync.room.feed import Progress
from sync.room.room import Room
from sync.shells.rooms.rooms import Rooms
from sync.shells.rooms.sink import Frame, Parcel, binary_frame
from sync.shells.sessions.flow import Flow
from sync.shells.sessions.outbox import Wire
from sync.shells.sessions.socket import Gatekeeper, Socket
from sync.submission import UpdateSubmission, update_digest
from sync.user import User
from sync.wire.message import (
    Ack,
    AwarenessOut,
    ErrorMessage,
    Joined,
    Outgoing,
    Resync,
    SyncReply,
    Updates,
)
from sync.wire.ysync import (
    KEEP_ALIVE,
    NO_CHANGE,
    AwarenessQuery,
    AwarenessUpdate,
    SyncKind,
    SyncRequest,
    SyncUpdate,
    encode_awareness_message,
    encode_sync,
)

KEEP_ALIVE_S: Final = 20.0
"""Clients cut a line on which nothing came for 30 s."""
FULL_PAUSE_S: Final = 2.0
"""How long a client stays connected whose edit a full document did not take."""
BEARABLE_OF_AWARENESS: Final = frozenset({ErrorCode.FORBIDDEN, ErrorCode.TOO_LARGE})
"""Refused awareness with which a client may stay: its text is in step."""
_FRAME_OVERHEAD: Final = 64
_SECRET_BYTES: Final = 6


class Channel(ABC):
    """See the module's docstring; it is a `sync.shells.rooms.sink.Sink`.

    Args:
        session_id: the channel's session in the room.
        socket: what its frames are written to.
    """

    __slots__ = (
        "_asked",
        "_edits",
        "_flow",
        "_is_full",
        "_key",
        "_room",
        "_rooms",
        "_socket",
        "_unsettled",
        "_unsettled_bytes",
        "id",
        "progress",
        "user",
    )

    dialect: ClassVar[Dialect]

    def __init__(
        self, session_id: str, socket: "YjsSocket", rooms: Rooms, room: Room, user: User
    ) -> None:
        self.id = session_id
        self.user = user
        self.progress = Progress(session_id, partial(rooms.tell, room))
        self._socket = socket
        self._rooms = rooms
        self._room = room
        self._key: str = self.dialect
        """Channels of one key are sent the same bytes."""
        self._edits = 0
        self._flow: Flow | None = None
        """The socket's, from the first edit on."""
        self._unsettled = 0
        self._unsettled_bytes = 0
        self._asked = False
        self._is_full = False

    # --- membership -----------------------------------------------------------------------------

    def join(self, role: Role) -> None:
        """Become a member of the room; what it has to say is delivered from here on."""
        self._rooms.sinks[self.id] = self
        fact = Join(self.id, self.user, role, "yjs", dialect=self.dialect)
        self._rooms.tell(self._room, fact)

    def leave(self) -> None:
        """Stop being a member; nothing is delivered any more."""
        if self._detach():
            self._rooms.tell(self._room, Leave(self.id))

    def _detach(self) -> bool:
        """Be reached no more: what is still under way is no load of the socket's then."""
        if self._rooms.sinks.pop(self.id, None) is None:
            return False
        self.progress.close()
        self._socket.flow.settle(self._unsettled_bytes, self._unsettled)
        return True

    @property
    def owner_id(self) -> str:
        """Whose document it is."""
        return self._room.owner_id

    @property
    def is_open(self) -> bool:
        """Whether it is a member, or about to be."""
        return self.id in self._rooms.sinks

    # --- what the client says -------------------------------------------------------------------

    def handle(self, message: SyncRequest | SyncUpdate | AwarenessUpdate | AwarenessQuery) -> None:
        """Take a message.

        Raises:
            QuireError: `rate_limited`.
        """
        match message:
            case SyncUpdate(update=update, is_past=is_past):
                self.submit(update, is_past=is_past)
            case AwarenessUpdate(update=update):
                self._rooms.tell(self._room, SetAwareness(self.id, update))
            case AwarenessQuery():
                self._rooms.tell(self._room, AskAwareness(self.id))
            case SyncRequest(state_vector=vector):
                # The answer to the first holds whatever a later one can lack.
                if not self._asked:
                    self._asked = True
                    self._rooms.tell(self._room, AskState(self.id, vector))

    def submit(self, update: bytes, *, is_past: bool = False) -> None:
        """Have an update merged; raises as `handle` does."""
        number = self._edits = self._edits + 1
        # Nobody may know it before: who took it first would have this one refused.
        event_id = f"{self.id}-{number}-{urandom(_SECRET_BYTES).hex()}"
        if update == NO_CHANGE:
            self._expect(event_id)
            self._applied(event_id)
            return
        size = len(update) + _FRAME_OVERHEAD
        flow = self._flow
        if flow is None:
            flow = self._flow = self._socket.flow
        flow.begin(size)
        self._expect(event_id)
        self._unsettled += 1
        self._unsettled_bytes += size
        digest = update_digest(update)
        submission = UpdateSubmission(
            self.id, self.user, event_id, update, digest, size, True, None, is_past
        )
        self._rooms.take(self._room, submission)

    # --- what the room delivers (sync.shells.rooms.sink.Sink) -----------------------------------

    def deliver(self, parcel: Parcel) -> None:
        message = parcel.message
        if not isinstance(message, Updates):  # by far the most are
            self._deliver_uncommon(parcel)
            return
        progress = self.progress
        if progress.is_lagging:
            return
        encoded = parcel.frames.get(self._key)
        if encoded is None:
            encoded = parcel.add(
                self._key, self.frame(encode_sync(SyncKind.UPDATE, message.update))
            )
        frame, size = encoded
        upto = parcel.upto
        socket = self._socket
        socket.has_spoken = True
        outbox = socket.outbox
        if outbox.is_idle and outbox.write_nowait(frame):
            if upto > progress.version:
                progress.version = upto
        else:
            outbox.put_nowait(frame, size, progress, upto, True)

    def _deliver_uncommon(self, parcel: Parcel) -> None:
        match message := parcel.message:
            case Ack():
                self._applied(message.id)
                return
            case ErrorMessage():
                self._refused(message)
                return
            case SyncReply():
                self._asked = False
            case Joined():
                self.progress = self.progress.answered(message.epoch, parcel.upto)
        progress = self.progress
        if parcel.droppable and progress.is_lagging:
            return
        encoded = parcel.spelled(self._key, self._spell)
        if encoded is None:
            progress.wrote(parcel.upto)
            return
        frame, size = encoded
        self._socket.put(frame, size, progress, parcel.upto, parcel.droppable)

    def settled(self, size: int, ack: Ack | None = None) -> None:
        self._unsettled -= 1
        self._unsettled_bytes -= size
        assert self._flow is not None, "what is settled was begun"
        self._flow.settle(size)
        if ack is not None:
            self._applied(ack.id)

    def dismiss(self, doc: str) -> None:
        self._detach()

    def catch_up(self, room: Room, order: CatchUp) -> None:
        self._socket.read_log(self.id, room, order)

    # --- the dialect ----------------------------------------------------------------------------

    @abstractmethod
    def _refused(self, message: ErrorMessage) -> None:
        """Tell the client that something is not done."""

    def _come_back(self, message: ErrorMessage) -> None:
        """End the socket a little later, so that the client comes back and sends all it has again.

        The document is full. There may be room by then; and the client's user sees that what is
        written does not arrive.
        """
        if not self._is_full:
            self._is_full = True
            loop = asyncio.get_running_loop()
            loop.call_later(FULL_PAUSE_S, self._socket.end, CloseCode.TRY_LATER, message.message)

    @abstractmethod
    def _expect(self, event_id: str) -> None:
        """A submission of that id is about to be made."""

    @abstractmethod
    def _applied(self, event_id: str) -> None:
        """A submission is committed, or changed nothing."""

    def _spell(self, message: Outgoing) -> bytes | None:
        """The frame that says what the room said; None if the dialect has no words for it."""
        match message:
            case SyncReply(update=update):
                return self.frame(encode_sync(SyncKind.STEP2, update))
            case Resync(state_vector=vector):
                return self.frame(encode_sync(SyncKind.STEP1, vector))
            case AwarenessOut(update=update):
                return self.frame(encode_awareness_message(update))
        return None

    def frame(self, body: bytes) -> bytes:
        """The frame of a message of y-protocols."""
        return body

    def say(self, frame: bytes) -> None:
        """Send a frame that the log does not give again."""
        self._socket.say(frame)


class YjsSocket(Socket):
    """A socket of a Yjs dialect: it carries channels, and is never silent for long."""

    __slots__ = ("_spoke_at_s", "has_spoken")

    def __init__(
        self,
        socket_id: str,
        rooms: Rooms,
        gatekeeper: Gatekeeper,
        wire: Wire,
    ) -> None:
        super().__init__(socket_id, rooms, gatekeeper, wire)
        self.has_spoken = True
        """Whether anything was sent since it was last asked to keep the line alive."""
        self._spoke_at_s = 0.0
        """When it was last found to have been."""

    def put(
        self,
        frame: Frame,
        size: int,
        topic: Progress | None = None,
        upto: int = -1,
        droppable: bool = False,
    ) -> None:
        """Queue a frame for the peer; see `Outbox.put_nowait`."""
        self.has_spoken = True
        self.outbox.put_nowait(frame, size, topic, upto, droppable)

    def say(self, frame: bytes) -> None:
        """Queue a frame that the log does not give again."""
        self.put(binary_frame(frame), len(frame))

    def keep_alive(self, now_s: float) -> None:
        if self.has_spoken:
            self.has_spoken = False
            self._spoke_at_s = now_s
        elif now_s - self._spoke_at_s >= KEEP_ALIVE_S:
            for channel in self.channels()[:1]:
                channel.say(channel.frame(KEEP_ALIVE))

    @abstractmethod
    def channels(self) -> list[Channel]:
        """Those that are open."""

    def close(self) -> None:
        super().close()
        for channel in self.channels():
            channel.leave()

    async def _open_room(self, document: str, user: User) -> Room:
        """The room of a document; one that is created takes the root that is written first.

        Raises:
            QuireError: as `Rooms.open`.
        """
        if self._rooms.draining:
            raise QuireError(ErrorCode.STORE_UNAVAILABLE, "The server restarts.", retryable=True)
        creator = user if self._gatekeeper.may_create(user) else None
        return await self._rooms.open(document, creator, text_root="")

    def _feeds(self) -> Iterable[Progress]:
        return [channel.progress for channel in self.channels()]
