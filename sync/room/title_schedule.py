"""The schedule on which the titles of open documents are derived from their texts.

While a text is being written its title may change with every version, and deriving it costs a
parse. So the title of a document that has changed since the last look is not derived until a look
finds the document unchanged, but at the latest after `MAX_DELAY_S`.
"""

from collections.abc import Set
from typing import Final

from msgspec import Struct

MAX_DELAY_S: Final = 10.0
"""The interval at which the title of a document is derived that changes all the time."""


class _Entry(Struct):
    key: int
    derived: int
    """The version whose title was derived."""
    seen: int
    """The version at the last look."""
    moved_at_s: float = 0.0
    """The time of the first look that found `derived` outdated."""


class TitleSchedule:
    """The versions at which titles were derived, for finding the documents that are due."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def is_current(self, name: str, key: int, version: int) -> bool:
        """Return True if the title of that version was derived."""
        entry = self._entries.get(name)
        return entry is not None and entry.derived == version and entry.key == key

    def look(self, name: str, key: int, version: int, now_s: float) -> bool:
        """Note a version; return True if its title is to be derived now.

        Args:
            key: distinguishes documents that had the same name one after the other.
            now_s: the time of this look; looks are about a second apart.
        """
        entry = self._entries.get(name)
        if entry is None or entry.key != key:
            return True
        if entry.derived == version:
            return False
        if entry.seen == version:
            return True
        if entry.seen == entry.derived:
            entry.moved_at_s = now_s
        entry.seen = version
        return now_s - entry.moved_at_s >= MAX_DELAY_S

    def derived(self, name: str, key: int, version: int) -> None:
        """Note that the title of a version was derived."""
        self._entries[name] = _Entry(key, version, version)

    def retain(self, names: Set[str]) -> None:
        """Forget all documents but these."""
        for name in self._entries.keys() - names:
            del self._entries[name]
