"""A raw WebSocket client for the laboratory, on `bench.websocket`: any path, and cuts."""

import asyncio
import socket
from typing import Final

from bench.websocket import Connection, Receiver

_CONNECT_S: Final = 20.0


class RawConnection(Connection):
    """A connection that can be cut off, and knows whether it is still open."""

    @property
    def is_open(self) -> bool:
        return self.opened.done() and not self.closed.done()

    def cut(self) -> None:
        """End it at once, as a network would that is gone; nothing more is read."""
        if self._transport is not None:
            self._transport.abort()


async def open_socket(
    port: int, path: str, receiver: Receiver, *, source: str | None = None
) -> RawConnection:
    """Open a connection to a server on this machine.

    Args:
        source: the address of 127.0.0.0/8 to connect from; each has its own 28,000 ports.

    Raises:
        OSError, TimeoutError: there is none, or it refuses the handshake.
    """
    loop = asyncio.get_running_loop()
    raw = socket.socket()
    raw.setblocking(False)
    try:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source is not None:
            raw.bind((source, 0))
        async with asyncio.timeout(_CONNECT_S):
            await loop.sock_connect(raw, ("127.0.0.1", port))
            _, connection = await loop.create_connection(
                lambda: RawConnection(f"127.0.0.1:{port}", path, receiver), sock=raw
            )
            await connection.opened
    except BaseException:
        raw.close()
        raise
    return connection
