"""The newest events of a document, kept in memory for rebasing and short replays."""

from collections import deque
from typing import Final

from sync.port import EventRecord

_RECORD_BYTES: Final = 400
"""The rough size of a record without its update and its ops."""


def weight(record: EventRecord) -> int:
    """Return the rough size of a record in bytes; its text counts twice, as update and as ops."""
    return _RECORD_BYTES + 2 * len(record.update)


class Window:
    """Consecutive events up to the head, bounded in number and bytes; older events are dropped."""

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self._records: deque[EventRecord] = deque()
        self._by_id: dict[str, EventRecord] = {}
        self.find = self._by_id.get
        """Return the event with an id; None if the window does not have it."""
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._bytes = 0

    def append(self, record: EventRecord) -> None:
        """Add the next event."""
        self._records.append(record)
        self._by_id[record.id] = record
        # Its `weight`, without a call: this is done for each event.
        self._bytes += _RECORD_BYTES + 2 * len(record.update)

    def follow(self, record: EventRecord) -> None:
        """Add the next event of the log; those up to one that was merged of several are dropped."""
        if record.first == record.version:
            self.append(record)
            return
        self._records.clear()
        self._by_id.clear()
        self._bytes = 0

    def trim(self) -> None:
        """Drop the oldest events beyond the bounds.

        Not while a batch is merged, because its bases were looked up before.
        """
        while len(self._records) > self._max_events or (
            self._bytes > self._max_bytes and len(self._records) > 1
        ):
            gone = self._records.popleft()
            self._bytes -= weight(gone)
            del self._by_id[gone.id]

    def first(self, head: int) -> int:
        """Return the oldest version for which `after` returns events."""
        return head - len(self._records)

    def after(self, version: int, head: int) -> list[EventRecord] | None:
        """Return the events after `version` up to `head`; None if some were dropped."""
        missing = head - version
        if missing <= 0:
            return []
        if missing > len(self._records):
            return None
        if missing * 2 < len(self._records):
            newest = [self._records[-index] for index in range(1, missing + 1)]
            newest.reverse()
            return newest
        records = list(self._records)
        return records[len(records) - missing :]
