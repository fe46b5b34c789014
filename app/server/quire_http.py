"""uvicorn's HTTP, whose answers reach a peer that is still sending its request.

uvicorn closes a connection right behind an answer that ends it, and reads without a bound what a
peer goes on sending where the connection stays. Here both become a `Linger`. Besides, uvicorn drops
what comes in one piece with the request for a WebSocket; here it is handed on.
"""

import asyncio
import sys
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.server.linger import Linger, LingerLimits, close_taken

_SHUTDOWN_S: Final = 2.0
"""The time that a lingering connection has left when the server stops."""


class _PatientTransport:
    """A transport whose `close` is its protocol's decision; all else is the transport itself.

    uvicorn calls `transport.close()` in seven places, one of them in the object that writes the
    answer.
    """

    def __init__(self, transport: asyncio.Transport, protocol: "QuireHttp") -> None:
        self._transport = transport
        self._protocol = protocol
        # What every request needs is found without `__getattr__`.
        self.write = transport.write
        self.is_closing = transport.is_closing

    def close(self) -> None:
        self._protocol.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class QuireHttp(HttpToolsProtocol):
    """See the module's docstring.

    Args:
        linger: how much of a peer is read after its answer.
    """

    def __init__(self, *arguments: Any, linger: LingerLimits, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits = linger
        self._socket: asyncio.Transport
        self._linger: Linger | None = None
        self._has_ended = False
        """True if the connection is to be closed when the peer has sent its request."""
        self._is_broken = False
        """True if the peer sends something other than HTTP, so that its end is unknown."""
        self._is_receiving = False
        """True while a request has begun and not ended."""
        self._received = b""
        """The bytes that are being parsed."""

    # --- how uvicorn is led here ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._socket = transport
        patient: Any = _PatientTransport(transport, self)
        super().connection_made(patient)

    def handle_websocket_upgrade(self) -> None:
        # uvicorn calls this where it handles the exception that says where the request ends.
        upgrade = sys.exception()
        assert isinstance(upgrade, httptools.HttpParserUpgrade), "uvicorn catches it"
        rest = self._received[upgrade.args[0] :]
        self.transport = self._socket
        super().handle_websocket_upgrade()
        # The two refer to each other: 3 kB that would wait for the collector.
        self.parser = self.flow = None  # type: ignore[assignment]
        if rest and not self._socket.is_closing():
            # The protocol of the connection is the WebSocket's by now.
            websocket: Any = self._socket.get_protocol()
            websocket.data_received(rest)

    def on_message_begin(self) -> None:
        self._is_receiving = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self._is_receiving = False
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
            if self._has_ended:
                close_taken(self._socket, self.loop)
                return
            # uvicorn's timer ended when the rest of the request came.
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_receiving and not self._has_ended and not self._socket.is_closing():
            # The connection stays for the next request, if this one ends within the bounds.
            self._linger = Linger(self._socket, self.loop, self._limits)

    def send_400_response(self, msg: str) -> None:
        self._is_broken = True
        super().send_400_response(msg)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        self._has_ended = False
        self._is_receiving = False
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self._linger is not None:
            self._has_ended = True
            self._linger.shorten(_SHUTDOWN_S)
            return
        super().shutdown()

    # --- the end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the connection, once the peer has sent the request that was answered already."""
        is_sending = self._is_broken or self._is_receiving
        if self._socket.is_closing() or self._has_ended or not is_sending:
            close_taken(self._socket, self.loop)
            return
        self._has_ended = True
        if self._linger is not None:
            self._linger.cancel()
        self._linger = Linger(self._socket, self.loop, self._limits)
        if self._socket.can_write_eof():
            self._socket.write_eof()
        self.flow.resume_reading()

    def data_received(self, data: bytes) -> None:
        linger = self._linger
        if linger is None:
            self._parse(data)
            return
        linger.discard(len(data))
        if self._is_broken or self._socket.is_closing():
            return
        if not self._has_ended:
            self._parse(data)
            return
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._is_broken = True

    def _parse(self, data: bytes) -> None:
        self._received = data
        super().data_received(data)
        self._received = b""
