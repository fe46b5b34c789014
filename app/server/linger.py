"""The bounded end of a connection whose peer is still sending.

A TCP socket that is closed with unread bytes is reset, and the reset can overtake what was written
last: the peer then sees a broken connection instead of the close code, or of the answer, that says
why. So the server writes that, reads on and discards, and closes when the peer has said all, or at
a bound (RFC 9112, section 9.6; RFC 6455, section 7.1.1).
"""

import asyncio
from dataclasses import dataclass
from typing import Final

_IDLE_S: Final = 10.0
"""The longest silence of a peer that has not sent all, or its own close."""


@dataclass(frozen=True, slots=True)
class LingerLimits:
    """The bounds of reading from a peer after it was told that its connection ends."""

    total_s: float = 30.0
    max_bytes: int = 64 << 20
    idle_s: float = _IDLE_S


DEFAULT_LIMITS: Final = LingerLimits()


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
        self._transport.close()

    def cancel(self) -> None:
        """Wait no more; the transport stays as it is."""
        self._total.cancel()
        self._idle.cancel()
