"""The looks that a room takes at the log, to find what other processes have appended.

    announced, or a client ahead ──▶ Look ──▶ Found ──▶ followed; announced meanwhile: Look again

At most one look is under way. Its answer tells of everything that was announced before it began,
not of what was announced since.
"""

import math
from collections.abc import Iterator

from sync.effect import Effect, Look
from sync.fact import Join


class Following:
    """One room's looks. It does not know the document: versions are told to it."""

    __slots__ = ("_ahead", "_announced", "_complete", "_number", "is_looking")

    def __init__(self) -> None:
        self.is_looking = False
        self._number = 0
        """How many looks were ordered."""
        self._complete = 0
        """The last look after which nothing was left to find."""
        self._announced: float = 0
        """The highest version announced during this look; infinite: something else is new."""
        self._ahead: dict[str, int] = {}
        """Sessions that claim more than this room has, and the look that decides on them."""

    @property
    def has_clients_ahead(self) -> bool:
        """Whether a join waits for the answer to a look."""
        return bool(self._ahead)

    def look(self, version: int) -> Iterator[Effect]:
        """Order a look at what the log has after `version`, unless one is under way."""
        if not self.is_looking:
            self.is_looking = True
            self._number += 1
            yield Look(version)

    def announce(self, announced: int | None, version: int) -> Iterator[Effect]:
        """Look, unless that version is here; during a look, once more after it.

        Args:
            announced: a version that the log may have; None: something else may be new.
            version: the room's.
        """
        said = math.inf if announced is None else announced
        if said <= version:
            return
        if self.is_looking:
            self._announced = max(self._announced, said)
        else:
            yield from self.look(version)

    def end_look(self) -> tuple[int, float]:
        """Note that a look was answered; returns its number, and what was announced during it."""
        self.is_looking = False
        announced, self._announced = self._announced, 0
        return self._number, announced

    def complete(self, number: int) -> None:
        """Note that after this look nothing was left to find."""
        self._complete = number

    def is_ahead(self, join: Join, epoch: str, version: int) -> bool:
        """Return whether a join has to wait for a look that began after it was asked.

        The session has seen versions that the log may have and this room does not: it was connected
        to another process. Only a complete look shows that it cannot be recovered.
        """
        if join.since is None or join.epoch != epoch or join.since <= version:
            self._ahead.pop(join.session, None)
            return False
        if self._ahead.setdefault(join.session, self._number + 1) > self._complete:
            return True
        del self._ahead[join.session]
        return False

    def forget(self, session: str) -> None:
        """Decide no more on a session: it has left."""
        self._ahead.pop(session, None)

    def clear(self) -> None:
        """Decide no more on any session."""
        self._ahead.clear()
