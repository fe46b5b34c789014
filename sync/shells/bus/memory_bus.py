"""The bus within one process: for several `Rooms` in one test, or on one event loop.

It loses nothing by itself; `MemoryHub.interrupt` makes it lose everything, as Redis does when it is
away. Like Redis it delivers in order, also to the sender, and never within the call that sends.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

from sync.port import MAX_BUS_PAYLOAD_BYTES, BusCounters, BusListener
from sync.shells.bus.listener import SafeListener


class MemoryHub:
    """The connection between the buses that come from it."""

    def __init__(self) -> None:
        self.is_up = True
        self._buses: list[MemoryBus] = []
        self._era = 0
        """The number of interruptions: messages of an earlier era are lost."""

    def bus(self) -> "MemoryBus":
        """Return another end of it, as another process would have."""
        bus = MemoryBus(self)
        self._buses.append(bus)
        return bus

    def interrupt(self) -> None:
        """Lose what is under way, and everything from now on."""
        self.is_up = False
        self._era += 1
        for bus in self._buses:
            bus.lose_subscriptions()

    def restore(self) -> None:
        """End the interruption; every bus subscribes anew."""
        self.is_up = True
        for bus in self._buses:
            bus.renew_subscriptions()

    # --- for its buses --------------------------------------------------------------------------

    def soon(self, act: Callable[[], None]) -> None:
        """Do something unless there is an interruption first; after all that was asked before."""
        era = self._era

        def run() -> None:
            if era == self._era:
                act()

        asyncio.get_running_loop().call_soon(run)

    def deliver(self, document: str, payload: bytes) -> None:
        """Give a message to all who are subscribed now."""
        for bus in self._buses:
            bus.take(document, payload)


class MemoryBus:
    """One end of a `MemoryHub`."""

    def __init__(self, hub: MemoryHub) -> None:
        self.counters = BusCounters()
        self._hub = hub
        self._listener: SafeListener | None = None
        self._tickets = count()
        self._wanted: dict[str, int] = {}
        """Each document with the ticket of its latest subscription."""
        self._subscribed: set[str] = set()

    @property
    def is_up(self) -> bool:
        return self._listener is not None and self._hub.is_up

    def publish(self, document: str, payload: bytes) -> None:
        if len(payload) > MAX_BUS_PAYLOAD_BYTES:
            self.counters.oversized += 1
        elif not self.is_up:
            self.counters.dropped += 1
        else:
            self.counters.published += 1
            self._hub.soon(lambda: self._hub.deliver(document, payload))

    def subscribe(self, document: str) -> None:
        if document not in self._wanted:
            self._ask(document)

    def unsubscribe(self, document: str) -> None:
        self._wanted.pop(document, None)
        self._subscribed.discard(document)

    @asynccontextmanager
    async def listening(self, listener: BusListener) -> AsyncIterator[None]:
        assert self._listener is None, "a bus is run once"
        self._listener = SafeListener(listener)
        for document in self._wanted:
            self._ask(document)
        try:
            yield
        finally:
            self._listener = None

    # --- for the hub ----------------------------------------------------------------------------

    def take(self, document: str, payload: bytes) -> None:
        """Pass a message on if its document is subscribed."""
        if self._listener is not None and document in self._subscribed:
            self.counters.received += 1
            self._listener.received(document, payload)

    def lose_subscriptions(self) -> None:
        """Drop all subscriptions, as a lost connection does."""
        self._subscribed.clear()

    def renew_subscriptions(self) -> None:
        """Subscribe anew, as after a new connection."""
        if self._listener is not None:
            self.counters.reconnects += 1
        for document in self._wanted:
            self._ask(document)

    # --- how ------------------------------------------------------------------------------------

    def _ask(self, document: str) -> None:
        self._wanted[document] = ticket = next(self._tickets)
        if self.is_up:
            self._hub.soon(lambda: self._confirm(document, ticket))

    def _confirm(self, document: str, ticket: int) -> None:
        if self._wanted.get(document) == ticket and self._listener is not None:
            self._subscribed.add(document)
            self._listener.subscribed(document)
