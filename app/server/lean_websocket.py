"""uvicorn's WebSocket, of which an idle one takes little memory: there are many, and most are idle.

uvicorn's own takes 8 kB: a queue, an event, a parser and a dictionary of attributes; besides it the
scope of the handshake, and the chain of coroutines of the application. Here the queue and the event
hold nothing while nothing waits, the attributes are slots, there is a parser only while it is
needed, and the application may go on without its callers (`go_on_with`).
"""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any, Final

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from app.server.inbox import Inbox
from app.server.websocket_frame import (
    FINAL_PING,
    MEMORY_LEVEL,
    WINDOW_BITS,
    encode_frame,
    framed,
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
    """

    __slots__ = (*_UVICORNS, "_deflates", "_parser", "_sequel", "_waiting")

    def __init__(self, *arguments: Any, compresses: bool = False, **options: Any) -> None:
        self._parser: ServerProtocol | None = None
        super().__init__(*arguments, **options)
        self.queue = Inbox()  # type: ignore[assignment]
        self.writable = _WRITABLE
        if compresses:  # uvicorn's own setting keeps 45 kB for each socket
            self.conn.available_extensions = [_DEFLATE]
        # It would log headers and frames, which hold cookies, tokens and texts.
        self.conn.debug = False
        self._deflates = False
        """True if the peer takes the frames that others are sent, compressed."""
        self._waiting = False
        """True if the application has handled all messages that it was given, and waits."""
        self._sequel: Coroutine[Any, Any, None] | None = None

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
            if self._sequel is not None:
                sequel, self._sequel = self._sequel, None
                await sequel
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
        if self._sequel is not None:
            self._sequel.close()
        if self.close_timer is None:
            self.transport.close()

    def go_on_with(self, sequel: Coroutine[Any, Any, None]) -> None:
        """Have a coroutine run once the application has returned, as a part of it.

        What the application's callers hold until then is free while it runs.
        """
        self._sequel = sequel

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
        self.transport.write(framed(message, deflates=self._deflates))  # type: ignore[arg-type]

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
            self.pong_timer = self.loop.call_later(self.ping_timeout, self.keepalive_timeout)
