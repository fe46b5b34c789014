"""A session of the y-websocket dialect: one document on one socket (`sync.wire.ysync`).

The dialect has no acks: a client is sent its own updates back once they are committed. It has no
error messages either: a refusal is sent as "permission denied", or as a close with a code.
"""

from sync.error import CloseCode, ErrorCode, QuireError, close_code
from sync.names import WRITING_ROLES
from sync.shells.rooms.rooms import Rooms
from sync.shells.sessions.gatekeeper import Gatekeeper, Identity
from sync.shells.sessions.outbox import Wire
from sync.shells.sessions.socket import SESSION_ENDED, Attendance
from sync.shells.sessions.yjs_channel import BEARABLE_OF_AWARENESS, EXPELLED, Channel, YjsSocket
from sync.wire.message import ErrorMessage
from sync.wire.ysync import (
    UPDATE_HEAD,
    UPDATE_OVERHEAD,
    Ignored,
    decode_frame,
    encode_permission_denied,
)
from sync.yjs.varint import MalformedError


class YwsChannel(Channel):
    """The one channel of a y-websocket socket."""

    __slots__ = ()

    dialect = "y-websocket"

    def _expect(self, event_id: str, *, is_past: bool) -> None:
        pass

    def _applied(self, event_id: str, *, is_followed: bool = False) -> None:
        pass  # the client is sent its own committed updates

    def expel(self) -> None:
        self.leave(is_expelled=True)
        self.say(encode_permission_denied(EXPELLED))
        self._socket.end(CloseCode.NOT_ALLOWED, EXPELLED)

    def _refused(self, message: ErrorMessage) -> None:
        of_edit = isinstance(message.id, str)
        if of_edit and message.code is ErrorCode.DOCUMENT_FULL:
            self.say(encode_permission_denied(message.message))
            self._come_back(message)
            return
        member = self._room.members.get(self.id)
        if of_edit:
            bearable = member is not None and member.role not in WRITING_ROLES
        else:
            bearable = member is not None and message.code in BEARABLE_OF_AWARENESS
        if bearable or message.code is ErrorCode.FORBIDDEN:
            self.say(encode_permission_denied(message.message))
        if not bearable:
            code = close_code(message.code, retryable=message.retryable)
            self._socket.end(code, message.message)


class YwsSession(YjsSocket):
    """The session of one y-websocket socket.

    Args:
        document: the document name in the address; it may be invalid.
        token: the token in the address, for `Gatekeeper.admit`.
        name: the user's name in the address, for `Gatekeeper.admit`.
    """

    __slots__ = ("_channel", "_document", "_name", "_token")

    def __init__(
        self,
        socket_id: str,
        rooms: Rooms,
        gatekeeper: Gatekeeper,
        wire: Wire,
        *,
        document: str,
        token: str | None,
        name: str | None,
    ) -> None:
        super().__init__(socket_id, rooms, gatekeeper, wire)
        self._document = document
        self._token = token
        self._name = name
        self._channel: YwsChannel | None = None

    async def _stop_refused(self, error: QuireError) -> None:
        self._rooms.meter.refusals[error.code] += 1
        await self._stop(close_code(error.code, retryable=error.retryable), error.message)

    async def start(self) -> None:
        """Join the document that the address names; a refusal closes the socket."""
        try:
            identity = await self.identify(self._token, self._name, self._document)
            self.become(identity.user)
            await self.open_channel(identity, self._document, self.id, self._make_channel)
        except QuireError as error:
            self.say(encode_permission_denied(error.message))
            await self._stop_refused(error)

    def _lose(self, identity: Identity) -> None:
        self.end(CloseCode.NOT_AUTHENTICATED, SESSION_ENDED)

    def _make_channel(self, attendance: Attendance) -> YwsChannel:
        self._channel = YwsChannel(self, self._rooms, attendance)
        return self._channel

    def channels(self) -> list[Channel]:
        return [] if self._channel is None else [self._channel]

    def _receive_nowait(self, frame: bytes | str) -> bool:
        channel = self._channel
        if channel is None or isinstance(frame, str):
            return False
        try:
            size = len(frame) - UPDATE_OVERHEAD
            if 0 <= size < 0x80 and frame[2] == size and frame.startswith(UPDATE_HEAD):
                # The most frequent frame: a short update.
                channel.submit(frame[UPDATE_OVERHEAD:])
                return True
            message = decode_frame(frame)
            if not isinstance(message, Ignored):
                channel.handle(message)
        except (MalformedError, QuireError):
            return False
        return True

    async def _receive(self, frame: bytes | str) -> None:
        channel = self._channel
        assert channel is not None, "frames are read after the start"
        try:
            if isinstance(frame, str):
                raise MalformedError("a text frame")
            message = decode_frame(frame)
            if not isinstance(message, Ignored):
                channel.handle(message)
        except MalformedError as error:
            await self._stop(CloseCode.UNUSABLE, f"not a message of y-websocket: {error}")
        except QuireError as error:
            await self._stop_refused(error)
