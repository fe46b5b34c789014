"""One `quire.v1` session: its socket's messages become facts for rooms, and back.

            auth                         join / leave
    (new) ───────▶ authenticated ◀──────────────────────▶ subscribed to documents
      │ 10 s: 4401                    edits, cursors, checks ▶ the document's room

A session's frames are handled one after another. A session with too many unsettled submissions, or
with a full outbox, is not read until that changes (P7).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final, get_args

from msgspec import UNSET, UnsetType, convert

from sync.effect import CatchUp
from sync.error import CloseCode, ErrorCode, QuireError
from sync.fact import CheckText, Join, Leave, MoveCursor, SetAwareness
from sync.names import DEFAULT_TEXT_ROOT, Mode, PositionEncoding
from sync.room.feed import Progress
from sync.room.room import Room
from sync.shells.clock import now_ms
from sync.shells.rooms.rooms import Rooms
from sync.shells.rooms.sink import Parcel
from sync.shells.sessions.flow import RATE_WINDOW_S
from sync.shells.sessions.gatekeeper import Gatekeeper, Identity
from sync.shells.sessions.outbox import Wire
from sync.shells.sessions.socket import SESSION_ENDED, Attendance, Socket, Tasks
from sync.submission import (
    Submission,
    TextSubmission,
    UpdateSubmission,
    text_digest,
    update_digest,
)
from sync.text.delta import Delta, DeltaError, deletion, from_wire, insertion, valid_text
from sync.user import User
from sync.wire.event import timestamp
from sync.wire.message import (
    Ack,
    Auth,
    AuthOk,
    AwarenessIn,
    Check,
    ClientMessage,
    CursorMove,
    Encoding,
    ErrorMessage,
    Joined,
    JoinMessage,
    LeaveMessage,
    LimitsInfo,
    Ping,
    Pong,
    Rejected,
    ServerInfo,
    ServerMessage,
    TextDelete,
    TextEdit,
    TextInsert,
    Update,
    UserInfo,
    decode_client,
)

FrequentMessage = Update | TextInsert | TextDelete | TextEdit | CursorMove | AwarenessIn | Check
_FREQUENT: Final = get_args(FrequentMessage)


@dataclass(slots=True)
class _Subscription:
    """A document that this socket has joined."""

    attendance: Attendance
    room: Room
    mode: Mode
    encoding: PositionEncoding
    progress: Progress


class Session(Socket):
    """The session of one `quire.v1` socket.

    Args:
        server: the description of the server in `auth_ok`.
        encoding: the encoding of its frames.
    """

    __slots__ = ("_docs", "_encoding", "_identity", "_server")

    def __init__(
        self,
        session_id: str,
        rooms: Rooms,
        gatekeeper: Gatekeeper,
        server: ServerInfo,
        wire: Wire,
        encoding: Encoding,
    ) -> None:
        super().__init__(session_id, rooms, gatekeeper, wire)
        self._server = server
        self._encoding: Encoding = encoding
        self._docs: dict[str, _Subscription] = {}
        self._identity: Identity | None = None

    # --- life -----------------------------------------------------------------------------------

    def open(self, tasks: Tasks) -> None:
        super().open(tasks)
        self._rooms.sinks[self.id] = self

    def close(self) -> None:
        super().close()
        self._rooms.sinks.pop(self.id, None)
        for doc in list(self._docs):
            self._leave(doc)

    def _receive_nowait(self, frame: bytes | str) -> bool:
        message = decode_client(frame, self._encoding)
        if self.user is None or not isinstance(message, _FREQUENT):
            return False
        try:
            self._take(message, self.user, len(frame))
        except QuireError:
            return False
        self._faults = 0
        return True

    async def _receive(self, frame: bytes | str) -> None:
        message = decode_client(frame, self._encoding)
        try:
            if isinstance(message, Rejected):
                raise QuireError.of(message.why)
            await self._handle(message, len(frame))
            self._faults = 0
        except QuireError as error:
            doc = getattr(message, "doc", None)
            event_id = getattr(message, "id", None)
            self._refuse(error, doc, event_id)
            await self._count_fault()
            if error.close_code is not None:
                await self._stop(CloseCode(error.close_code), _close_reason(error))

    def _refuse(self, error: QuireError, doc: str | None, event_id: str | None) -> None:
        self._send(
            ErrorMessage(
                error.code,
                error.message,
                error.retryable,
                doc=UNSET if doc is None else doc,
                id=UNSET if event_id is None else event_id,
                retry_after_s=_retry_after_s(error),
            )
        )

    def _send(self, message: ServerMessage) -> None:
        self.deliver(Parcel(message))

    # --- messages -------------------------------------------------------------------------------

    async def _handle(self, message: ClientMessage, size: int) -> None:
        match message:
            case Ping():
                nonce = UNSET if message.nonce is None else message.nonce
                self._send(Pong(timestamp(now_ms()), nonce))
            case Auth():
                await self._authenticate(message)
            case _ if self.user is None:
                self._gatekeeper.note_refusal(None, message.doc, ErrorCode.AUTH_REQUIRED)
                raise QuireError(ErrorCode.AUTH_REQUIRED, "The first message is auth.")
            case JoinMessage():
                await self._join(message)
            case LeaveMessage():
                self._subscribed(message.doc)
                self._leave(message.doc)
            case _:
                self._take(message, self.user, size)

    def _take(self, message: FrequentMessage, user: User, size: int) -> None:
        """Handle a frequent message; that never waits."""
        match message:
            case Update():
                self._submit(*self._update(message, user, size))
            case TextInsert() | TextDelete() | TextEdit():
                self._submit(*self._text(message, user, size))
            case CursorMove():
                held = self._subscribed(message.doc, "text")
                fact = MoveCursor(self.id, message.base, message.anchor, message.head)
                self._rooms.tell(held.room, fact)
            case AwarenessIn():
                held = self._subscribed(message.doc, "yjs")
                self._rooms.tell(held.room, SetAwareness(self.id, message.update))
            case Check():
                held = self._subscribed(message.doc, "yjs")
                self._rooms.tell(held.room, CheckText(self.id, message.version, message.hash))

    async def _authenticate(self, message: Auth) -> None:
        try:
            identity = await self.identify(message.token, message.name)
        except QuireError as error:
            if self.user is None:
                raise
            # The session goes on as who it was: that proof still holds.
            raise QuireError(error.code, error.message, retryable=error.retryable) from None
        user = identity.user
        if self._docs and self.user is not None and user.id != self.user.id:
            self._gatekeeper.note_refusal(identity, None, ErrorCode.AUTH_FAILED)
            raise QuireError(
                ErrorCode.AUTH_FAILED, "A session that has joined documents keeps its user."
            )
        self.become(user)
        self._act_as(identity)
        self.doubt_if_changed()
        self._send(
            AuthOk(
                session=self.id,
                user=UserInfo(user.id, user.name, user.color),
                limits=convert(self._limits, LimitsInfo, from_attributes=True),
                server=self._server,
            )
        )
        for held in self._docs.values():
            held.attendance.until_ms = 0

    def _subscribed(self, doc: str, mode: Mode | None = None) -> _Subscription:
        held = self._docs.get(doc)
        if held is None:
            raise QuireError(ErrorCode.NOT_JOINED, "The document is not joined.")
        if mode is not None and held.mode != mode:
            raise QuireError(
                ErrorCode.INVALID_MESSAGE,
                f"The document is joined in {held.mode} mode; this takes {mode} mode.",
            )
        return held

    async def _join(self, message: JoinMessage) -> None:
        if self._rooms.draining:
            raise QuireError(ErrorCode.STORE_UNAVAILABLE, "The server restarts.", retryable=True)
        if message.doc not in self._docs and len(self._docs) >= self._limits.max_documents:
            raise QuireError(ErrorCode.RATE_LIMITED, "Too many documents on one socket.")
        self.count_state()
        identity = self._identity
        assert identity is not None, "joins come after authentication"
        revision = self._gatekeeper.revision
        admitted = await self._gatekeeper.admit(
            identity, message.doc, DEFAULT_TEXT_ROOT, create=message.create
        )
        room = await self._rooms.open(message.doc)
        before = self._docs.get(message.doc)
        if before is not None and before.room is room:
            progress = before.progress
        else:
            progress = Progress(self.id, partial(self._rooms.tell, room))
        if message.since is not None:
            self._rooms.meter.come_back(room.version - message.since)
        attendance = Attendance(self.id, room, identity, admitted.until_ms)
        self._docs[message.doc] = _Subscription(
            attendance, room, message.mode, message.position_encoding, progress
        )
        self.quiet_until_ms = 0
        self._rooms.tell(
            room,
            Join(
                self.id,
                identity.user,
                admitted.role,
                message.mode,
                message.since,
                message.epoch,
                message.position_encoding,
            ),
        )
        if revision != self._gatekeeper.revision:
            self.spawn(self.review(attendance))

    def _leave(self, doc: str, *, is_expelled: bool = False) -> None:
        held = self._docs.pop(doc)
        held.progress.close()
        self._rooms.tell(held.room, Leave(self.id, is_expelled, self._rooms.draining))

    # --- who the peer is, and what it may do ----------------------------------------------------

    def identities(self) -> Iterable[Identity]:
        return () if self._identity is None else (self._identity,)

    def attendances(self) -> Iterable[Attendance]:
        return [held.attendance for held in self._docs.values()]

    def _replace_identity(self, before: Identity, after: Identity) -> None:
        # The peer may have proven another one meanwhile.
        if before is self._identity:
            self._act_as(after)

    def _act_as(self, identity: Identity) -> None:
        self._identity = identity
        for held in self._docs.values():
            held.attendance.identity = identity

    def _lose(self, identity: Identity) -> None:
        if identity is self._identity:
            self.end(CloseCode.NOT_AUTHENTICATED, SESSION_ENDED)

    def _expel(self, attendance: Attendance) -> None:
        doc = attendance.room.name
        self._leave(doc, is_expelled=True)
        self._gatekeeper.note_refusal(attendance.identity, doc, ErrorCode.FORBIDDEN)
        why = QuireError(ErrorCode.FORBIDDEN, "You may not be in this document any more.")
        self._refuse(why, doc, None)

    # --- edits ----------------------------------------------------------------------------------

    def _submit(self, held: _Subscription, submission: Submission) -> None:
        self.flow.begin(submission.size)
        self._rooms.take(held.room, submission)

    def _update(self, message: Update, user: User, size: int) -> tuple[_Subscription, Submission]:
        held = self._subscribed(message.doc, "yjs")
        update = message.update
        digest = update_digest(update)
        return held, UpdateSubmission(self.id, user, message.id, update, digest, size)

    def _text(
        self, message: TextInsert | TextDelete | TextEdit, user: User, size: int
    ) -> tuple[_Subscription, Submission]:
        held = self._subscribed(message.doc, "text")
        kind, ops = _ops(message)
        digest = text_digest(kind, message.base, ops)
        return held, TextSubmission(
            self.id, user, message.id, message.base, ops, digest, size, held.encoding
        )

    # --- from rooms (sync.shells.rooms.sink.Sink) -----------------------------------------------

    def deliver(self, parcel: Parcel) -> None:
        held = self._docs.get(parcel.doc)
        message = parcel.message
        ack: Ack | None = None
        if parcel.droppable:
            if held is None:
                return
            ack = message if isinstance(message, Ack) else None
            if not held.progress.admits(ack):
                return
        elif isinstance(message, ErrorMessage):
            if parcel.doc:
                self.note_refusal(self._identity, parcel.doc, message.code)
            else:  # the session's own, which the gatekeeper has noted if it is to be
                self._rooms.meter.refusals[message.code] += 1
        elif held is not None and isinstance(message, Joined):
            held.progress = held.progress.answered(message.epoch, parcel.upto)
            self._rooms.meter.recoveries += message.recovered
        frame, size = parcel.frame(self._encoding)
        topic = None if held is None else held.progress
        self.outbox.put_nowait(frame, size, topic, parcel.upto, parcel.droppable, ack)

    def settled(self, size: int, ack: Ack | None = None, *, is_followed: bool = False) -> None:
        assert ack is None, "acks of quire.v1 are messages of the log"
        self.flow.settle(size)

    def dismiss(self, doc: str) -> None:
        held = self._docs.pop(doc, None)
        if held is not None:
            held.progress.close()

    def catch_up(self, room: Room, order: CatchUp) -> None:
        self.read_log(self.id, room, order)

    def _feeds(self) -> Iterable[Progress]:
        return [held.progress for held in self._docs.values()]


def _retry_after_s(error: QuireError) -> float | UnsetType:
    if error.retry_after_s is not None:
        return error.retry_after_s
    return RATE_WINDOW_S if error.code is ErrorCode.RATE_LIMITED else UNSET


def _close_reason(error: QuireError) -> str:
    """Return the reason of a close; clients look for `retry_after` in it."""
    after_s = error.retry_after_s
    return error.message if after_s is None else f"{error.message} retry_after={after_s:g}"


def _ops(message: TextInsert | TextDelete | TextEdit) -> tuple[str, Delta]:
    """Return the type and delta of a text event, as sent.

    Raises:
        QuireError: `invalid_message`.
    """
    try:
        match message:
            case TextInsert(pos=pos, text=text):
                if not valid_text(text):
                    raise DeltaError("Text holds no NUL and no lone surrogates.")
                return "text_insert", insertion(pos, text)
            case TextDelete(pos=pos, len=length):
                return "text_delete", deletion(pos, length)
            case TextEdit(ops=ops):
                return "text_edit", from_wire(ops)
    except DeltaError as error:
        raise QuireError(ErrorCode.INVALID_MESSAGE, str(error)) from None
