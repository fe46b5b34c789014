"""A session of the Hocuspocus dialect (`sync.wire.hocuspocus`): many documents on one socket.

    address:  (unknown) ──token──▶ open ──close, refusal──▶ (unknown)
                 │ messages before the token wait, bounded

Every step 2 and every update is answered with one `SyncStatus`: 1 once it is committed, or changed
nothing; 0 if it is refused.
"""

from typing import Final

from sync.error import CloseCode, ErrorCode, QuireError
from sync.fact import SendStateless, SetRole
from sync.names import WRITING_ROLES, Role, is_document_name
from sync.port import StoreError
from sync.shells.rooms.rooms import Rooms
from sync.shells.rooms.sink import Frame, binary_frame
from sync.shells.sessions.gatekeeper import Admission, Gatekeeper, Identity
from sync.shells.sessions.outbox import Wire
from sync.shells.sessions.socket import RENEWAL_LEAD_MS, SESSION_ENDED, Attendance
from sync.shells.sessions.yjs_channel import BEARABLE_OF_AWARENESS, EXPELLED, Channel, YjsSocket
from sync.wire.hocuspocus import (
    PONG_FRAME,
    CloseDocument,
    HocuspocusMessage,
    Ping,
    StatelessIn,
    Token,
    decode_frame,
    document_name,
    encode_address,
    encode_authenticated,
    encode_close,
    encode_permission_denied,
    encode_stateless,
    encode_sync_status,
    encode_token_request,
)
from sync.wire.message import ErrorMessage, Joined, RoleChanged, SingleMessage, StatelessOut
from sync.wire.ysync import KEEP_ALIVE, UPDATE_HEAD, Ignored, SyncUpdate
from sync.yjs.varint import MalformedError

TOKEN_LEAD_MS: Final = RENEWAL_LEAD_MS
"""The time before the end of an identity at which the provider is asked for its token again."""
MAX_DENIED_S: Final = 600.0
"""The time that a socket stays open whose tokens were all refused."""
_NOBODY: Final = encode_address("")
"""The address of no document: providers take note that the server lives, and ignore the rest."""
_LEFT: Final = "provider_initiated"
"""The reason in the close of a document that the provider left."""
_APPLIED: Final = encode_sync_status(applied=True)
_NOT_APPLIED: Final = encode_sync_status(applied=False)
_LONG: Final = (Token, Ping, Ignored)
"""The messages that are rare or may have to wait; not handled by `_receive_nowait`."""


class HocuspocusChannel(Channel):
    """One address on a Hocuspocus socket."""

    __slots__ = (
        "_address",
        "_applied_frame",
        "_asked_for_token",
        "_past",
        "_unanswered",
        "_withheld",
        "update_head",
    )

    dialect = "hocuspocus"

    def __init__(
        self,
        socket: "HocuspocusSession",
        rooms: Rooms,
        attendance: Attendance,
        address: str,
    ) -> None:
        super().__init__(socket, rooms, attendance)
        self._key = f"hocuspocus {address}"
        self._address = encode_address(address)
        self.update_head = self._address + UPDATE_HEAD
        """The first bytes of every frame with an update for this address."""
        self._asked_for_token: Identity | None = None
        """The identity for whose successor the client was asked."""
        self._unanswered: set[str] = set()
        self._withheld = 0
        """The updates that were refused since the client might not write, and are not stored yet.

        Its next step 2 has them all; it is then told of each that it is applied, because providers
        count what is not.
        """
        self._past: dict[str, int] = {}
        """The unanswered steps 2, each with the refused updates that it has."""
        self._applied_frame: Frame | None = None
        """The frame that says an update is applied, the most frequent one; made once."""

    def frame(self, body: bytes) -> bytes:
        return self._address + body

    def send_stateless(self, payload: str) -> None:
        """Send a message to the room's other Hocuspocus clients.

        Raises:
            QuireError: `rate_limited`; such messages count like edits.
        """
        self._socket.flow.begin(len(payload))
        self._socket.flow.settle(len(payload))
        self._rooms.tell(self._room, SendStateless(self.id, payload))

    def say_role(self, role: Role) -> None:
        """Tell the client if it may write."""
        self.say(self._role_frame(role))

    def _role_frame(self, role: Role) -> bytes:
        return self.frame(encode_authenticated(may_write=role in WRITING_ROLES))

    def _encode(self, message: SingleMessage) -> bytes | None:
        encoded = super()._encode(message)
        if encoded is not None:
            return encoded
        match message:
            case Joined(role=role) | RoleChanged(role=role):
                return self._role_frame(role)
            case StatelessOut(payload=payload):
                return self.frame(encode_stateless(payload))
        return None

    def _expect(self, event_id: str, *, is_past: bool) -> None:
        self._unanswered.add(event_id)
        if is_past and self._withheld:
            self._past[event_id] = self._withheld
            self._withheld = 0

    def _applied(self, event_id: str, *, is_followed: bool = False) -> None:
        try:
            self._unanswered.remove(event_id)
        except KeyError:
            return
        if self._past:
            self._count_past(event_id)
        frame = self._applied_frame
        if frame is None:
            frame = self._applied_frame = binary_frame(self.frame(_APPLIED))
        if is_followed and self._ack is None:
            self._ack = frame
            return
        self._socket.put(frame, len(frame["bytes"]))

    def _count_past(self, event_id: str) -> None:
        """Say that the updates are applied, too, whose refusal a step 2 has made good."""
        for _ in range(self._past.pop(event_id, 0)):
            self.say(self.frame(_APPLIED))

    def expel(self) -> None:
        self.deny(f"{ErrorCode.FORBIDDEN}: {EXPELLED}")

    def deny(self, reason: str) -> None:
        """Leave the room, and tell the client that it may not be there, and that it is not."""
        self.leave(is_expelled=True)
        self.say(self.frame(encode_permission_denied(reason)))
        self.say(self.frame(encode_close(reason)))

    def ask_for_token(self) -> None:
        """Ask the provider to send its token again, once for each identity."""
        if self._asked_for_token is not self.attendance.identity:
            self._asked_for_token = self.attendance.identity
            self.say(self.frame(encode_token_request()))

    def take_identity(self, identity: Identity, admitted: Admission | None) -> None:
        """Go on under another token of the same user, in the role that it gives."""
        self.attendance.identity = self._asked_for_token = identity
        if admitted is None:
            self.expel()
            return
        self.attendance.until_ms = admitted.until_ms
        self._rooms.tell(self._room, SetRole(self.id, admitted.role))
        self.say_role(admitted.role)

    def refuse_token(self, reason: str) -> None:
        """Tell the client that a token is no good, and that it goes on without it."""
        self.say(self.frame(encode_permission_denied(reason)))
        member = self._room.members.get(self.id)
        if member is not None:
            self.say_role(member.role)

    def _refused(self, message: ErrorMessage) -> None:
        if isinstance(message.id, str):
            if message.id in self._unanswered:
                self._unanswered.remove(message.id)
                self.say(self.frame(_NOT_APPLIED))
                member = self._room.members.get(self.id)
                is_reader = member is not None and member.role not in WRITING_ROLES
                self._withheld += is_reader + self._past.pop(message.id, 0)
            if message.code is ErrorCode.DOCUMENT_FULL:
                self._come_back(message)
        elif message.code in BEARABLE_OF_AWARENESS and self.id in self._room.members:
            return  # its text is in step; the dialect has no words for this
        elif not message.retryable:
            self.leave()
            self.say(self.frame(encode_close(f"{message.code}: {message.message}")))
        if message.retryable:
            # A provider sends a refused update again only after it has reconnected.
            self._socket.end(CloseCode.TRY_LATER, message.message)


class HocuspocusSession(YjsSocket):
    """The session of one Hocuspocus socket.

    Args:
        name: the user's name in the address of the socket, for `Gatekeeper.admit`.
    """

    __slots__ = (
        "_channels",
        "_denied_at_s",
        "_edited",
        "_joins",
        "_name",
        "_queued",
        "_queued_bytes",
        "_was_denied",
    )

    def __init__(
        self,
        socket_id: str,
        rooms: Rooms,
        gatekeeper: Gatekeeper,
        wire: Wire,
        *,
        name: str | None,
    ) -> None:
        super().__init__(socket_id, rooms, gatekeeper, wire)
        self._name = name
        self._channels: dict[str, HocuspocusChannel] = {}
        self._edited: HocuspocusChannel | None = None
        """The channel of the last update, which is tried first for the next frame."""
        self._queued: dict[str, list[HocuspocusMessage]] = {}
        self._queued_bytes = 0
        self._joins = 0
        self._was_denied = False
        """True once a token was refused, or a document lost."""
        self._denied_at_s: float | None = None
        """The first call of `keep_alive` after that."""

    @property
    def awaits_proof(self) -> bool:
        # A provider that was denied stays, since one that is sent away connects again at once.
        return self.user is None and not self._was_denied

    def keep_alive(self, now_s: float) -> None:
        if self._was_denied and self.user is None:
            if self._denied_at_s is None:
                self._denied_at_s = now_s
            elif now_s - self._denied_at_s >= MAX_DENIED_S:
                self.end(CloseCode.NOT_AUTHENTICATED, "nothing was proven")
        super().keep_alive(now_s)

    def keep_alive_frame(self) -> bytes | None:
        frame = super().keep_alive_frame()
        if frame is None and self._was_denied:
            frame = _NOBODY + KEEP_ALIVE
        return frame

    def channels(self) -> list[Channel]:
        return [channel for channel in self._channels.values() if channel.is_open]

    def _receive_nowait(self, frame: bytes | str) -> bool:
        if isinstance(frame, str):
            return False
        channel = self._edited
        try:
            if channel is not None and frame.startswith(channel.update_head):
                # The most frequent frame: another short update for the same document.
                at = len(channel.update_head)
                update = frame[at + 1 :]
                if len(update) < 0x80 and frame[at] == len(update) and channel.is_open:
                    channel.submit(update)
                    return True
            addressed = decode_frame(frame)
            channel = self._channels.get(addressed.address)
            if channel is None or not channel.is_open:
                return False
            message = addressed.message
            if isinstance(message, SyncUpdate):
                self._edited = channel
                channel.submit(message.update, is_past=message.is_past)
            elif isinstance(message, _LONG):
                return False
            else:
                self._hand_on(channel, addressed.address, message)
        except (MalformedError, QuireError):
            return False
        return True

    async def _receive(self, frame: bytes | str) -> None:
        try:
            if isinstance(frame, str):
                raise MalformedError("a text frame")
            addressed = decode_frame(frame)
            await self._take(addressed.address, addressed.message, len(frame))
        except MalformedError as error:
            await self._stop(CloseCode.UNUSABLE, f"not a message of Hocuspocus: {error}")
        except QuireError as error:
            self._rooms.meter.refusals[error.code] += 1
            await self._stop(CloseCode.TRY_LATER, error.message)

    async def _take(self, address: str, message: HocuspocusMessage, size: int) -> None:
        match message:
            case Ping():
                self.say(PONG_FRAME)
            case Token():
                await self._authenticate(address, message)
            case Ignored():
                pass
            case _:
                channel = self._channels.get(address)
                if channel is None:
                    await self._queue(address, message, size)
                elif channel.is_open:
                    self._hand_on(channel, address, message)

    def _hand_on(
        self, channel: HocuspocusChannel, address: str, message: HocuspocusMessage
    ) -> None:
        match message:
            case CloseDocument():
                channel.leave()
                del self._channels[address]
                channel.say(channel.frame(encode_close(_LEFT)))
            case StatelessIn(payload=payload):
                channel.send_stateless(payload)
            case Token() | Ping() | Ignored():
                raise AssertionError("these are no channel's")
            case _:
                channel.handle(message)

    async def _queue(self, address: str, message: HocuspocusMessage, size: int) -> None:
        """Queue a message before the token; providers do not wait for the token's answer."""
        queue = self._queued.setdefault(address, [])
        queue.append(message)
        self._queued_bytes += size
        limits = self._limits
        if (
            len(queue) > limits.max_queued_frames
            or self._queued_bytes > limits.max_message_bytes
            or len(self._queued) > limits.max_documents
        ):
            await self._stop(CloseCode.POLICY, "too much was sent before a token")

    async def _authenticate(self, address: str, token: Token) -> None:
        """Open the document of an address, or renew the permission for it."""
        queued = self._queued.pop(address, [])
        if not self._queued:
            self._queued_bytes = 0
        channel = self._channels.get(address)
        if channel is not None and channel.is_open:
            await self._refresh(channel, token)
            return
        try:
            # A provider that has no token sends an empty one: then the cookie counts.
            identity = await self.identify(token.token or None, self._name, document_name(address))
            channel = await self._join(address, identity)
        except QuireError as error:
            if error.retryable:
                # After a denial a provider never tries again; after a close it reconnects.
                raise
            self._rooms.meter.refusals[error.code] += 1
            reason = f"{error.code}: {error.message}"
            self.say(encode_address(address) + encode_permission_denied(reason))
            self._was_denied = True
            await self._count_fault()
            return
        self._faults = 0
        for message in queued:
            if not channel.is_open:
                return
            self._hand_on(channel, address, message)

    async def _refresh(self, channel: HocuspocusChannel, token: Token) -> None:
        """Continue a channel under another token of the same user.

        One that is no good changes nothing: the proof before it still holds.
        """
        try:
            identity = await self.identify(token.token or None, self._name, channel.document)
            if identity.user.id != channel.user.id:
                raise QuireError(ErrorCode.AUTH_FAILED, "A document keeps its user.")
        except QuireError as error:
            if error.retryable:
                raise
            if channel.is_open:
                channel.refuse_token(f"{error.code}: {error.message}")
            await self._count_fault()
            return
        revision = self._gatekeeper.revision
        try:
            admitted = await self._gatekeeper.review(identity, channel.document)
        except StoreError as error:
            text = "The store does not answer."
            raise QuireError(ErrorCode.STORE_UNAVAILABLE, text, retryable=True) from error
        self._faults = 0
        if channel.is_open:
            channel.take_identity(identity, admitted)
            self.doubt_if_changed()
            if revision != self._gatekeeper.revision:
                channel.attendance.until_ms = 0

    def _expel(self, attendance: Attendance) -> None:
        self._was_denied = True
        super()._expel(attendance)

    def _lose(self, identity: Identity) -> None:
        self._was_denied = True
        for channel in self._channels.values():
            if channel.is_open and channel.attendance.identity == identity:
                channel.deny(f"{ErrorCode.AUTH_FAILED}: {SESSION_ENDED}")

    def is_renewal_due(self, now_ms: int) -> bool:
        for channel in self._channels.values():
            ends_ms = channel.attendance.identity.expires_at_ms
            if ends_ms is not None and ends_ms - TOKEN_LEAD_MS <= now_ms and channel.is_open:
                channel.ask_for_token()
        return super().is_renewal_due(now_ms)

    async def _join(self, address: str, identity: Identity) -> HocuspocusChannel:
        name = document_name(address)
        if not is_document_name(name):
            raise QuireError(ErrorCode.INVALID_MESSAGE, "This cannot be a document's name.")
        if len(self._channels) >= self._limits.max_documents:
            raise QuireError(ErrorCode.RATE_LIMITED, "Too many documents on one socket.")
        self.become(identity.user)
        self._joins += 1

        def make(attendance: Attendance) -> HocuspocusChannel:
            channel = HocuspocusChannel(self, self._rooms, attendance, address)
            self._channels[address] = channel
            return channel

        return await self.open_channel(identity, name, f"{self.id}.{self._joins}", make)
