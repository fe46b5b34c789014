"""The WebSocket endpoints: `/ws`, `/yjs/{document}` and `/hocuspocus`; thin shells around sessions.

This is a plain ASGI application: a socket that idles costs no task and no framework objects.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from app.audit.audit_kind import ACCESS_REFUSED
from app.http.credentials import credentials_of
from app.http.origin import is_allowed_origin
from app.http.problem import HttpCode
from app.identity.cookie_names import CookieNames
from app.identity.credential import TICKET_PREFIX, Door
from app.identity.tokens.ticket import Tickets
from app.identity.watch import Change
from app.logs.log_context import start_context
from app.server.linger import reset
from app.server.peer_address import peer_key
from app.server.quire_websocket import WIRE, QuireWebSocket
from app.service.backend import Backend
from app.settings import Settings
from app.socket_gatekeeper import SocketGatekeeper
from app.socket_life import DisconnectedError, Line, PlainLine, SocketLife
from app.socket_review import SocketReviews
from sync.error import CloseCode
from sync.names import Dialect
from sync.shells.clock import now_ms
from sync.shells.rooms.sink import Frame, singles
from sync.shells.rooms.tally import Tally
from sync.shells.sessions.hocuspocus_session import HocuspocusSession
from sync.shells.sessions.outbox import SlowConsumerError, Wire
from sync.shells.sessions.quire_session import Session
from sync.shells.sessions.socket import TOO_MANY_RETRY_S, SessionClosedError, Socket
from sync.shells.sessions.yws_session import YwsSession
from sync.wire.message import (
    JSON_SUBPROTOCOL,
    MSGPACK_SUBPROTOCOL,
    Encoding,
    ServerInfo,
)

_log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AnySession = Socket

ENCODINGS: Final[dict[str, Encoding]] = {
    JSON_SUBPROTOCOL: "json",
    MSGPACK_SUBPROTOCOL: "msgpack",
}
NATIVE_PATH: Final = "/ws"
YWS_PATH: Final = "/yjs/"
"""A document's name follows."""
HOCUSPOCUS_PATH: Final = "/hocuspocus"
DIALECTS: Final[Mapping[type[Socket], Dialect]] = {
    Session: "quire",
    YwsSession: "y-websocket",
    HocuspocusSession: "hocuspocus",
}
GONE: Final = "gone"
"""Counted in place of the close code of a socket that its peer has left."""
_CLOSE_TIMEOUT_S: Final = 5.0
_END_TIMEOUT_S: Final = 1.0
_SWEPT_AT_ONCE: Final = 1_000
"""So many sockets are looked at in a few milliseconds."""


class Sockets:
    """The open sockets of one process."""

    def __init__(
        self,
        backend: Backend,
        settings: Settings,
        server: ServerInfo,
        cookies: CookieNames,
        tickets: Tickets | None = None,
    ) -> None:
        self._rooms = backend.rooms
        self._meter = backend.rooms.meter
        self._backend = backend
        self._tickets = tickets
        self._cookies = cookies
        self._settings = settings
        self._server = server
        self._open: dict[str, SocketLife] = {}
        self._on_end = self._ended
        self._by_address = Tally(backend.rooms.limits.max_sockets_per_address)
        self._none_open = asyncio.Event()
        self._none_open.set()
        self.reviews = SocketReviews()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Socket]:
        return iter(self._sessions())

    def stop_reading(self) -> None:
        """Read no more from any socket; frames already read are still answered."""
        for life in self._open.values():
            life.session.stop_reading()

    async def drain(self, window_s: float) -> None:
        """Close every socket with 1012, spread over a window; queued messages are sent first."""
        sessions = self._sessions()
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number, session in enumerate(sessions):
            early = start + window_s * number / len(sessions) - loop.time()
            if early > 0:
                await asyncio.sleep(early)
            session.end(CloseCode.RESTART, "the server restarts")
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await self._none_open.wait()

    async def wait_closed(self) -> None:
        """Wait for the sockets whose end has begun, for a moment; those left end with the loop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_TIMEOUT_S):
                await self._none_open.wait()

    async def sweep(self) -> None:
        """Close sockets that no longer take data, and send keep-alives, until cancelled."""
        timeout_s = self._settings.slow_consumer_timeout_s
        patience_s = self._settings.auth_timeout_s
        while True:
            await asyncio.sleep(min(1.0, timeout_s / 4, patience_s / 4))
            lives = list(self._open.values())
            for start in range(0, len(lives), _SWEPT_AT_ONCE):
                self._sweep(lives[start : start + _SWEPT_AT_ONCE])
                await asyncio.sleep(0)  # others have their turn

    def _sweep(self, lives: Sequence[SocketLife]) -> None:
        timeout_s = self._settings.slow_consumer_timeout_s
        patience_s = self._settings.auth_timeout_s
        now_s, at_ms = time.monotonic(), now_ms()
        for life in lives:
            session = life.session
            try:
                if not session.outbox.is_idle:
                    session.outbox.give_up_if_stalled(timeout_s)
                session.keep_alive(now_s)
                if (
                    session.user is None
                    and session.awaits_proof
                    and now_s - life.since_s >= patience_s
                ):
                    session.end(CloseCode.NOT_AUTHENTICATED, "not authenticated in time")
                if at_ms >= session.quiet_until_ms:
                    self.reviews.ask_if_due(session, at_ms)
            except Exception:  # noqa: BLE001 - a defect costs one socket, not the process (P8)
                _log.exception("session %s failed", session.id)
                session.end(CloseCode.INTERNAL, "internal error")

    async def review_forever(self) -> None:
        """Make the reviews that are asked for, until cancelled."""
        # If this begins anew after a failure, some that were asked for may be lost.
        self.review(None)
        await self.reviews.run()

    def review(self, changes: Sequence[Change] | None) -> None:
        """Have every socket that changed permissions may concern ask again, in the background.

        Args:
            changes: None: whatever there is may have changed.
        """
        self.reviews.changed(self._sessions(), changes)

    def _sessions(self) -> list[AnySession]:
        return [life.session for life in self._open.values()]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """The ASGI application of all WebSockets."""
        assert scope["type"] == "websocket", "sockets take WebSocket connections"
        await receive()
        if not self._is_allowed(scope):
            self._note_foreign_origin(scope)
            self._meter.closed[str(int(CloseCode.NOT_ALLOWED))] += 1
            await send({"type": "websocket.close", "code": CloseCode.NOT_ALLOWED})
            return
        session_id = secrets.token_hex(8)
        start_context(session=session_id)
        wire = scope.get("extensions", {}).get(WIRE)
        subprotocol, session = self._session(session_id, scope, self._wire(send, wire))
        if session is None and subprotocol is None:
            self._meter.closed[str(int(CloseCode.UNUSABLE))] += 1
            await send({"type": "websocket.close", "code": CloseCode.UNUSABLE})
            return
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        if session is None:
            await self._close(send, CloseCode.UNUSABLE, "unknown subprotocol")
        elif self._rooms.draining or len(self._open) >= self._rooms.limits.max_sessions:
            await self._close(send, CloseCode.TRY_LATER, "no room for another socket")
        elif not self._by_address.enter(address := peer_key(scope)):
            await self._close_as_one_too_many(send, session)
        elif wire is None:
            line = PlainLine(receive, send)
            life = self._life(session, line, address, scope)
            life.begin()
            try:
                await line.is_finished
            finally:
                life.end(asyncio.CancelledError())
        else:
            life = self._life(session, wire, address, scope)
            wire.listen(session.receive_nowait)
            wire.go_on(life.begin(), life.wake)

    def _life(self, session: AnySession, line: Line, address: str, scope: Message) -> SocketLife:
        ticket = None if self._tickets is None else _ticket_in_address(scope)
        life = SocketLife(
            session,
            line,
            since_s=time.monotonic(),
            address=address,
            ticket=ticket,
            on_end=self._on_end,
        )
        self._open[session.id] = life
        self._none_open.clear()
        self._meter.opened[DIALECTS[type(session)]] += 1
        if ticket is not None and self._tickets is not None:
            # It does not end while its client may come back by it.
            self._tickets.hold(ticket)
        return life

    async def _ended(self, life: SocketLife, error: BaseException) -> None:
        """Close a socket whose life has ended, and count it out."""
        session, line = life.session, life.line
        code, reason = _close_of(session.id, error)
        if isinstance(error, SlowConsumerError):
            self._meter.cut += 1
            if isinstance(line, QuireWebSocket):
                # A close frame would wait behind what the peer does not take, and with it what is
                # kept for the peer.
                code = None
                reset(line.transport)
        self._by_address.leave(life.address)
        del self._open[session.id]
        try:
            if code is None:
                self._meter.closed[GONE] += 1
            else:
                await self._close(line.send, code, reason)
            if life.ticket is not None and self._tickets is not None:
                # One that has not let the socket in is not worth a write.
                await self._tickets.release(life.ticket, was_used=session.user is not None)
        finally:
            line.finish()
            if not self._open:
                self._none_open.set()

    def _wire(self, send: Send, short: QuireWebSocket | None) -> Wire:
        most = self._settings.max_outbox_bytes
        if short is None:

            async def send_whole(frame: Frame) -> None:
                for each in singles(frame):
                    await send(each)

            return Wire(send_whole, most)
        return Wire(send, most, short.write_nowait, short.write_pair_nowait)

    def _session(
        self, session_id: str, scope: Message, wire: Wire
    ) -> tuple[str | None, AnySession | None]:
        """Return the subprotocol to accept and the session of a path; None if there is none.

        The clients of the Yjs dialects choose their subprotocols freely: the first is accepted.
        """
        offered: list[str] = scope.get("subprotocols") or []
        path: str = scope["path"]
        rooms = self._rooms
        if path == NATIVE_PATH:
            subprotocol, encoding = _negotiate(offered)
            if encoding is None:
                return subprotocol, None
            gatekeeper = self._gatekeeper(scope, "quire")
            native = Session(session_id, rooms, gatekeeper, self._server, wire, encoding)
            return subprotocol, native
        query = parse_qs(scope.get("query_string", b"").decode("ascii", "replace"))
        name = query.get("name", [None])[0]
        first = offered[0] if offered else None
        if path.startswith(YWS_PATH):
            return first, YwsSession(
                session_id,
                rooms,
                self._gatekeeper(scope, "y-websocket"),
                wire,
                document=path.removeprefix(YWS_PATH),
                token=query.get("token", [None])[0],
                name=name,
            )
        if path.rstrip("/") == HOCUSPOCUS_PATH:
            gatekeeper = self._gatekeeper(scope, "hocuspocus")
            return first, HocuspocusSession(session_id, rooms, gatekeeper, wire, name=name)
        return None, None

    def _gatekeeper(self, scope: Message, door: Door) -> SocketGatekeeper:
        shown = credentials_of(HTTPConnection(scope), door, self._cookies)
        return SocketGatekeeper(self._backend, shown)

    def _note_foreign_origin(self, scope: Message) -> None:
        client, path = scope.get("client"), str(scope["path"])
        document = path.removeprefix(YWS_PATH) if path.startswith(YWS_PATH) else None
        address = client[0] if client else ""
        self._backend.audit.note(
            ACCESS_REFUSED, None, address, document, code=HttpCode.FOREIGN_ORIGIN, door="socket"
        )

    def _is_allowed(self, scope: Message) -> bool:
        headers = Headers(scope=scope)
        return is_allowed_origin(
            headers.get("origin"),
            headers.get("host"),
            self._settings.allowed_origins,
            self._settings.public_url,
        )

    async def _close_as_one_too_many(self, send: Send, session: AnySession) -> None:
        if isinstance(session, Session):
            reason = f"Too many connections from this address. retry_after={TOO_MANY_RETRY_S:g}"
            await self._close(send, CloseCode.TOO_MANY, reason)
        else:
            # Stock clients of the Yjs dialects would never come back after 4429.
            await self._close(send, CloseCode.TRY_LATER, "too many connections from this address")

    async def _close(self, send: Send, code: CloseCode, reason: str) -> None:
        """Close with a code, if the transport still takes it."""
        self._meter.closed[str(int(code))] += 1
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await send({"type": "websocket.close", "code": int(code), "reason": reason})
        except (OSError, RuntimeError, TimeoutError):
            _log.debug("the peer was gone before it could be told %s", code)


def _close_of(session_id: str, error: BaseException) -> tuple[CloseCode | None, str]:
    """Return the code and the reason with which a socket is closed; None: it is gone."""
    match error:
        case SessionClosedError():
            return error.code, error.reason
        case SlowConsumerError():
            return CloseCode.TRY_LATER, "too slow"
        case DisconnectedError() | OSError() | asyncio.CancelledError():
            return None, ""
    _log.error("session %s failed", session_id, exc_info=error)
    return CloseCode.INTERNAL, "internal error"


def _negotiate(offered: list[str]) -> tuple[str | None, Encoding | None]:
    """Return the subprotocol to accept, and the encoding that it means; None if none is known.

    Offering nothing is JSON. Of unknown ones the first is accepted, so that the close code that
    follows reaches the client.
    """
    if not offered:
        return None, "json"
    for name in offered:
        if name in ENCODINGS:
            return name, ENCODINGS[name]
    return offered[0], None


def _ticket_in_address(scope: Message) -> str | None:
    """Return the ticket with which a y-websocket client comes, and will come back."""
    if not scope["path"].startswith(YWS_PATH):
        return None
    query = parse_qs(scope.get("query_string", b"").decode("ascii", "replace"))
    token = query.get("token", [""])[0]
    return token if token.startswith(TICKET_PREFIX) else None
