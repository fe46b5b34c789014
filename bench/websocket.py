"""A WebSocket client that costs little, so that a measurement is not of the load generator.

It knows what a load generator needs: the handshake, masked binary frames out, whole frames in. It
speaks `quire.v1.msgpack` to a server that it trusts.
"""

import asyncio
import base64
import os
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec

_OPCODE_BINARY, _OPCODE_CLOSE, _OPCODE_PING, _OPCODE_PONG = 2, 8, 9, 10
_MASK = b"\0\0\0\0"
"""A valid mask, which costs the generator nothing."""

Receiver = Callable[[bytes, float], None]
"""Called with a message's bytes and the time at which its chunk arrived (`time.perf_counter`)."""


class Connection(asyncio.Protocol):
    """One client connection."""

    def __init__(self, host: str, path: str, receiver: Receiver) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.receiver = receiver
        self._host = host
        self._path = path
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            (
                f"GET {self._path} HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Protocol: quire.v1.msgpack\r\n\r\n"
            ).encode()
        )

    def data_received(self, data: bytes) -> None:
        at = time.perf_counter()
        buffer = self._buffer + data if self._buffer else data
        if not self.opened.done():
            head, separator, rest = buffer.partition(b"\r\n\r\n")
            if not separator:
                self._buffer = buffer
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self.opened.set_exception(ConnectionError(head.decode("latin-1")))
                return
            self.opened.set_result(None)
            buffer = rest
        start, size = 0, len(buffer)
        while size - start >= 2:
            length = buffer[start + 1] & 0x7F
            body = start + 2
            if length == 126:
                if size - start < 4:
                    break
                length = int.from_bytes(buffer[start + 2 : start + 4], "big")
                body = start + 4
            elif length == 127:
                if size - start < 10:
                    break
                length = int.from_bytes(buffer[start + 2 : start + 10], "big")
                body = start + 10
            if size - body < length:
                break
            opcode = buffer[start] & 0x0F
            payload = buffer[body : body + length]
            start = body + length
            if opcode == _OPCODE_BINARY:
                self.receiver(payload, at)
            elif opcode == _OPCODE_PING:
                self._write(_OPCODE_PONG, payload)
            elif opcode == _OPCODE_CLOSE and self._transport is not None:
                self._transport.close()
        self._buffer = buffer[start:]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError("closed during the handshake"))
        if not self.closed.done():
            self.closed.set_result(None)
        self._writable.set()  # nobody waits for a connection that is gone

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def writable(self) -> None:
        """Wait until the kernel takes more."""
        await self._writable.wait()

    def send(self, payload: bytes) -> None:
        """Send a binary message."""
        self._write(_OPCODE_BINARY, payload)

    def send_all(self, payloads: Sequence[bytes]) -> None:
        """Send binary messages in one write."""
        assert self._transport is not None, "not connected"
        frames = (_head(_OPCODE_BINARY, len(each)) + _MASK + each for each in payloads)
        self._transport.write(b"".join(frames))

    def ports(self) -> tuple[int, int]:
        """Its port, and the server's."""
        assert self._transport is not None, "not connected"
        own, peer = (self._transport.get_extra_info(end) for end in ("sockname", "peername"))
        return own[1], peer[1]

    def stop_reading(self) -> None:
        """Take nothing any more, and say nothing of it."""
        assert self._transport is not None, "not connected"
        self._transport.pause_reading()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _write(self, opcode: int, payload: bytes) -> None:
        assert self._transport is not None, "not connected"
        self._transport.write(_head(opcode, len(payload)) + _MASK + payload)


def _head(opcode: int, length: int) -> bytes:
    """Return the beginning of a frame, before its mask."""
    if length < 126:
        return bytes((0x80 | opcode, 0x80 | length))
    if length < 65536:
        return bytes((0x80 | opcode, 0xFE)) + length.to_bytes(2, "big")
    return bytes((0x80 | opcode, 0xFF)) + length.to_bytes(8, "big")


class Ack(msgspec.Struct, tag_field="type", tag="ack"):
    id: str
    version: int


class Updates(msgspec.Struct, tag_field="type", tag="updates", rename={"from_": "from"}):
    from_: int
    to: int
    update: msgspec.Raw


class Joined(msgspec.Struct, tag_field="type", tag="joined"):
    version: int
    state: bytes | None = None


class Error(msgspec.Struct, tag_field="type", tag="error"):
    code: str
    message: str


class AuthOk(msgspec.Struct, tag_field="type", tag="auth_ok"):
    session: str


_decoder = msgspec.msgpack.Decoder(Ack | Updates | Joined | Error | AuthOk)
_encoder = msgspec.msgpack.Encoder()

Incoming = Ack | Updates | Joined | Error | AuthOk


def decode(payload: bytes) -> Incoming | None:
    """A message that a measurement looks at; None for every other kind."""
    try:
        return cast(Incoming, _decoder.decode(payload))
    except msgspec.ValidationError:
        return None


def encode(**fields: Any) -> bytes:
    """A client's message."""
    return _encoder.encode(fields)


async def connect(
    port: int,
    receiver: Receiver,
    receive_buffer_bytes: int | None = None,
    address: str | None = None,
) -> Connection:
    """Open a connection to `/ws` of a server on this machine.

    Args:
        address: of this machine, to come from; None: the kernel chooses.
    """
    loop = asyncio.get_running_loop()
    raw = socket.socket()
    if receive_buffer_bytes is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
    if address is not None:
        raw.bind((address, 0))
    raw.setblocking(False)
    await loop.sock_connect(raw, ("127.0.0.1", port))
    _, connection = await loop.create_connection(
        lambda: Connection(f"127.0.0.1:{port}", "/ws", receiver), sock=raw
    )
    await connection.opened
    return connection
