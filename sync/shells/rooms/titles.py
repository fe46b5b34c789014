"""The titles of open documents: derived from their texts, and saved.

No commit waits for that. Every second the titles that are due (`sync.room.title_schedule`) are
derived, and also before a room is unloaded. A title that a crash left outdated is derived when the
document is opened again, since a newly opened document is always due.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Final

from sync.port import DerivedTitle, EventLog, StoreError
from sync.room.room import Room
from sync.room.title_schedule import TitleSchedule
from sync.text.title import derive_title, title_head

_INTERVAL_S: Final = 1.0
_ROOMS_AT_ONCE: Final = 200

_log = logging.getLogger(__name__)


class Titles:
    """The titles of one process's open rooms.

    Args:
        log: the store in which they are saved.
        opened: returns the open rooms.
    """

    def __init__(self, log: EventLog, opened: Callable[[], Iterable[Room]]) -> None:
        self._log = log
        self._opened = opened
        self._schedule = TitleSchedule()
        self._heads: dict[str, tuple[int, int]] = {}
        """For each document its key, and a hash of the part of its text that gives the title."""

    async def run(self) -> None:
        """Keep all titles up to date until cancelled; a text that is being written has to wait."""
        while True:
            await asyncio.sleep(_INTERVAL_S)
            rooms = self._rooms()
            look, now_s = self._schedule.look, monotonic()
            await self._derive(
                [room for room in rooms if look(room.name, room.key, room.version, now_s)]
            )

    async def refresh_all(self) -> None:
        """Call `refresh` for all open rooms."""
        await self.refresh(self._rooms())

    async def refresh(self, rooms: Sequence[Room]) -> None:
        """Bring the titles of these rooms up to date; return after they are saved.

        If the store fails, `run` tries again. Cancelling is safe.
        """
        is_current = self._schedule.is_current
        await self._derive(
            [room for room in rooms if not is_current(room.name, room.key, room.version)]
        )

    def _rooms(self) -> list[Room]:
        """Return the open rooms, and forget all other documents."""
        rooms = list(self._opened())
        names = {room.name for room in rooms}
        self._schedule.retain(names)
        for name in self._heads.keys() - names:
            del self._heads[name]
        return rooms

    async def _derive(self, rooms: Sequence[Room]) -> None:
        rooms = [room for room in rooms if not (room.deleted or room.broken)]
        for start in range(0, len(rooms), _ROOMS_AT_ONCE):
            try:
                await self._save(rooms[start : start + _ROOMS_AT_ONCE])
            except StoreError as error:
                _log.warning("titles are not saved yet: %s", error)
                return

    async def _save(self, rooms: Sequence[Room]) -> None:
        looked_at: list[tuple[str, int, int, tuple[int, int]]] = []
        derived: list[tuple[Room, DerivedTitle]] = []
        for room in rooms:
            text, version = room.text, room.version
            head = room.key, hash(title_head(text))
            looked_at.append((room.name, room.key, version, head))
            if self._heads.get(room.name) != head:
                title = _title_of(room.name, text)
                if title is not None:
                    derived.append((room, DerivedTitle(room.key, version, title)))
                # Other rooms take frames in between, so none waits until all texts are read.
                await asyncio.sleep(0)
        if derived:
            heads = await self._log.heads([each.key for _, each in derived])
            changed = [
                each
                for room, each in derived
                if (head_record := heads.get(each.key)) is not None
                and head_record.epoch == room.epoch
                and head_record.derived_title != each.title
            ]
            await self._log.set_derived_titles(changed)
        for name, key, version, head in looked_at:
            self._schedule.derived(name, key, version)
            self._heads[name] = head


def _title_of(name: str, text: str) -> str | None:
    """Return the title of a text; None if it has none because of a defect, which is logged."""
    try:
        return derive_title(text)
    except Exception:  # noqa: BLE001
        # One text must not keep all other documents from their titles (P8).
        _log.exception("the title of %r cannot be derived", name)
        return None
