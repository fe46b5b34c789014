"""Keeping the title that each document's text gives itself in the store.

No commit waits for it: the heads of the texts of open rooms are looked at now and then, wherever a
version has come, and before a room is unloaded. What a crash leaves behind is found when the
document is opened next, since what has just been opened was not looked at yet.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import Struct

from sync.port import DerivedTitle, EventLog, StoreError
from sync.room.room import Room
from sync.text.title import derive_title, title_head

_INTERVAL_S: Final = 1.0
_ROOMS_AT_ONCE: Final = 200

_log = logging.getLogger(__name__)


class _Seen(Struct, frozen=True):
    key: int
    version: int
    head: int
    """Hash of the part of the text that its title depends on."""


class Titles:
    """The titles of one process's open rooms.

    Args:
        log: where they are saved.
        opened: returns the rooms that are open now.
    """

    def __init__(self, log: EventLog, opened: Callable[[], Iterable[Room]]) -> None:
        self._log = log
        self._opened = opened
        self._seen: dict[str, _Seen] = {}

    async def run(self) -> None:
        """Keep all titles until cancelled; a title is about a second behind its text."""
        while True:
            await asyncio.sleep(_INTERVAL_S)
            await self.refresh_all()

    async def refresh_all(self) -> None:
        """Bring the titles of all open rooms up to date; as `refresh`."""
        rooms = list(self._opened())
        names = {room.name for room in rooms}
        self._seen = {name: seen for name, seen in self._seen.items() if name in names}
        await self.refresh(rooms)

    async def refresh(self, rooms: Sequence[Room]) -> None:
        """Bring the titles of these rooms up to date; returns after they are saved.

        A store that fails is tried again by `run`. Cancelling is safe.
        """
        news = [room for room in rooms if self._is_news(room)]
        for start in range(0, len(news), _ROOMS_AT_ONCE):
            try:
                await self._save(news[start : start + _ROOMS_AT_ONCE])
            except StoreError as error:
                _log.warning("titles are not saved yet: %s", error)
                return

    def _is_news(self, room: Room) -> bool:
        seen = self._seen.get(room.name)
        if room.deleted or room.broken:
            return False
        return seen is None or (seen.key, seen.version) != (room.key, room.version)

    async def _save(self, rooms: Sequence[Room]) -> None:
        looked_at: dict[str, _Seen] = {}
        derived: list[tuple[Room, DerivedTitle]] = []
        for room in rooms:
            seen = _Seen(room.key, room.version, hash(title_head(room.text)))
            before = self._seen.get(room.name)
            looked_at[room.name] = seen
            if before is None or (before.key, before.head) != (seen.key, seen.head):
                title = derive_title(room.text)
                derived.append((room, DerivedTitle(room.key, room.version, title)))
                # So that a frame of another room never waits for the texts of all.
                await asyncio.sleep(0)
        if derived:
            heads = await self._log.heads([each.key for _, each in derived])
            changed = [
                each
                for room, each in derived
                if (head := heads.get(each.key)) is not None
                and head.epoch == room.epoch
                and head.derived_title != each.title
            ]
            await self._log.set_derived_titles(changed)
        self._seen.update(looked_at)
