"""The contract of whoever is told of each edit that was committed, for traces."""

from collections.abc import Sequence
from typing import Protocol

from sync.port import EventRecord
from sync.shells.meter import AppendTimes


class EditTracer(Protocol):
    """A listener to edits; its methods neither wait nor raise."""

    def appended(self, events: Sequence[tuple[int, EventRecord]], times: AppendTimes) -> None:
        """Take the events of a transaction that this process has committed, by document key."""
        ...

    def followed(
        self, key: int, events: Sequence[EventRecord], looked_s: float, told_s: float
    ) -> None:
        """Take events of a document that other processes have committed, and this one has shown.

        Args:
            looked_s: the time at which this process began to read them.
            told_s: the time at which every message about them was written, or queued.
        """
        ...
