"""When a WebSocket whose peer does not answer a ping is given up."""

from typing import Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_GRACE_S: Final = 1.0
"""After a standstill of the process its timers run before its sockets are read: for this long what
the peer said meanwhile may still be found."""


class PatientWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which gives up a silent peer but not one whose pong is merely behind.

    A pong comes after all that its peer sent before, and what a peer sends is not read while too
    much of it is under way (see `sync.shells.flow`). So a ping that is not answered in time counts
    only if nothing else was received since, either, while it could have been; otherwise another
    one is sent.
    """

    _heard_at = 0.0
    """When anything was received last, in the loop's time."""

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
