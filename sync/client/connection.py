"""The client's connection: one socket, many documents, kept up until it is closed.

    async with connect("http://127.0.0.1:8000", name="Ada") as client:
        doc = await client.join("notes")
        version = await doc.insert(0, "Hello")

`sync.client.client_core` decides; this module waits for the socket. One task
keeps the connection up and reads, one writes; both end with the `async with`.
"""

import asyncio
import random
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit, urlunsplit

from msgspec import UNSET, DecodeError
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from sync.client.client_fact import Connected, Left, Lost, Received
from sync.client.policy import reconnect_delay_s
from sync.client.remote_document import ConnectionLost, Document
from sync.client.transport import Timing, Transport, dial
from sync.error import ClientAction, ErrorCode, QuireError, client_action
from sync.names import is_document_name
from sync.wire.message import (
    Auth,
    AuthOk,
    ClientMessage,
    CursorMove,
    Encoding,
    ErrorMessage,
    ServerMessage,
    UserInfo,
)

TokenSource = str | Callable[[], Awaitable[str]]
"""A token, or a function that fetches a new one for each connection."""

_BACK_OFF: Final = ClientAction.BACK_OFF
_PERMANENT_STATUSES: Final = frozenset({400, 401, 403, 404, 405, 410, 426})
"""The HTTP statuses of a refused handshake that trying again does not change."""


class NotSaved(ConnectionLost):
    """A close before these edits were acknowledged; they may be committed or not."""

    def __init__(self, unacknowledged: dict[str, int]) -> None:
        listed = ", ".join(f"{count} in {name}" for name, count in unacknowledged.items())
        super().__init__(f"edits without an acknowledgement: {listed}")
        self.unacknowledged = unacknowledged
        """Edits by document."""


class Client:
    """A connection that is kept up; use it through `connect`. Belongs to one event loop."""

    def __init__(
        self,
        url: str,
        *,
        name: str | None,
        token: TokenSource | None,
        encoding: Encoding,
        timing: Timing,
    ) -> None:
        self.url = socket_url(url)
        self.user: UserInfo | None = None
        """The own user, as the server has it; None before the first connection."""
        self.session: str | None = None
        """The id of the connection; a new one after each reconnect, None while offline."""
        self._name = name
        self._token = token
        self._encoding: Encoding = encoding
        self._timing = timing
        self._documents: dict[str, Document] = {}
        self._joining: dict[str, int] = {}
        self._limits: Connected | None = None
        self._outbox: deque[ClientMessage] = deque()
        self._pointers: dict[str, CursorMove] = {}
        self._writable = asyncio.Event()
        self._changed = asyncio.Event()
        self._failure: QuireError | ConnectionLost | None = None
        self._last_problem = "no answer"
        self._retry_after_s = 0.0
        self._attempt = 0
        self._tasks = asyncio.TaskGroup()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def is_online(self) -> bool:
        """True while there is an authenticated connection."""
        return self.session is not None

    async def wait_online(self, *, online: bool = True) -> None:
        """Wait until there is a connection, or (`online=False`) until there is none.

        Raises:
            ConnectionLost, QuireError: there will be none.
        """
        while self.is_online is not online:
            if self._failure is not None:
                raise self._failure
            await self._changed.wait()

    async def join(self, name: str) -> Document:
        """Join a document; it is created if there is none and one may. Returns with its text.

        Waits while the server says that it is worth waiting for. Joining twice gives the same
        object. Cancelling gives up joining.

        Raises:
            ValueError: not a document's name.
            QuireError: refused: `unknown_document`, `forbidden`, `rate_limited` …
            ConnectionLost: the client is closed.
        """
        if not is_document_name(name):
            raise ValueError(f"{name!r} cannot be a document's name")
        if self._failure is not None:
            raise self._failure
        document = self._documents.get(name)
        if document is None:
            document = self._documents[name] = Document(
                name,
                new_id=lambda: secrets.token_urlsafe(12),
                send=self._send_nowait,
                dismiss=self._dismiss,
            )
            if self._limits is not None:
                document.tell(self._limits)
        self._joining[name] = self._joining.get(name, 0) + 1
        try:
            await document.until_welcome()
        finally:
            self._joining[name] -= 1
            if not self._joining[name]:
                del self._joining[name]
                if not document.is_welcome:
                    document.tell(Left())
        return document

    # --- life -----------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._keeper = self._tasks.create_task(self._keep_up(), name=f"quire client {self.url}")
        try:
            async with asyncio.timeout(self._timing.connect_timeout_s):
                await self.wait_online()
        except TimeoutError:
            await self._stop()
            text = f"no connection to {self.url}: {self._last_problem}"
            raise ConnectionLost(text) from None
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                await self._wait_for_acknowledgements()
        finally:
            unacknowledged = self._unacknowledged()
            if isinstance(error, asyncio.CancelledError):
                # It may be the task group that cancelled, because a task of it has failed.
                await self._stop(kind, error, trace)
            else:
                await self._stop()
        if kind is None and unacknowledged:
            raise NotSaved(unacknowledged)

    async def _wait_for_acknowledgements(self) -> None:
        try:
            async with asyncio.timeout(self._timing.close_timeout_s):
                for document in list(self._documents.values()):
                    await document.settled()
        except (TimeoutError, QuireError, ConnectionLost):
            return  # What is left is counted and reported.

    def _unacknowledged(self) -> dict[str, int]:
        return {
            document.name: document.unacknowledged
            for document in self._documents.values()
            if document.unacknowledged
        }

    async def _stop(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
        self._failure = self._failure or ConnectionLost("the client is closed")
        try:
            await self._tasks.__aexit__(kind, error, trace)
        finally:
            self._offline()
            for document in list(self._documents.values()):
                document.close(None)

    # --- for documents --------------------------------------------------------------------------

    def _send_nowait(self, message: ClientMessage) -> None:
        """Queue a message for the socket there is. Bounded by what documents send unasked: a join
        and one edit each, and their newest cursors."""
        if isinstance(message, CursorMove):
            self._pointers[message.doc] = message
        else:
            self._outbox.append(message)
        self._writable.set()

    def _dismiss(self, document: Document) -> None:
        """Forget a document that has ended."""
        if self._failure is None and self._documents.get(document.name) is document:
            del self._documents[document.name]

    # --- the connection -------------------------------------------------------------------------

    async def _keep_up(self) -> None:
        """Keep a connection up until the server or the user says stop."""
        while True:
            action = await self._one_connection()
            self._offline()
            if action is ClientAction.STOP:
                break
            fraction = random.random()
            pause = reconnect_delay_s(action, self._attempt, fraction, self._retry_after_s)
            self._attempt += 1
            self._retry_after_s = 0.0
            await asyncio.sleep(pause)
        if self._failure is None:
            self._failure = ConnectionLost(f"{self.url}: {self._last_problem}")
        for document in list(self._documents.values()):
            document.close(self._failure)
        self._notify()

    async def _one_connection(self) -> ClientAction:
        """Use one connection for as long as it lasts; return what to do after it."""
        timing = self._timing
        try:
            async with dial(self.url, self._encoding, timing) as socket:
                transport = Transport(socket, self._encoding)
                try:
                    await self._greet(transport)
                    await self._talk(transport)
                except ConnectionClosed:
                    pass
                except (DecodeError, TimeoutError) as error:
                    self._last_problem = f"the server cannot be understood: {error}"
                    return ClientAction.STOP if isinstance(error, DecodeError) else _BACK_OFF
                except QuireError as error:
                    self._failure = error
                    return ClientAction.STOP
        except InvalidStatus as error:
            status = error.response.status_code
            self._last_problem = f"the server answers with HTTP {status}"
            return ClientAction.STOP if status in _PERMANENT_STATUSES else _BACK_OFF
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed) as error:
            self._last_problem = str(error) or type(error).__name__
            return ClientAction.BACK_OFF
        code, reason = socket.close_code or 1006, socket.close_reason or "no reason given"
        self._last_problem = f"the server closed the connection with {code} ({reason})"
        action = client_action(code)
        if action is ClientAction.REAUTHENTICATE:
            # The same token would be refused again.
            return ClientAction.STOP if isinstance(self._token, str) else _BACK_OFF
        return action

    async def _greet(self, transport: Transport) -> None:
        """Authenticate. Raises `QuireError` if that is refused, `TimeoutError` if unanswered."""
        token = self._token
        if token is not None and not isinstance(token, str):
            token = await token()
        name = self._name if token is None else None
        await transport.send(Auth(token, name))
        async with asyncio.timeout(self._timing.connect_timeout_s):
            while True:
                match await transport.receive():
                    case AuthOk() as welcome:
                        break
                    case ErrorMessage(code=code, message=text) as error:
                        if code in (ErrorCode.AUTH_FAILED, ErrorCode.FORBIDDEN):
                            raise QuireError(code, text)
                        self._note(error)
        self.user = welcome.user
        self.session = welcome.session
        self._attempt = 0
        limits = welcome.limits
        self._limits = Connected(limits.max_message_bytes, limits.max_document_chars)
        for document in list(self._documents.values()):
            document.tell(self._limits)
        self._notify()

    async def _talk(self, transport: Transport) -> None:
        """Handle messages while another task writes; return or raise when the socket closes."""
        writer = self._tasks.create_task(self._write(transport), name="quire client writer")
        try:
            async for message in transport.messages():
                self._dispatch(message)
        finally:
            writer.cancel()

    def _dispatch(self, message: ServerMessage) -> None:
        name = getattr(message, "doc", UNSET)
        document = self._documents.get(name) if isinstance(name, str) else None
        if document is not None:
            document.tell(Received(message))
        elif isinstance(message, ErrorMessage) and name is UNSET:
            self._note(message)

    def _note(self, error: ErrorMessage) -> None:
        """Remember an error about the connection: it explains the close that may follow."""
        self._last_problem = error.message
        if isinstance(error.retry_after_s, float | int):
            self._retry_after_s = error.retry_after_s

    async def _write(self, transport: Transport) -> None:
        """Write queued messages, edits before cursors, no faster than the socket takes them."""
        try:
            while True:
                await self._writable.wait()
                self._writable.clear()
                while self._outbox or self._pointers:
                    if self._outbox:
                        message = self._outbox.popleft()
                    else:
                        message = self._pointers.pop(next(iter(self._pointers)))
                    await transport.send(message)
        except ConnectionClosed:
            return  # The reading task sees the close too, and reacts to it.

    def _offline(self) -> None:
        """Forget a closed connection, and the messages that were queued for it."""
        self.session = None
        self._limits = None
        self._outbox.clear()
        self._pointers.clear()
        for document in list(self._documents.values()):
            document.tell(Lost())
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def connect(
    url: str,
    *,
    name: str | None = None,
    token: TokenSource | None = None,
    encoding: Encoding = "msgpack",
    timing: Timing | None = None,
) -> Client:
    """Return a client of the server at `url`, for `async with`.

    Entering it connects, and tries for `timing.connect_timeout_s`. Leaving it normally waits until
    all edits are acknowledged, at most `timing.close_timeout_s`; leaving it with an exception, or
    cancelled, closes it at once. In between the connection is kept up: after a loss it resumes
    where it was, and sends again what was not acknowledged.

    Args:
        url: `http(s)://` or `ws(s)://` and host; `/ws` is added to it, or to the path of an
            `http(s)://` one.
        name: in open mode, the name to be shown.
        token: where the server wants one; or a function that fetches one for each connection.

    Raises, on entering:
        ValueError: not a URL of these.
        ConnectionLost: no server answers there, or it does not speak `quire.v1`.
        QuireError: `auth_failed`.

    Raises, on leaving:
        NotSaved: edits were not acknowledged in time; they may be committed or not.
    """
    return Client(url, name=name, token=token, encoding=encoding, timing=timing or Timing())


def socket_url(url: str) -> str:
    """Return the URL of a server's WebSocket, given that or the URL of its page.

    Raises:
        ValueError: it is neither.
    """
    parts = urlsplit(url)
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"{url!r} is no URL of a server: http://host:port")
    path = parts.path
    if path in ("", "/") or (parts.scheme in ("http", "https") and not path.endswith("/ws")):
        # The address of a server, perhaps below a path.
        path = path.rstrip("/") + "/ws"
    return urlunsplit((schemes[parts.scheme], parts.netloc, path, parts.query, ""))
