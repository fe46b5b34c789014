"""A joined document, for its users: text, edits, events.

The asyncio half of `sync.client.client_core`.

All objects belong to the event loop of their client. Only the `async` methods wait.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Self

from sync.client.client_core import DocumentCore
from sync.client.client_fact import (
    Announce,
    ClientFact,
    DocumentEvent,
    Edited,
    End,
    Left,
    Reject,
    Resolve,
    Selected,
    Send,
    Tick,
    Wake,
    Welcome,
)
from sync.client.roster import RemoteCursor
from sync.error import QuireError
from sync.names import Role
from sync.text.delta import DeltaError, Ops, deletion, insertion
from sync.wire.message import ClientMessage, MemberInfo

MAX_UNREAD_EVENTS: Final = 10_000
"""Events that wait for a slow `async for`; past it, that iterator ends with `EventsLost`."""


class ConnectionLost(ConnectionError):
    """The loss of the connection for good: it was closed, or the server said stop."""


class EventsLost(RuntimeError):
    """The end of an iterator that was read too slowly; the document itself is up to date."""


class Events:
    """The events of one document from now on, for `async for`. One reader.

    Ends when the document is left or the client closed, with `QuireError` or `ConnectionLost` if
    that was not asked for. Cancelling a wait loses nothing.
    """

    def __init__(self, document: "Document") -> None:
        self._document = document
        self._unread: deque[DocumentEvent] = deque()
        self._news = asyncio.Event()
        self._lost = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> DocumentEvent:
        while not self._unread:
            if self._lost:
                raise EventsLost(f"more than {MAX_UNREAD_EVENTS} events were not read")
            if self._document.is_closed:
                if self._document.failure is not None:
                    raise self._document.failure
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._unread.popleft()

    def close(self) -> None:
        """Stop collecting events."""
        self._document.forget(self)

    def put_nowait(self, event: DocumentEvent) -> None:
        """Add an event; called by the document."""
        if len(self._unread) >= MAX_UNREAD_EVENTS:
            self._lost = True
            self.close()
        else:
            self._unread.append(event)
        self._news.set()

    def wake(self) -> None:
        """Wake the reader; called by the document when it has ended."""
        self._news.set()


class Document:
    """One joined document; `Client.join` makes it.

    The text is shown as if the own edits were committed already; `version` is the newest of the
    log that is in it. Positions are code points of `text` as it is at the call.
    """

    def __init__(
        self,
        name: str,
        *,
        new_id: Callable[[], str],
        send: Callable[[ClientMessage], None],
        dismiss: Callable[["Document"], None],
    ) -> None:
        self.name = name
        self._send_nowait = send
        self._dismiss = dismiss
        self._core = DocumentCore(name, new_id)
        self._futures: dict[int, asyncio.Future[int]] = {}
        self._tickets = 0
        self._changed = asyncio.Event()
        self._events: list[Events] = []
        self._timer: asyncio.TimerHandle | None = None
        self.is_closed = False
        """True after it was left, refused, or closed with its client."""
        self.failure: QuireError | ConnectionLost | None = None
        """The reason why it is closed; None if the user asked for that."""

    # --- state ----------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The text, own edits included."""
        return self._core.text

    @property
    def committed_text(self) -> str:
        """The text at `version`, exactly as the log has it."""
        return self._core.committed

    @property
    def version(self) -> int:
        return self._core.version

    @property
    def epoch(self) -> str:
        """The name of the log; a version means something within one epoch only."""
        return self._core.epoch or ""

    @property
    def role(self) -> Role:
        """The own role in the document."""
        return self._core.role

    @property
    def members(self) -> list[MemberInfo]:
        """The sessions that are in the document, oneself included; empty while offline."""
        return list(self._core.roster.members.values())

    @property
    def cursors(self) -> dict[str, RemoteCursor]:
        """The others' cursors by session, moved along with the text."""
        return dict(self._core.roster.cursors)

    @property
    def unacknowledged(self) -> int:
        """The number of own edits that are not known to be committed."""
        return self._core.pending.count

    # --- edits ----------------------------------------------------------------------------------

    async def insert(self, pos: int, text: str) -> int:
        """Insert `text` at `pos`; returns the version that has it, after the commit.

        The text shows it at once. Cancelling stops the waiting, not the edit.

        Raises:
            sync.text.delta.DeltaError: it does not fit the text; nothing has happened.
            QuireError: it was refused, and is not in the text any more.
            ConnectionLost: the client was closed first; it may be committed or not.
        """
        return await self.edit(insertion(pos, text))

    async def delete(self, pos: int, length: int) -> int:
        """Delete `length` code points from `pos` on; as `insert`."""
        return await self.edit(deletion(pos, length))

    async def edit(self, ops: Ops) -> int:
        """Make several changes at once, as one event; as `insert`.

        Args:
            ops: a delta as in `sync.text.delta`.
        """
        return await asyncio.shield(self.edit_nowait(ops))

    def insert_nowait(self, pos: int, text: str) -> "asyncio.Future[int]":
        """Insert as `insert` does; return a future. Edits made meanwhile are sent together."""
        return self.edit_nowait(insertion(pos, text))

    def delete_nowait(self, pos: int, length: int) -> "asyncio.Future[int]":
        """Delete as `delete` does; return a future."""
        return self.edit_nowait(deletion(pos, length))

    def edit_nowait(self, ops: Ops) -> "asyncio.Future[int]":
        """Edit as `edit` does; return a future, which nobody has to await (see `settled`)."""
        self._raise_if_closed()
        self._tickets += 1
        ticket = self._tickets
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_look_at)
        self._futures[ticket] = answer
        try:
            self.tell(Edited(ticket, ops))
        except (DeltaError, QuireError):
            del self._futures[ticket]
            raise
        return answer

    async def settled(self) -> None:
        """Wait until no own edit is left without an answer.

        Raises:
            QuireError: the document has ended, with edits refused.
            ConnectionLost: the client was closed first.
        """
        await self._until(lambda: not self._core.pending)

    async def wait_for(self, version: int) -> str:
        """Wait until the text is at `version` or later, and return it.

        Raises:
            QuireError: the document has ended before.
            ConnectionLost: the client was closed before.
        """
        await self._until(lambda: self.version >= version)
        return self.text

    def events(self) -> Events:
        """Return the events from this call on: committed changes, own ones included."""
        events = Events(self)
        self._events.append(events)
        return events

    def cursor(self, anchor: int | None, head: int | None = None) -> None:
        """Show the own cursor to the others; `anchor` None: hide it. Sent as soon as possible.

        Raises:
            ValueError: it is outside the text.
        """
        self._raise_if_closed()
        if anchor is None:
            self.tell(Selected(None))
            return
        head = anchor if head is None else head
        if not (0 <= anchor <= len(self.text) and 0 <= head <= len(self.text)):
            raise ValueError(f"the text ends at {len(self.text)}")
        self.tell(Selected((anchor, head)))

    async def leave(self) -> None:
        """Wait for own edits as `settled` does, then leave the document.

        Cancelled, the document stays joined.
        """
        await self.settled()
        self.tell(Left())

    # --- for the client -------------------------------------------------------------------------

    @property
    def is_welcome(self) -> bool:
        """True once the server has sent the document."""
        return self._core.epoch is not None

    def tell(self, fact: ClientFact) -> None:
        """Pass a fact to the core and execute its effects; never waits.

        Raises:
            DeltaError, QuireError: an edit that cannot be; nothing has happened.
        """
        for effect in self._core.handle(fact, asyncio.get_running_loop().time()):
            match effect:
                case Send(message=message):
                    self._send_nowait(message)
                case Resolve(tickets=tickets, version=version):
                    for ticket in tickets:
                        self._answer(ticket, version)
                case Reject(tickets=tickets, why=why):
                    for ticket in tickets:
                        self._answer(ticket, QuireError.of(why))
                case Announce(event=event):
                    for events in list(self._events):
                        events.put_nowait(event)
                case Wake(delay_s=delay_s):
                    self._cancel_timer()
                    loop = asyncio.get_running_loop()
                    self._timer = loop.call_later(delay_s, self.tell, Tick())
                case End(why=refused):
                    self.close(None if refused is None else QuireError.of(refused))
                case Welcome():
                    pass
        self._changed.set()
        self._changed = asyncio.Event()

    def close(self, failure: QuireError | ConnectionLost | None) -> None:
        """End the document and everything that waits for it."""
        if self.is_closed:
            return
        self.is_closed = True
        self.failure = failure
        self._cancel_timer()
        self._dismiss(self)
        for ticket in list(self._futures):
            self._answer(ticket, failure or ConnectionLost("the client was closed"))
        for events in list(self._events):
            events.wake()
        self._changed.set()

    def forget(self, events: Events) -> None:
        """Stop passing events to an iterator."""
        if events in self._events:
            self._events.remove(events)

    async def until_welcome(self) -> None:
        """Wait for the server's answer to the join; raises its refusal."""
        await self._until(lambda: self.is_welcome)

    def _answer(self, ticket: int, result: int | Exception) -> None:
        answer = self._futures.pop(ticket, None)
        if answer is None or answer.done():
            return
        if isinstance(result, Exception):
            answer.set_exception(result)
        else:
            answer.set_result(result)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._raise_if_closed()
            await self._changed.wait()

    def _raise_if_closed(self) -> None:
        if self.failure is not None:
            raise self.failure
        if self.is_closed:
            raise ConnectionLost(f"{self.name} is not joined any more")


def _look_at(answer: "asyncio.Future[int]") -> None:
    """Keep asyncio from complaining about a refusal that nobody awaited."""
    if not answer.cancelled():
        answer.exception()
