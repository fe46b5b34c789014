"""uvicorn's WebSocket, with a short way for frames, and patience with a peer that is behind.

The short way is offered to the application as an ASGI extension, `scope["extensions"][WIRE]`, and
saves most of what a frame costs: a queue and a task's turn for each one that arrives, a task, an
event and a frame object for each one that leaves. Frames that have to wait for anything take
uvicorn's own way, through `receive` and `send`.
"""

from collections.abc import Callable, MutableMapping
from typing import Any, Final

from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

WIRE: Final = "quire.wire"
"""The extension's name; its value is the connection's `QuireWebSocket`."""

_GRACE_S: Final = 1.0
"""After a standstill of the process its timers run before its sockets are read: for this long what
the peer said meanwhile may still be found."""
_FINAL_TEXT: Final = 0x81
_FINAL_BINARY: Final = 0x82


class QuireWebSocket(WebSocketsSansIOProtocol):
    """See the module's docstring.

    It gives up a silent peer, but not one whose pong is merely behind: a pong comes after all that
    its peer sent before, and what a peer sends is not read while too much of it is under way (see
    `sync.shells.flow`). So a ping that is not answered in time counts only if nothing else was
    received since, either, while it could have been; otherwise another one is sent.
    """

    # There are many of them, and most are idle.
    __slots__ = ("_heard_at", "_take", "_waiting")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._heard_at = 0.0
        """When anything was received last, in the loop's time."""
        self._take: Callable[[bytes | str], bool] | None = None
        self._waiting = False
        """Whether the application has handled all that it was handed, and waits for more."""

    async def run_asgi(self) -> None:
        self.scope["extensions"][WIRE] = self  # type: ignore[assignment]
        await super().run_asgi()

    # --- the short way --------------------------------------------------------------------------

    def write_nowait(self, message: MutableMapping[str, Any]) -> bool:
        """Write a `websocket.send` message if the transport takes it without waiting.

        Not while a `send` is under way: the two would change places.

        Returns:
            False if it was not written and has to be sent.
        """
        if self.close_sent or not self.writable.is_set() or self.transport.is_closing():
            return False
        data: bytes | None = message.get("bytes")
        if data is None:
            frame = encode_frame(_FINAL_TEXT, message["text"].encode())
        else:
            frame = encode_frame(_FINAL_BINARY, data)
        self.transport.write(frame)
        return True

    def listen(self, take: Callable[[bytes | str], bool]) -> None:
        """Offer each frame to `take` while the application waits in `receive`.

        What the handshake has left behind is let go: the scope has no headers any more.

        Args:
            take: handles a frame and returns True; or does nothing and returns False, and
                `receive` returns it.
        """
        self._take = take
        self.scope["headers"] = []
        del self.request, self.response

    async def receive(self) -> ASGIReceiveEvent:
        self._waiting = True
        try:
            return await super().receive()
        finally:
            self._waiting = False

    def send_receive_event_to_app(self) -> None:
        """Called when a whole message has arrived."""
        if (
            self._take is not None
            and self._waiting
            and not self.close_sent
            and len(self.frames) == 1
            and self.queue.empty()
        ):
            data: bytes | str = self.frames[0]
            if self.curr_msg_data_type == "text":
                try:
                    data = str(self.frames[0], "utf-8")
                except UnicodeDecodeError:
                    super().send_receive_event_to_app()
                    return
            if self._take(data):
                self.frames = []
                return
        super().send_receive_event_to_app()

    # --- patience -------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._heard_at = self.loop.time()
        super().data_received(data)

    def keepalive_timeout(self) -> None:
        """Called when a pong is late: look again in a moment."""
        self.pong_timer = self.loop.call_later(_GRACE_S, self._judge)

    def _judge(self) -> None:
        if not self.read_paused and self._heard_at < self.ping_sent_at:
            super().keepalive_timeout()
            return
        self.pong_timer = None
        self.pending_ping_payload = None
        self.schedule_ping()


def encode_frame(head: int, payload: bytes) -> bytes:
    """A frame as a server sends it, unmasked and uncompressed (RFC 6455, section 5.2)."""
    length = len(payload)
    if length < 126:
        return bytes((head, length)) + payload
    if length < 1 << 16:
        return bytes((head, 126)) + length.to_bytes(2) + payload
    return bytes((head, 127)) + length.to_bytes(8) + payload
