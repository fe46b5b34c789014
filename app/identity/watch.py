"""The watch over changed permissions: every process asks the store, several times a second.

So a role that is lowered, a link that is revoked or a session that is ended takes effect on open
sockets within a second, in every process, with or without Redis.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from sync.port import StoreError

_log = logging.getLogger(__name__)

INTERVAL_S: Final = 0.3
_PAGE: Final = 500


class Change(Protocol):
    """A change of permissions, as the store notes it; what it does not concern is None."""

    @property
    def position(self) -> int:
        """Its place in the order of commits."""
        ...

    @property
    def document_key(self) -> int | None: ...

    @property
    def user_id(self) -> str | None: ...

    @property
    def session_id(self) -> str | None: ...

    @property
    def token_id(self) -> str | None: ...


class ChangeLog(Protocol):
    """The changes of permissions in the order of their commits; `storage.access` supplies it."""

    async def head(self) -> int:
        """Return the position of the last change; 0: there is none."""
        ...

    async def changes(self, after: int, limit: int) -> Sequence[Change]:
        """Return the changes after a position, in order; old ones may be missing at the start."""
        ...


class AccessWatch:
    """Tells a listener of every change of permissions that is committed anywhere.

    Args:
        changed: called with the changes, once `revision` counts them; with None if it is not known
            any more what was changed, and everything may have been.
    """

    def __init__(self, log: ChangeLog, changed: Callable[[Sequence[Change] | None], None]) -> None:
        self.revision = 0
        """The number of times that changes were found."""
        self._log = log
        self._changed = changed
        self._position: int | None = None
        self._is_failing = False
        self._was_run = False
        self._poked = asyncio.Event()

    def look_now(self) -> None:
        """Have the store asked at once: this process has changed something itself."""
        self._poked.set()

    async def run(self) -> None:
        """Ask the store, until cancelled.

        Run again after a failure, it tells that everything may have changed.
        """
        if self._was_run:
            # Changes may have been found and not told, or be what it has failed at.
            self._position, self._is_failing = None, True
        self._was_run = True
        while True:
            try:
                await self._look()
                self._is_failing = False
            except StoreError as error:
                if not self._is_failing:
                    _log.warning("changed permissions are not known at once: %s", error)
                self._is_failing = True
            try:
                async with asyncio.timeout(INTERVAL_S):
                    await self._poked.wait()
            except TimeoutError:
                continue
            self._poked.clear()

    async def _look(self) -> None:
        if self._position is None:
            # What was granted before is granted by what was read after this.
            self._position = await self._log.head()
            if self._is_failing:
                # A try before has failed, and others may have read meanwhile.
                self.revision += 1
                self._changed(None)
            return
        while True:
            found = await self._log.changes(self._position, _PAGE)
            if not found:
                return
            has_gap = found[0].position > self._position + 1
            self._position = found[-1].position
            self.revision += 1
            self._changed(None if has_gap else found)
