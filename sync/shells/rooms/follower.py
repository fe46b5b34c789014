"""The follower: has rooms look at the log when other processes may have appended to it.

The bus announces that at once, but may lose messages. So the heads of open documents are compared
with the log after each outage of the bus, and also at an interval. A false message costs a look.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final

from sync.fact import Announced, Connected, Fact, RelayReceived
from sync.port import DocumentRecord, EventLog, StoreError
from sync.room.room import Room
from sync.shells.rooms.announcer import Announcer
from sync.shells.rooms.registry import Registry
from sync.wire.news import Appended, decode_news
from sync.wire.relay import Sealed

_log = logging.getLogger(__name__)

_HEADS_AT_ONCE: Final = 500
"""Documents whose heads are read in one query."""
_STORE_RETRY_S: Final = 1.0


class Follower:
    """The receiving side of one process on the bus, and the head checks; a `BusListener`.

    Args:
        registry: the open rooms.
        announcer: the sending side; None: there is no bus, and head checks find everything.
        tell: hands a fact to a room.
        check_interval_s: how often the log is asked for the heads of all open documents; 0: never.
    """

    def __init__(
        self,
        log: EventLog,
        registry: Registry,
        announcer: Announcer | None,
        *,
        tell: Callable[[Room, Fact], None],
        check_interval_s: float,
    ) -> None:
        self._log = log
        self._registry = registry
        self._announcer = announcer
        self._tell = tell
        self._check_interval_s = check_interval_s
        self._unconfirmed: set[str] = set()
        """Documents about which a message on the bus may have been lost."""
        self._has_unconfirmed = asyncio.Event()
        self._stopped = False

    def stop(self) -> None:
        """Take no more messages, since the process ends."""
        self._stopped = True

    def received(self, document: str, payload: bytes) -> None:
        """Take a message of the bus, which may be malformed or forged."""
        room = self._registry.find(document)
        news = decode_news(payload)
        if room is None or news is None or self._stopped:
            return
        if not isinstance(news, Sealed):
            self._tell(room, Announced(news.version if isinstance(news, Appended) else None))
        elif self._announcer is not None:
            parts = self._announcer.unseal(document, news)
            if parts is not None:
                self._tell(room, RelayReceived(news.sender, news.number, parts))

    def subscribed(self, document: str) -> None:
        """Check a document whose earlier messages may have been lost.

        After an outage of the bus all documents are checked together.
        """
        self._unconfirmed.add(document)
        self._has_unconfirmed.set()
        room = self._registry.find(document)
        if room is not None and not self._stopped:
            self._connect(room)

    def changed(self, document: str) -> None:
        """Have all processes look for changes of a document besides its events."""
        room = self._registry.find(document)
        if room is not None:
            self._tell(room, Announced())
        if self._announcer is not None:
            self._announcer.announce_change(document)

    def _connect(self, room: Room) -> None:
        """Tell a room that it is connected to those of other processes, if it is."""
        announcer = self._announcer
        if announcer is None or announcer.relay_key is None:
            return
        name = announcer.sender_name(room.name)
        if name is not None:
            self._tell(room, Connected(name))

    async def learn_relay_key(self) -> None:
        """Read the key for relayed messages from the log; try until that succeeds."""
        assert self._announcer is not None, "without a bus nothing is relayed"
        while self._announcer.relay_key is None:
            try:
                self._announcer.relay_key = await self._log.relay_key()
            except StoreError as error:
                _log.warning("presence is not shared with other processes yet: %s", error)
                await asyncio.sleep(_STORE_RETRY_S)
        for entry in list(self._registry.entries.values()):
            self._connect(entry.room)

    async def check_heads(self) -> None:
        """Check heads after each outage of the bus and at an interval, until cancelled."""
        clock = asyncio.get_running_loop().time
        interval_s = self._check_interval_s or math.inf
        due_s = clock() + interval_s
        # Not empty if this begins anew after a failure: what was asked for then may be lost.
        self._unconfirmed |= self._registry.entries.keys()
        self._has_unconfirmed.set()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due_s if due_s < math.inf else None):
                    await self._has_unconfirmed.wait()
            self._has_unconfirmed.clear()
            unconfirmed, self._unconfirmed = self._unconfirmed, set()
            names: Collection[str] = unconfirmed
            if clock() >= due_s:
                names = list(self._registry.entries)
                due_s = clock() + interval_s
            if not await self._check(names):
                due_s = min(due_s, clock() + _STORE_RETRY_S)

    async def _check(self, names: Collection[str]) -> bool:
        """Have rooms that are behind the log look at it; False if the store does not answer."""
        rooms = [room for name in names if (room := self._registry.find(name)) is not None]
        for start in range(0, len(rooms), _HEADS_AT_ONCE):
            part = rooms[start : start + _HEADS_AT_ONCE]
            try:
                heads = await self._log.heads([room.key for room in part])
            except StoreError as error:
                _log.warning("the heads could not be checked: %s", error)
                return False
            for room in part:
                if _is_behind(room, heads.get(room.key)) and self._registry.find(room.name) is room:
                    self._tell(room, Announced())
        return True


def _is_behind(room: Room, head: DocumentRecord | None) -> bool:
    return head is not None and (
        head.version > room.version
        or head.epoch != room.epoch
        or (head.deleted_at_ms is not None and not room.deleted)
    )
