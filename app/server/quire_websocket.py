"""uvicorn's WebSocket, with a short way for frames, patience with a peer that is behind, and closes
that reach a peer which is still sending.

The short way is offered to the application as an ASGI extension, `scope["extensions"][WIRE]`, and
saves most of what a frame costs: a parser, a queue and a task's turn for each one that arrives, a
task, an event and a frame object for each one that leaves. Frames that have to wait for anything
take uvicorn's own way, through `receive` and `send`; and all that is no short, whole message is
left to uvicorn's parser: control frames, fragments, what is large, and what breaks the protocol.

    bytes ──▶ sift ──short message──▶ take ──True──▶ done
                │                       └─False─┐
                └──all else──▶ uvicorn's parser ◀┘ ──▶ receive()
"""

import zlib
from collections.abc import Callable, MutableMapping
from typing import Any, Final

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import apply_mask  # type: ignore[attr-defined]

from app.server.linger import DEFAULT_LIMITS, Linger, LingerLimits

_FRAME: Final = "quire.frame"
"""The key under which a message has its frame."""
_DEFLATED: Final = "quire.deflated"
"""The same of its compressed frame."""
WIRE: Final = "quire.wire"
"""The extension's name; its value is the connection's `QuireWebSocket`."""

_GRACE_S: Final = 1.0
"""After a standstill of the process its timers run before its sockets are read: for this long what
the peer said meanwhile may still be found."""
_FINAL_TEXT: Final = 0x81
_FINAL_BINARY: Final = 0x82
_FINAL_CLOSE: Final = 0x88
_CONTROL: Final = 0x08
_MAX_CONTROL_BYTES: Final = 125
_FINAL: Final = 0x80
_COMPRESSED: Final = 0x40
_LONG_BYTES: Final = 1_024
"""The length from which on a message is worth being compressed; see
`docs/decisions/0022-compression-is-off.md`."""
_WINDOW_BITS: Final = 12
_MEMORY_LEVEL: Final = 5
_DEFLATE: Final = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    server_max_window_bits=_WINDOW_BITS,
    client_max_window_bits=_WINDOW_BITS,
    compress_settings={"memLevel": _MEMORY_LEVEL},
)
_MASKED: Final = 0x80
_SHORT_BYTES: Final = 16 << 10
"""Messages up to this length are taken from the bytes as they come, once they are whole."""
_HEAD_BYTES: Final = 6
"""Length of the head, mask included, of a message of at most 125 bytes."""
_MASKED_ONLY: Final = _MASKED - _HEAD_BYTES
"""Added to the size of such a frame, it is the frame's second byte."""
_SLICE_S: Final = 0.005
"""For so long the messages of one peer are handled at a stretch; then others have their turn."""
_SHUTDOWN_S: Final = 2.0
"""The time that a peer which was told of its close may send on when the server stops."""


class QuireWebSocket(WebSocketsSansIOProtocol):
    """See the module's docstring.

    It gives up a silent peer, but not one whose pong is merely behind: a pong comes after all that
    its peer sent before, and what a peer sends is not read while too much of it is under way (see
    `sync.shells.sessions.flow`). So a ping that is not answered in time counts only if nothing else
    was received since, either, while it could have been; otherwise another one is sent.

    After its own close frame it reads on and discards until the peer's close frame, or its end, or
    a bound; see `app.server.linger`.

    Args:
        linger: how much of a peer is read after it was told that it is closed.
        compresses: long messages are compressed, each on its own, for peers that offer it.
    """

    # There are many of them, and most are idle.
    __slots__ = (
        "_fragmented",
        "_heard_at",
        "_is_full",
        "_is_put_off",
        "_limits",
        "_longest",
        "_longest_only",
        "_owed",
        "_rest",
        "_sifts",
        "_take",
        "_turn_at",
        "_waiting",
    )

    def __init__(
        self,
        *arguments: Any,
        linger: LingerLimits = DEFAULT_LIMITS,
        compresses: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        if compresses:  # uvicorn's own setting keeps 45 kB for each socket
            self.conn.available_extensions = [_DEFLATE]
        # It would log headers and frames, which hold cookies, tokens and texts.
        self.conn.debug = False
        self._limits = linger
        self._heard_at = 0.0
        """The loop's time at which anything was received last."""
        self._turn_at = 0.0
        """The loop's time since which its messages are being handled."""
        self._take: Callable[[bytes | str], bool] | None = None
        self._waiting = False
        """True if the application has handled all messages that it was given, and waits."""
        self._is_full = False
        """True while the transport takes no more data."""
        self._longest = min(_SHORT_BYTES, self.config.ws_max_size)
        self._longest_only = _HEAD_BYTES + min(125, self._longest)
        """Up to this length, a frame that comes alone is not sifted."""
        self._sifts = False
        """True if the bytes from here on are sifted: the beginning of a frame is known."""
        self._rest = b""
        """The beginning of a frame that is not whole, or bytes that were put off."""
        self._owed = 0
        """The number of bytes of a frame that the parser has yet to be given."""
        self._fragmented = False
        """True while the parser waits for the rest of a fragmented message."""
        self._is_put_off = False
        """True while the rest waits for its turn, with reading paused."""

    async def run_asgi(self) -> None:
        self.scope["extensions"][WIRE] = self  # type: ignore[assignment]
        await super().run_asgi()

    # --- the short way --------------------------------------------------------------------------

    def write_nowait(self, message: MutableMapping[str, Any]) -> bool:
        """Write a `websocket.send` message if the transport takes it without waiting.

        Not while a `send` is under way: the two would change places. The message keeps the frame
        that it was made into, if that is short, for those that it is sent to besides.

        Returns:
            False if it was not written and has to be sent.
        """
        transport = self.transport
        if self.close_sent or self._is_full or transport.is_closing():
            return False
        transport.write(_framed(self.conn, message))
        return True

    def write_pair_nowait(
        self, first: MutableMapping[str, Any], second: MutableMapping[str, Any]
    ) -> bool:
        """Write two messages, or none, as `write_nowait` does one, in one call of the kernel."""
        transport = self.transport
        if self.close_sent or self._is_full or transport.is_closing():
            return False
        transport.write(_framed(self.conn, first) + _framed(self.conn, second))
        return True

    def pause_writing(self) -> None:
        self._is_full = True
        super().pause_writing()

    def resume_writing(self) -> None:
        self._is_full = False
        super().resume_writing()

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

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._turn_at = self.loop.time()
        if self.close_timer is not None:
            assert self._linger is not None, "it is the same"
            self._discard(self._linger, data)
        elif self._is_put_off:
            self._rest += data
        elif self._sifts:
            if self._rest:
                data = self._rest + data
                self._rest = b""
                self._sift(data)
            elif not self._take_only(data):
                self._sift(data)
        else:
            was_asked = self.handshake_initiated
            super().data_received(data)
            # Never if frames came with the request, or the request in parts: nobody does that.
            is_request = self.handshake_initiated and not was_asked
            self._sifts = is_request and data.find(b"\r\n\r\n") == len(data) - 4

    def _take_only(self, data: bytes) -> bool:
        """Offer what was read to the application if it is one very short message, and nothing else.

        Most of what people type arrives like that. All else is left to `_sift`.
        """
        size = len(data)
        if not _HEAD_BYTES <= size <= self._longest_only or self._owed or self._fragmented:
            return False
        if data[1] != size + _MASKED_ONLY:
            return False
        if data[0] != _FINAL_BINARY:
            return data[0] == _FINAL_TEXT and self._offer(_FINAL_TEXT, data, _HEAD_BYTES, size)
        take = self._take
        if take is None or not self._waiting or self.close_sent or not self.queue.empty():
            return False
        return take(apply_mask(data[_HEAD_BYTES:], data[2:_HEAD_BYTES]))

    def _sift(self, data: bytes) -> bool:
        """Offer short messages to the application; hand on all else, in order.

        Returns:
            False if it took long, and the rest was put off.
        """
        size = len(data)
        at = done = 0
        while at < size:
            if self._owed:
                step = min(self._owed, size - at)
                self._owed -= step
                at += step
                continue
            extent = frame_extent(data, at)
            if extent is None:
                break
            start, end = extent
            head = data[at]
            is_plain = head in (_FINAL_TEXT, _FINAL_BINARY) and data[at + 1] & _MASKED
            if not is_plain or self._fragmented or end - start > self._longest:
                if not head & _CONTROL:
                    self._fragmented = not head & _FINAL
                self._owed = end - at
                continue
            if end > size:
                break
            if done < at:
                super().data_received(data[done:at])
                done = at
                if self._has_ended(data[at:]):
                    return True
            at = end
            if self._offer(head, data, start, end):
                done = end
                if end < size and self.loop.time() - self._turn_at > _SLICE_S:
                    self._put_off(data[end:])
                    return False
        if done < at:
            super().data_received(data[done:at])
            if self._has_ended(data[at:]):
                return True
        self._rest = data[at:]
        return True

    def _has_ended(self, rest: bytes) -> bool:
        """Return whether the parser ended the connection; then the rest is discarded."""
        if self._linger is not None:
            self._rest = b""
            self._discard(self._linger, rest)
            return True
        if self.transport.is_closing():
            self._rest = b""
            return True
        return False

    def _offer(self, head: int, data: bytes, start: int, end: int) -> bool:
        """Return whether the application took the message there, behind its mask."""
        if self._take is None or not self._waiting or self.close_sent or not self.queue.empty():
            return False
        payload = apply_mask(data[start:end], data[start - 4 : start])
        if head == _FINAL_BINARY:
            return self._take(payload)
        try:
            text = str(payload, "utf-8")
        except UnicodeDecodeError:
            return False
        return self._take(text)

    def _put_off(self, rest: bytes) -> None:
        self._rest = rest
        self._is_put_off = True
        self.transport.pause_reading()
        self.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        self._is_put_off = False
        if self.disconnected or self.transport.is_closing() or self._linger is not None:
            return
        rest, self._rest = self._rest, b""
        self._turn_at = self.loop.time()
        try:
            is_done = self._sift(rest)
        except BaseException:
            # As the loop does if `data_received` fails.
            self.transport.abort()
            raise
        if is_done and not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    # --- closing --------------------------------------------------------------------------------

    @property
    def _linger(self) -> Linger | None:
        """The wait for the peer's end, from the close frame on. uvicorn looks whether there is a
        `close_timer`, and cancels it when the connection is lost.
        """
        return self.close_timer  # type: ignore[return-value]

    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] != "websocket.close" or not self.handshake_complete:
            await super().send(message)
        elif not (self.close_sent or self.disconnected or self.transport.is_closing()):
            # Without waiting for a peer that takes nothing: the frame is written behind what the
            # transport still holds, and read if the peer ever comes to it.
            code, reason = message.get("code", 1000), message.get("reason") or ""
            self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
            self.conn.send_close(code, reason)
            self._write_close()

    def handle_parser_exception(self) -> None:
        """Close with the code that the parser has decided on."""
        close = self.conn.close_sent
        assert close is not None, "the parser has failed"
        self.queue.put_nowait(
            {"type": "websocket.disconnect", "code": close.code, "reason": close.reason}
        )
        self._write_close()

    def shutdown(self) -> None:
        if self._linger is None and self.handshake_complete and not self.transport.is_closing():
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1012})
            self.conn.send_close(1012)
            self._write_close()
        if self._linger is not None:
            self._linger.shorten(_SHUTDOWN_S)
        else:
            super().shutdown()

    def _write_close(self) -> None:
        """Write the close frame; from now on what comes is only looked through for the peer's."""
        self.stop_keepalive()
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        linger = Linger(self.transport, self.loop, self._limits)
        self.close_timer = linger  # type: ignore[assignment]
        self.read_paused = False
        self.transport.resume_reading()
        rest, self._rest = self._rest, b""
        self._discard(linger, rest)

    def _discard(self, linger: Linger, data: bytes) -> None:
        """Follow the frames without looking into them, up to the peer's close frame."""
        linger.discard(len(data))
        if self.transport.is_closing() or not self._sifts:
            return
        if self._rest:
            data = self._rest + data
            self._rest = b""
        size = len(data)
        at = 0
        while at < size:
            if self._owed:
                step = min(self._owed, size - at)
                self._owed -= step
                at += step
                continue
            extent = frame_extent(data, at)
            if extent is None:
                break
            start, end = extent
            if data[at] == _FINAL_CLOSE and end - start <= _MAX_CONTROL_BYTES:
                if end > size:
                    break
                linger.end()
                return
            self._owed = end - at
        self._rest = data[at:]

    # --- patience -------------------------------------------------------------------------------

    def keepalive_timeout(self) -> None:
        """Called when a pong is late: look again in a moment."""
        self.pong_timer = self.loop.call_later(_GRACE_S, self._judge)

    def _judge(self) -> None:
        is_reading = not (self.read_paused or self._is_put_off)
        if is_reading and self._heard_at < self.ping_sent_at:
            super().keepalive_timeout()
            return
        self.pong_timer = None
        self.pending_ping_payload = None
        self.schedule_ping()


def _framed(connection: Any, message: MutableMapping[str, Any]) -> bytes:
    """Return the frame of a message, which others may be sent too."""
    if connection.extensions and _is_long(message) and _takes_deflated(connection):
        return _deflated_frame(message)
    frame: bytes | None = message.get(_FRAME)
    return frame or _encoded(message)


def _takes_deflated(connection: Any) -> bool:
    """Return True if a peer takes the frames that others are sent, compressed."""
    bits: int = connection.extensions[0].local_max_window_bits
    return bits >= _WINDOW_BITS


def _is_long(message: MutableMapping[str, Any]) -> bool:
    data: bytes | str | None = message.get("bytes")
    return len(message["text"] if data is None else data) >= _LONG_BYTES


def _deflated_frame(message: MutableMapping[str, Any]) -> bytes:
    """Return the frame of a message, compressed on its own (RFC 7692, section 7.2.1).

    The message keeps it for its other receivers.
    """
    frame: bytes | None = message.get(_DEFLATED)
    if frame is None:
        data: bytes | None = message.get("bytes")
        head = _FINAL_TEXT if data is None else _FINAL_BINARY
        payload = message["text"].encode() if data is None else data
        deflate = zlib.compressobj(wbits=-_WINDOW_BITS, memLevel=_MEMORY_LEVEL)
        short = deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH)
        frame = message[_DEFLATED] = encode_frame(head | _COMPRESSED, short[:-4])
    return frame


def frame_extent(data: bytes, at: int) -> tuple[int, int] | None:
    """Return the start and end of the payload of the frame at `at` (RFC 6455, section 5.2).

    Returns:
        None if so much of it is not there that it cannot be told. The end may lie past the data.
    """
    if len(data) < at + 2:
        return None
    length = data[at + 1] & 0x7F
    start = at + 2
    if length >= 126:
        width = 2 if length == 126 else 8
        if len(data) < start + width:
            return None
        length = int.from_bytes(data[start : start + width])
        start += width
    if data[at + 1] & _MASKED:
        start += 4
    return start, start + length


def _encoded(message: MutableMapping[str, Any]) -> bytes:
    """Return the frame of a `websocket.send` message, and keep it there if it is short."""
    data: bytes | None = message.get("bytes")
    if data is None:
        frame = encode_frame(_FINAL_TEXT, message["text"].encode())
    else:
        frame = encode_frame(_FINAL_BINARY, data)
    if len(frame) <= _SHORT_BYTES:
        message[_FRAME] = frame
    return frame


def encode_frame(head: int, payload: bytes) -> bytes:
    """A frame as a server sends it, unmasked and uncompressed (RFC 6455, section 5.2)."""
    length = len(payload)
    if length < 126:
        return bytes((head, length)) + payload
    if length < 1 << 16:
        return bytes((head, 126)) + length.to_bytes(2) + payload
    return bytes((head, 127)) + length.to_bytes(8) + payload
