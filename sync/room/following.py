"""The looks that a room takes at the log, to find what other processes have appended.

    announced, or a client ahead ──▶ Look ──▶ Found ──▶ followed; announced meanwhile: Look again

At most one look is under way. Its answer covers every announcement before the look began, and none
after that.
"""

import math
from collections.abc import Iterator

from sync.effect import Effect, Look
from sync.fact import Join


class Following:
    """The looks of one room. They do not know the document; its version is an argument."""

    __slots__ = ("_ahead", "_announced", "_complete", "_number", "is_looking")

    def __init__(self) -> None:
        self.is_looking = False
        self._number = 0
        """The number of the last look that was ordered."""
        self._complete = 0
        """The last look that brought the room to the head of the log."""
        self._announced: float = 0
        """The highest version announced during this look; infinite: some other change was."""
        self._ahead: dict[str, int] = {}
        """For each session with later versions than the room, the look that decides about it."""

    @property
    def has_clients_ahead(self) -> bool:
        """True if a join waits for the answer to a look."""
        return bool(self._ahead)

    def look(self, version: int) -> Iterator[Effect]:
        """Order a look at the log after `version`, unless one is under way."""
        if not self.is_looking:
            self.is_looking = True
            self._number += 1
            yield Look(version)

    def announce(self, announced: int | None, version: int) -> Iterator[Effect]:
        """Order a look for an announced version, unless the room has it.

        During a look, note the version, so that another look can follow.

        Args:
            announced: a version that the log may have; None: something else may have changed.
            version: the version that the room has.
        """
        said = math.inf if announced is None else announced
        if said <= version:
            return
        if self.is_looking:
            self._announced = max(self._announced, said)
        else:
            yield from self.look(version)

    def end_look(self) -> tuple[int, float]:
        """Note the answer to a look; return its number and the version announced during it."""
        self.is_looking = False
        announced, self._announced = self._announced, 0
        return self._number, announced

    def complete(self, number: int) -> None:
        """Note that this look brought the room to the head of the log."""
        self._complete = number

    def is_ahead(self, join: Join, epoch: str, version: int) -> bool:
        """Return True if a join has to wait for a look that began after the join.

        Its session has seen versions that this room does not have, perhaps in another process. Only
        a complete look shows that the log does not have them either.
        """
        if join.since is None or join.epoch != epoch or join.since <= version:
            self._ahead.pop(join.session, None)
            return False
        if self._ahead.setdefault(join.session, self._number + 1) > self._complete:
            return True
        del self._ahead[join.session]
        return False

    def forget(self, session: str) -> None:
        """Forget a session that has left."""
        self._ahead.pop(session, None)

    def clear(self) -> None:
        """Forget all sessions."""
        self._ahead.clear()
