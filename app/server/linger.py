"""The bounded end of a connection whose peer is still sending.

A TCP socket that is closed with unread bytes is reset, and the reset can overtake what was written
last: the peer then sees a broken connection instead of the close code, or of the answer, that says
why. So the server writes that, reads on and discards, and closes when the peer has said all, or at
a bound (RFC 9112, section 9.6; RFC 6455, section 7.1.1).
"""

import asyncio
import socket
import struct
from dataclasses import dataclass
from functools import partial
from typing import Final

_NO_LINGER: Final = struct.pack("ii", 1, 0)
_IDLE_S: Final = 10.0
"""The longest silence of a peer that has not sent all, or its own close."""


@dataclass(frozen=True, slots=True)
class LingerLimits:
    """The bounds of reading from a peer after it was told that its connection ends."""

    total_s: float = 30.0
    max_bytes: int = 64 << 20
    idle_s: float = _IDLE_S


DEFAULT_LIMITS: Final = LingerLimits()


def close_taken(
    transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, idle_s: float = _IDLE_S
) -> None:
    """Close a transport once its peer has taken what was written, or takes nothing for `idle_s`.

    By itself a transport waits for ever, as long as the kernel of such a peer answers.
    """
    transport.close()
    left = transport.get_write_buffer_size()
    if left:
        loop.call_later(idle_s, partial(_abort_stuck, transport, loop, idle_s, left))


def reset(transport: asyncio.Transport) -> None:
    """End a connection at once, in the kernel too; what its peer has not taken is thrown away."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        # Otherwise the kernel goes on offering what it holds, until TCP_USER_TIMEOUT.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


def _abort_stuck(
    transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, idle_s: float, before: int
) -> None:
    left = transport.get_write_buffer_size()
    if left == before:
        reset(transport)
    elif left:
        loop.call_later(idle_s, partial(_abort_stuck, transport, loop, idle_s, left))


class Linger:
    """One connection that is ending: it closes the transport at the first bound that is reached.

    The protocol reports what it discards by `discard`, and ends the wait by `end` when the peer
    has said all.
    """

    __slots__ = ("_idle", "_left_bytes", "_limits", "_loop", "_total", "_transport")

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        limits: LingerLimits,
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._limits = limits
        self._left_bytes = limits.max_bytes
        self._total = loop.call_later(limits.total_s, self.end)
        self._idle = loop.call_later(limits.idle_s, self.end)

    def discard(self, count: int) -> None:
        """Count bytes that were read and thrown away; past the bound, the transport is closed."""
        self._left_bytes -= count
        if self._left_bytes < 0:
            self.end()
            return
        self._idle.cancel()
        self._idle = self._loop.call_later(self._limits.idle_s, self.end)

    def shorten(self, total_s: float) -> None:
        """End within `total_s` from now, if that is sooner."""
        if self._loop.time() + total_s < self._total.when():
            self._total.cancel()
            self._total = self._loop.call_later(total_s, self.end)

    def end(self) -> None:
        """Close the transport."""
        self.cancel()
        close_taken(self._transport, self._loop, self._limits.idle_s)

    def cancel(self) -> None:
        """Wait no more; the transport stays as it is."""
        self._total.cancel()
        self._idle.cancel()
