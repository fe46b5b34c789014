"""uvicorn's WebSocket, with a short way for frames, patience with a peer that is behind, and closes
that reach a peer which is still sending.

The short way is offered to the application as an ASGI extension, `scope["extensions"][WIRE]`, and
saves most of what a frame costs: a parser, a queue and a task's turn for each one that arrives, a
task, an event and a frame object for each one that leaves. Frames that have to wait for anything
go through `receive` and `send`, as uvicorn's do; and all that is no short, whole message is
left to uvicorn's parser: control frames, fragments, what is large, and what breaks the protocol.

    bytes ──▶ sift ──short message──▶ take ──True──▶ done
                │                       └─False──▶ receive()
                └──all else──▶ uvicorn's parser ──▶ receive()
"""

from collections.abc import Callable, MutableMapping
from typing import Any, Final

from uvicorn._types import ASGISendEvent
from websockets.frames import Frame, Opcode, apply_mask  # type: ignore[attr-defined]

from app.server.lean_websocket import WIRE, LeanWebSocket
from app.server.linger import DEFAULT_LIMITS, Linger, LingerLimits
from app.server.websocket_frame import (
    CONTROL,
    FINAL,
    FINAL_BINARY,
    FINAL_PONG,
    FINAL_TEXT,
    MASKED,
    SHORT_BYTES,
    frame_extent,
    frame_parts,
    framed,
    skip_to_close,
)
from sync.shells.rooms.sink import TAIL

__all__ = ["WIRE", "QuireWebSocket"]

_GRACE_S: Final = 1.0
"""After a standstill of the process its timers run before its sockets are read: for this long what
the peer said meanwhile may still be found."""
_HEAD_BYTES: Final = 6
"""Length of the head, mask included, of a message of at most 125 bytes."""
_MASKED_ONLY: Final = MASKED - _HEAD_BYTES
"""Added to the size of such a frame, it is the frame's second byte."""
_SLICE_S: Final = 0.005
"""For so long the messages of one peer are handled at a stretch; then others have their turn."""
_SHUTDOWN_S: Final = 2.0
"""The time that a peer which was told of its close may send on when the server stops."""


class QuireWebSocket(LeanWebSocket):
    """See the module's docstring.

    It gives up a silent peer, but not one whose pong is merely behind: a pong comes after all that
    its peer sent before, and what a peer sends is not read while too much of it is under way (see
    `sync.shells.sessions.flow`). So a ping that is not answered in time counts only if nothing else
    was received since, either, while it could have been; otherwise another one is sent.

    After its own close frame it reads on and discards until the peer's close frame, or its end, or
    a bound; see `app.server.linger`.

    Args:
        linger: how much of a peer is read after it was told that it is closed.
        options: as `LeanWebSocket`.
    """

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
    )

    def __init__(
        self,
        *arguments: Any,
        linger: LingerLimits = DEFAULT_LIMITS,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._limits = linger
        self._heard_at = 0.0
        """The loop's time at which anything was received last."""
        self._turn_at = 0.0
        """The loop's time since which its messages are being handled."""
        self._take: Callable[[bytes | str], bool] | None = None
        self._is_full = False
        """True while the transport takes no more data."""
        self._longest = min(SHORT_BYTES, self.config.ws_max_size)
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
        if TAIL in message:
            transport.writelines(frame_parts(message, deflates=self._deflates))
        else:
            transport.write(framed(message, deflates=self._deflates))
        return True

    def write_pair_nowait(
        self, first: MutableMapping[str, Any], second: MutableMapping[str, Any]
    ) -> bool:
        """Write two messages, or none, as `write_nowait` does one, in one call of the kernel.

        Neither has a tail.
        """
        transport = self.transport
        if self.close_sent or self._is_full or transport.is_closing():
            return False
        deflates = self._deflates
        transport.write(framed(first, deflates=deflates) + framed(second, deflates=deflates))
        return True

    def pause_writing(self) -> None:
        self._is_full = True
        super().pause_writing()

    def resume_writing(self) -> None:
        self._is_full = False
        super().resume_writing()

    def listen(self, take: Callable[[bytes | str], bool]) -> None:
        """Offer each frame to `take` while the application waits in `receive`.

        What the handshake has left behind is let go.

        Args:
            take: handles a frame and returns True; or does nothing and returns False, and
                `receive` returns it.
        """
        self._take = take
        self.forget_handshake()
        self._drop_parser_if_idle()

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
            if self._parser is not None:
                self._drop_parser_if_idle()
        else:
            was_asked = self.handshake_initiated
            super().data_received(data)
            # Never if frames came with the request, or the request in parts: nobody does that.
            is_request = self.handshake_initiated and not was_asked
            self._sifts = is_request and data.find(b"\r\n\r\n") == len(data) - 4

    def _drop_parser_if_idle(self) -> None:
        if self._sifts and not (self._owed or self._fragmented):
            self._let_go_of_parser()

    def _take_only(self, data: bytes) -> bool:
        """Take what was read if it is one very short message, or a pong, and nothing else.

        Most of what people type arrives like that, and all that comes from idle ones. All else is
        left to `_sift`.
        """
        size = len(data)
        if not _HEAD_BYTES <= size <= self._longest_only or self._owed or self._fragmented:
            return False
        if data[1] != size + _MASKED_ONLY:
            return False
        if data[0] != FINAL_BINARY:
            if data[0] == FINAL_PONG:
                payload = apply_mask(data[_HEAD_BYTES:], data[2:_HEAD_BYTES])
                self.handle_pong(Frame(Opcode.PONG, payload))
                return True
            return data[0] == FINAL_TEXT and self._offer(FINAL_TEXT, data, _HEAD_BYTES, size)
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
            is_plain = head in (FINAL_TEXT, FINAL_BINARY) and data[at + 1] & MASKED
            if not is_plain or self._fragmented or end - start > self._longest:
                if not head & CONTROL:
                    self._fragmented = not head & FINAL
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
            elif self._hand_over(head, data, start, end):
                done = end
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
        if head == FINAL_BINARY:
            return self._take(payload)
        try:
            text = str(payload, "utf-8")
        except UnicodeDecodeError:
            return False
        return self._take(text)

    def _hand_over(self, head: int, data: bytes, start: int, end: int) -> bool:
        """Have `receive` return the message there, as the parser would; False: it has to look."""
        if self.close_sent:
            return False
        payload = apply_mask(data[start:end], data[start - 4 : start])
        if head == FINAL_BINARY:
            self.queue.put_nowait({"type": "websocket.receive", "bytes": payload})
        else:
            try:
                text = str(payload, "utf-8")
            except UnicodeDecodeError:
                return False
            self.queue.put_nowait({"type": "websocket.receive", "text": text})
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()
        return True

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
        self._rest, self._owed, is_closed = skip_to_close(self._rest + data, self._owed)
        if is_closed:
            linger.end()

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
