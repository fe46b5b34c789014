"""uvicorn's WebSocket, of which an idle one takes little memory: there are many, and most are idle.

uvicorn's own takes 8 kB: a queue, an event, a parser and a dictionary of attributes; besides it the
scope of the handshake, and the chain of coroutines of the application. Here the queue and the event
hold nothing while nothing waits, the attributes are slots, there is a parser only while it is
needed, and the application may return while the connection goes on, without a task (`go_on`).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from app.server.inbox import Inbox
from app.server.timer_wheel import TimerWheel
from app.server.websocket_frame import (
    FINAL_PING,
    MEMORY_LEVEL,
    WINDOW_BITS,
    encode_frame,
    frame_parts,
)

WIRE: Final = "quire.wire"
"""The extension's name; its value is the connection's `QuireWebSocket`."""

_DEFLATE: Final = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    server_max_window_bits=WINDOW_BITS,
    client_max_window_bits=WINDOW_BITS,
    compress_settings={"memLevel": MEMORY_LEVEL},
)
_WRITABLE: Final = asyncio.Event()
"""The event of every connection that takes data; nobody clears it."""
_WRITABLE.set()
_UVICORNS: Final = (
    "app",
    "app_state",
    "asgi_version",
    "client",
    "close_sent",
    "close_timeout",
    "close_timer",
    "config",
    "connections",
    "curr_msg_data_type",
    "default_headers",
    "disconnected",
    "frames",
    "handshake_complete",
    "handshake_initiated",
    "initial_response",
    "last_ping_rtt",
    "logger",
    "loop",
    "pending_ping_payload",
    "ping_interval",
    "ping_sent_at",
    "ping_timeout",
    "ping_timer",
    "pong_timer",
    "queue",
    "read_paused",
    "request",
    "response",
    "root_path",
    "scheme",
    "scope",
    "server",
    "tasks",
    "transport",
    "writable",
)
"""The attributes that uvicorn's class sets: as slots they need no dictionary."""


class LeanWebSocket(WebSocketsSansIOProtocol):
    """See the module's docstring.

    Args:
        compresses: long messages are compressed, each on its own, for peers that offer it.
        wheel: has the timers of pings; None: each is a timer of the loop.
    """

    __slots__ = (*_UVICORNS, "_deflates", "_is_kept", "_parser", "_waiting", "_wake", "_wheel")

    def __init__(
        self,
        *arguments: Any,
        compresses: bool = False,
        wheel: TimerWheel | None = None,
        **options: Any,
    ) -> None:
        self._parser: ServerProtocol | None = None
        super().__init__(*arguments, **options)
        self.queue = Inbox()  # type: ignore[assignment]
        self.writable = _WRITABLE
        if compresses:  # uvicorn's own setting keeps 45 kB for each socket
            self.conn.available_extensions = [_DEFLATE]
        # It would log headers and frames, which hold cookies, tokens and texts.
        self.conn.debug = False
        self._wheel = wheel
        self._deflates = False
        """True if the peer takes the frames that others are sent, compressed."""
        self._waiting = False
        """True if the application has handled all messages that it was given, and waits."""
        self._is_kept = False
        """True if the connection goes on although the application has returned."""
        self._wake: Callable[[], None] | None = None

    @property
    def conn(self) -> ServerProtocol:
        """The parser; after the handshake there is one only while something needs it."""
        parser = self._parser
        if parser is None:
            parser = self._parser = ServerProtocol(
                state=OPEN, max_size=self.config.ws_max_size, logger=self.logger
            )
            parser.debug = False
        return parser

    @conn.setter
    def conn(self, parser: ServerProtocol) -> None:
        self._parser = parser

    def _let_go_of_parser(self) -> None:
        """Drop the parser, unless it knows something; only where a frame begins."""
        parser = self._parser
        if parser is not None and parser.state is OPEN and not parser.extensions:
            self._parser = None

    # --- the application ------------------------------------------------------------------------

    async def run_asgi(self) -> None:
        extensions: Any = self.conn.extensions
        self._deflates = bool(extensions) and extensions[0].local_max_window_bits >= WINDOW_BITS
        self.scope["extensions"][WIRE] = self  # type: ignore[assignment]
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            # As uvicorn's own: a task of a server ends here.
            self.logger.exception("Exception in ASGI application\n")
            self.send_500_response()
        else:
            if not self.handshake_complete:
                self.logger.error("ASGI callable returned without completing handshake.")
                self.send_500_response()
        if not self._is_kept:
            self.finish()

    def finish(self) -> None:
        """Close the transport, unless the peer is still awaited."""
        if self.close_timer is None:
            self.transport.close()

    def go_on(self, attending: "asyncio.Task[None]", wake: Callable[[], None]) -> None:
        """Keep the connection when the application has returned; `finish` ends it.

        Args:
            attending: a task that will `attend` to the first messages; the server awaits it.
            wake: has somebody `attend` to messages that come when nobody does.
        """
        self._is_kept = True
        self._wake = wake
        inbox: Any = self.queue
        inbox.arrived = self._message_arrived
        self.tasks.add(attending)
        attending.add_done_callback(self.tasks.discard)

    def _message_arrived(self) -> None:
        if self._waiting and self._wake is not None:
            self._waiting = False
            self._wake()

    async def attend(self, handle: Callable[[ASGIReceiveEvent], Awaitable[None]]) -> None:
        """Pass waiting messages to `handle`, one after another, until none is left."""
        inbox: Any = self.queue
        while not inbox.empty():
            await handle(self._next())
        self._waiting = True

    def detach(self) -> None:
        """Have nobody attend to messages any more."""
        self._waiting = False
        self._wake = None

    def forget_handshake(self) -> None:
        """Let go of what only the handshake needs: the request, the scope, the parser."""
        del self.request, self.response, self.scope
        self.server = self.client = None

    async def receive(self) -> ASGIReceiveEvent:
        inbox: Any = self.queue
        self._waiting = True
        try:
            while inbox.empty():
                await inbox.arrival()
        finally:
            self._waiting = False
        return self._next()

    def _next(self) -> ASGIReceiveEvent:
        inbox: Any = self.queue
        message: ASGIReceiveEvent = inbox.get_nowait()
        if self.read_paused and inbox.empty():
            self.read_paused = False
            self.transport.resume_reading()
        return message

    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] != "websocket.send" or self.close_sent or not self.handshake_complete:
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected or self.transport.is_closing():
            raise ClientDisconnected
        parts = frame_parts(message, deflates=self._deflates)  # type: ignore[arg-type]
        self.transport.writelines(parts)

    def pause_writing(self) -> None:
        self.writable = asyncio.Event()

    def resume_writing(self) -> None:
        self.writable.set()
        self.writable = _WRITABLE

    # --- keeping alive --------------------------------------------------------------------------

    def send_keepalive_ping(self) -> None:
        self.ping_timer = None
        if self.close_sent or self.transport.is_closing():
            return
        self.pending_ping_payload = random.getrandbits(32).to_bytes(4)  # no secret
        self.ping_sent_at = self.loop.time()
        self.transport.write(encode_frame(FINAL_PING, self.pending_ping_payload))
        if self.ping_timeout is None:
            self.schedule_ping()
        else:
            self.pong_timer = self._call_later(self.ping_timeout, self.keepalive_timeout)

    def schedule_ping(self) -> None:
        assert self.ping_interval is not None, "pings are sent"
        delay_s = max(0.0, self.ping_interval - self.last_ping_rtt)
        self.ping_timer = self._call_later(delay_s, self.send_keepalive_ping)

    def _call_later(self, delay_s: float, callback: Callable[[], None]) -> Any:
        if self._wheel is None:
            return self.loop.call_later(delay_s, callback)
        return self._wheel.call_later(delay_s, callback)
