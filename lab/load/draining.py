"""Joins whose answers are read and thrown away, and what a bare socket gives beside them.

A client that puts 20 MB together, and decodes them, would measure itself: here what comes is read
into one buffer, over and over, and only counted.
"""

import asyncio
import multiprocessing
import socket
import time
from typing import Final, cast

from bench.websocket import encode

_BUFFER_BYTES: Final = 1 << 20
_REQUEST: Final = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: quire.v1.msgpack\r\n\r\n"
)


class _Drain(asyncio.BufferedProtocol):
    """One join: it is done once so many bytes have come."""

    def __init__(self, port: int, doc: str, expected: int, scratch: memoryview) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._port = port
        self._doc = doc
        self._left = expected
        self._scratch = scratch
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = stream = cast(asyncio.Transport, transport)
        # The server handles one after another, so all can be said at once.
        stream.write(
            _REQUEST.format(port=self._port).encode()
            + _masked(encode(type="auth", name="Newcomer"))
            + _masked(encode(type="join", doc=self._doc, mode="yjs"))
        )

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._scratch

    def buffer_updated(self, nbytes: int) -> None:
        self._left -= nbytes
        if self._left <= 0 and self._transport is not None:
            self._transport.abort()
            if not self.done.done():
                self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("closed before all had come"))


def _masked(payload: bytes) -> bytes:
    assert len(payload) < 126, "a short message"
    return bytes((0x82, 0x80 | len(payload))) + b"\0\0\0\0" + payload


async def drain_joins(port: int, doc: str, bytes_each: int, joins: int, at_once: int) -> float:
    """Join a document so many times; return how many seconds that took."""
    loop = asyncio.get_running_loop()
    scratch = memoryview(bytearray(_BUFFER_BYTES))
    waiting = iter(range(joins))

    async def bring() -> None:
        for _ in waiting:
            _, drain = await loop.create_connection(
                lambda: _Drain(port, doc, bytes_each, scratch), "127.0.0.1", port
            )
            await drain.done

    started = time.perf_counter()
    await asyncio.gather(*(bring() for _ in range(at_once)))
    return time.perf_counter() - started


def bare_socket_per_s(bytes_each: int, times: int) -> float:
    """Return how often a second one process can send so many bytes to another, and do no more."""
    listening = socket.create_server(("127.0.0.1", 0))
    context = multiprocessing.get_context("fork")
    sender = context.Process(target=_send, args=(listening, bytes_each, times))
    sender.start()
    scratch = memoryview(bytearray(_BUFFER_BYTES))
    try:
        started = time.perf_counter()
        for _ in range(times):
            with socket.create_connection(listening.getsockname()) as reader:
                while reader.recv_into(scratch):
                    pass
        return times / (time.perf_counter() - started)
    finally:
        listening.close()
        sender.kill()
        sender.join()


def _send(listening: socket.socket, size: int, times: int) -> None:
    data = bytes(size)
    for _ in range(times):
        taken, _ = listening.accept()
        with taken:
            taken.sendall(data)
