"""One document on a socket of a Yjs dialect: a member of one room that speaks in frames.

A channel has the behaviour that the dialects share: sync steps, updates and awareness become facts
for the room, the room's messages become frames, and dropped messages come from the log. How a
frame is encoded, and what a refusal is, its subclasses know.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from os import urandom
from typing import ClassVar, Final, TypeVar

from sync.effect import CatchUp
from sync.error import CloseCode, ErrorCode, QuireError
from sync.fact import AskAwareness, AskState, Join, Leave, SetAwareness
from sync.names import Dialect, Role
from sync.room.feed import Progress
from sync.room.room import Room
from sync.shells.rooms.rooms import Rooms
from sync.shells.rooms.sink import Frame, Parcel, binary_frame, is_long
from sync.shells.sessions.flow import Flow
from sync.shells.sessions.gatekeeper import Gatekeeper, Identity
from sync.shells.sessions.outbox import Wire
from sync.shells.sessions.socket import Attendance, Socket
from sync.submission import UpdateSubmission, update_digest
from sync.wire.message import (
    Ack,
    AwarenessOut,
    ErrorMessage,
    Joined,
    Resync,
    SingleMessage,
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
    encode_before_update,
    encode_sync,
)
from sync.yjs.nonce import NONCE_BYTES, nonces_from

KEEP_ALIVE_S: Final = 20.0
"""The longest silence of the server; clients close a connection after 30 s of it."""
FULL_PAUSE_S: Final = 2.0
"""The time until a client whose edit a full document refused is disconnected."""
BEARABLE_OF_AWARENESS: Final = frozenset({ErrorCode.FORBIDDEN, ErrorCode.TOO_LARGE})
"""Refusals of awareness after which a client stays connected, since its text is right."""
_FRAME_OVERHEAD: Final = 64


AnyChannel = TypeVar("AnyChannel", bound="Channel")
EXPELLED: Final = "You may not be in this document any more."


class Channel(ABC):
    """The base of the channels of all Yjs dialects; a `sync.shells.rooms.sink.Sink`.

    Args:
        session_id: the id of the channel's session in the room.
        socket: the socket to which its frames are written.
    """

    __slots__ = (
        "_ack",
        "_asked",
        "_edits",
        "_flow",
        "_is_full",
        "_key",
        "_nonces",
        "_room",
        "_rooms",
        "_socket",
        "_unsettled",
        "_unsettled_bytes",
        "attendance",
        "id",
        "progress",
        "user",
    )

    dialect: ClassVar[Dialect]

    def __init__(self, socket: "YjsSocket", rooms: Rooms, attendance: Attendance) -> None:
        session_id, room = attendance.session, attendance.room
        self.id = session_id
        self.user = attendance.identity.user
        self.attendance = attendance
        self.progress = Progress(session_id, partial(rooms.tell, room))
        self._socket = socket
        self._rooms = rooms
        self._room = room
        self._key: str = self.dialect
        """Channels with the same key are sent the same bytes."""
        self._ack: Frame | None = None
        """An ack that is written together with what is delivered next."""
        self._edits = 0
        self._nonces: Iterator[str] = iter(())
        """Those of the next edits; empty before the first one, or while the secret is not known."""
        self._flow: Flow | None = None
        """The socket's flow control; None before the first edit."""
        self._unsettled = 0
        self._unsettled_bytes = 0
        self._asked = False
        self._is_full = False

    # --- membership -----------------------------------------------------------------------------

    def join(self, role: Role) -> None:
        """Join the room; its messages are delivered from now on."""
        self._rooms.sinks[self.id] = self
        fact = Join(self.id, self.user, role, "yjs", dialect=self.dialect)
        self._rooms.tell(self._room, fact)

    def leave(self, *, is_expelled: bool = False) -> None:
        """Leave the room; nothing is delivered any more."""
        if self._detach():
            self._rooms.tell(self._room, Leave(self.id, is_expelled, self._rooms.draining))

    def _detach(self) -> bool:
        """Remove the sink; its unsettled submissions no longer count for the socket.

        Returns:
            False if it was removed before.
        """
        if self._rooms.sinks.pop(self.id, None) is None:
            return False
        self.progress.close()
        self._socket.flow.settle(self._unsettled_bytes, self._unsettled)
        return True

    @property
    def document(self) -> str:
        """The name of its document."""
        return self._room.name

    @property
    def is_open(self) -> bool:
        """True if the channel is a member of the room, or about to be."""
        return self.id in self._rooms.sinks

    # --- from the client ------------------------------------------------------------------------

    def handle(self, message: SyncRequest | SyncUpdate | AwarenessUpdate | AwarenessQuery) -> None:
        """Handle a message of the client.

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
                # The answer to the first request has everything that a later one can lack.
                if not self._asked:
                    self._socket.count_state()
                    self._asked = True
                    self._rooms.tell(self._room, AskState(self.id, vector))

    def submit(self, update: bytes, *, is_past: bool = False) -> None:
        """Submit an update; raises as `handle` does."""
        self._edits += 1
        # The id must be unknown before: with the same id, another could have this edit refused.
        nonce = next(self._nonces, None) or self._first_nonce()
        event_id = f"{self.id}-{self._edits}-{nonce}"
        if update == NO_CHANGE:
            self._expect(event_id, is_past=is_past)
            self._applied(event_id)
            return
        size = len(update) + _FRAME_OVERHEAD
        flow = self._flow
        if flow is None:
            flow = self._flow = self._socket.flow
        flow.begin(size)
        self._expect(event_id, is_past=is_past)
        self._unsettled += 1
        self._unsettled_bytes += size
        digest = update_digest(update)
        self._rooms.take(
            self._room,
            UpdateSubmission(
                self.id, self.user, event_id, update, digest, size, True, None, is_past
            ),
        )

    def _first_nonce(self) -> str:
        """Return the part of an edit's id that nobody can guess; those of later ones follow."""
        secret = self._rooms.nonce_secret
        if secret is None:
            return urandom(NONCE_BYTES).hex()
        self._nonces = nonces_from(secret, self.id, self._edits)
        return next(self._nonces)

    # --- from the room (sync.shells.rooms.sink.Sink) --------------------------------------------

    def deliver(self, parcel: Parcel) -> None:
        message = parcel.message
        if not isinstance(message, Updates):  # by far the most are
            self._write_ack()
            self._deliver_uncommon(parcel)
            return
        progress = self.progress
        if progress.is_lagging:
            self._write_ack()
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
        ack = self._ack
        if ack is not None:
            # Each write is a call of the kernel, and wakes the peer.
            if outbox.is_idle and outbox.write_pair_nowait(ack, frame):
                self._ack = None
                if upto > progress.version:
                    progress.version = upto
                return
            self._write_ack()
        if outbox.is_idle and outbox.write_nowait(frame):
            if upto > progress.version:
                progress.version = upto
        else:
            outbox.put_nowait(frame, size, progress, upto, True)

    def _write_ack(self) -> None:
        """Write the ack that waits, by itself."""
        ack, self._ack = self._ack, None
        if ack is not None:
            self._socket.outbox.put_nowait(ack, len(ack["bytes"]))

    def _deliver_uncommon(self, parcel: Parcel) -> None:
        match message := parcel.message:
            case Ack():
                self._applied(message.id)
                return
            case ErrorMessage():
                self._socket.note_refusal(self.attendance.identity, self.document, message.code)
                self._refused(message)
                return
            case SyncReply():
                self._asked = False
                if is_long(update := message.update):
                    head = encode_before_update(SyncKind.STEP2, len(update))
                    parcel.add(self._key, self.frame(head), update)
            case Joined():
                self.progress = self.progress.answered(message.epoch, parcel.upto)
        progress = self.progress
        if parcel.droppable and progress.is_lagging:
            return
        encoded = parcel.encoded(self._key, self._encode)
        if encoded is None:
            progress.wrote(parcel.upto)
            return
        frame, size = encoded
        self._socket.put(frame, size, progress, parcel.upto, parcel.droppable)

    def settled(self, size: int, ack: Ack | None = None, *, is_followed: bool = False) -> None:
        self._unsettled -= 1
        self._unsettled_bytes -= size
        flow = self._flow
        assert flow is not None, "what is settled was begun"
        flow.settle(size)
        if ack is not None:
            self._applied(ack.id, is_followed=is_followed)

    def dismiss(self, doc: str) -> None:
        self._detach()

    def catch_up(self, room: Room, order: CatchUp) -> None:
        self._socket.read_log(self.id, room, order)

    # --- the dialect ----------------------------------------------------------------------------

    @abstractmethod
    def expel(self) -> None:
        """Leave the room, and tell the client that it may not be there any more."""

    @abstractmethod
    def _refused(self, message: ErrorMessage) -> None:
        """Tell the client of a refusal."""

    def _come_back(self, message: ErrorMessage) -> None:
        """End the socket after a pause, so that the client reconnects and sends its edits again.

        This is for a full document. It may have room by then; and the client's user sees that the
        edits are not saved.
        """
        if not self._is_full:
            self._is_full = True
            loop = asyncio.get_running_loop()
            loop.call_later(FULL_PAUSE_S, self._socket.end, CloseCode.TRY_LATER, message.message)

    @abstractmethod
    def _expect(self, event_id: str, *, is_past: bool) -> None:
        """Note that a submission with that id is about to be made."""

    @abstractmethod
    def _applied(self, event_id: str, *, is_followed: bool = False) -> None:
        """Note that a submission is committed, or changed nothing.

        Args:
            is_followed: True if its event is delivered soon; one frame may wait in `_ack` for it.
        """

    def _encode(self, message: SingleMessage) -> bytes | None:
        """Return the frame for a message of the room; None if the dialect has none for it."""
        match message:
            case SyncReply(update=update):
                return self.frame(encode_sync(SyncKind.STEP2, update))
            case Resync(state_vector=vector):
                return self.frame(encode_sync(SyncKind.STEP1, vector))
            case AwarenessOut(update=update):
                return self.frame(encode_awareness_message(update))
        return None

    def frame(self, body: bytes) -> bytes:
        """Return the frame for a message of y-protocols."""
        return body

    def say(self, frame: bytes) -> None:
        """Send a frame that the log cannot give again."""
        self._socket.say(frame)


class YjsSocket(Socket):
    """A socket of a Yjs dialect, with its channels; it is never silent for long."""

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
        """True if a frame was sent since the last call of `keep_alive`."""
        self._spoke_at_s = 0.0
        """The time at which `keep_alive` last found `has_spoken`."""

    def put(
        self,
        frame: Frame,
        size: int,
        topic: Progress | None = None,
        upto: int = -1,
        droppable: bool = False,
    ) -> None:
        """Write or queue a frame for the peer; see `Outbox.put_nowait`."""
        self.has_spoken = True
        self.outbox.put_nowait(frame, size, topic, upto, droppable)

    def say(self, frame: bytes) -> None:
        """Write or queue a frame that the log cannot give again."""
        self.put(binary_frame(frame), len(frame))

    def keep_alive(self, now_s: float) -> None:
        if self.has_spoken:
            self.has_spoken = False
            self._spoke_at_s = now_s
        elif now_s - self._spoke_at_s >= KEEP_ALIVE_S:
            frame = self.keep_alive_frame()
            if frame is not None:
                self.say(frame)

    def keep_alive_frame(self) -> bytes | None:
        """Return a frame without effect; None: the client waits for none."""
        for channel in self.channels()[:1]:
            return channel.frame(KEEP_ALIVE)
        return None

    @abstractmethod
    def channels(self) -> list[Channel]:
        """Return the open channels."""

    def close(self) -> None:
        super().close()
        for channel in self.channels():
            channel.leave()

    async def open_channel(
        self,
        identity: Identity,
        document: str,
        session_id: str,
        make: Callable[[Attendance], AnyChannel],
    ) -> AnyChannel:
        """Join a document; one that is created takes the text root that is written first.

        Args:
            session_id: of the session in the room.
            make: makes the channel, which `channels` has from then on.

        Raises:
            QuireError: as `Gatekeeper.admit` and `Rooms.open`.
        """
        if self._rooms.draining:
            raise QuireError(ErrorCode.STORE_UNAVAILABLE, "The server restarts.", retryable=True)
        revision = self._gatekeeper.revision
        admitted = await self._gatekeeper.admit(identity, document, "")
        room = await self._rooms.open(document)
        channel = make(Attendance(session_id, room, identity, admitted.until_ms))
        channel.join(admitted.role)
        if revision != self._gatekeeper.revision:
            self.spawn(self.review(channel.attendance))
        self.doubt_if_changed()
        return channel

    def identities(self) -> Iterable[Identity]:
        return [channel.attendance.identity for channel in self.channels()]

    def attendances(self) -> Iterable[Attendance]:
        return [channel.attendance for channel in self.channels()]

    def _replace_identity(self, before: Identity, after: Identity) -> None:
        for attendance in self.attendances():
            if attendance.identity == before:
                attendance.identity = after

    def _expel(self, attendance: Attendance) -> None:
        for channel in self.channels():
            if channel.attendance is attendance:
                channel.expel()

    def _feeds(self) -> Iterable[Progress]:
        return [channel.progress for channel in self.channels()]
