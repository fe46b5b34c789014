"""The answer to whether edits can be stored, found out by storing something.

A store that answers reads may still refuse every write: a full disk, a file or a database that is
read-only. An append that has just committed is proof that it does not; otherwise a small change is
committed, at once after a failed append, and now and then without one.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from sync.port import EventLog, StoreError

_log = logging.getLogger(__name__)

PROOF_LASTS_S: Final = 10.0
"""The time for which a commit counts as proof that the next one will succeed."""
PROBE_INTERVAL_S: Final = 1.0
"""The shortest time between two probes while writing fails."""
PATIENCE_S: Final = 2.0
"""The longest wait for an answer of the store."""
_REASONS: Final = (
    ("full", "The disk or the database is full."),
    ("read-only", "The database is read-only."),
    ("readonly", "The database is read-only."),
    ("locked", "Another process holds the database."),
    ("in time", "The store does not answer in time."),
)
"""Words in what databases say, and what that is in words fit for whoever may ask."""

_UNFORESEEN: Final = "The store refuses to write; the log of the server says why."


class Readiness:
    """Tells why one process cannot do what it is for, if so.

    Args:
        parts: each returns the trouble of a part of the process besides the store, or None.
    """

    def __init__(self, log: EventLog, parts: Sequence[Callable[[], str | None]] = ()) -> None:
        self._event_log = log
        self._parts = parts
        self._trouble: str | None = None
        self._proved_at_s = -PROOF_LASTS_S
        self._probed_at_s = -PROBE_INTERVAL_S
        self._committed = log.committed_appends
        self._failed = log.failed_appends
        self._is_doubtful = False
        self._probe: asyncio.Task[None] | None = None

    async def trouble(self) -> str | None:
        """The reason why this process should get no requests, in one sentence; None: it should.

        Cancelling it is safe; a write that it has begun goes on.
        """
        for part in self._parts:
            trouble = part()
            if trouble is not None:
                return trouble
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._event_log.ping()
        except TimeoutError:
            return "The store does not answer."
        self._look_at_appends()
        if self._probe is not None or self._is_probe_due():
            await self._wait_for_probe()
        return self._trouble

    async def aclose(self) -> None:
        """End a probe that is under way."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.wait((self._probe,))

    def _look_at_appends(self) -> None:
        log = self._event_log
        if log.failed_appends != self._failed:
            self._is_doubtful = True
        elif log.committed_appends != self._committed:
            self._proved_at_s = time.monotonic()
            self._trouble = None
        self._committed, self._failed = log.committed_appends, log.failed_appends

    def _is_probe_due(self) -> bool:
        now_s = time.monotonic()
        if self._is_doubtful or self._trouble is not None:
            return now_s - self._probed_at_s >= PROBE_INTERVAL_S
        return now_s - self._proved_at_s >= PROOF_LASTS_S

    async def _wait_for_probe(self) -> None:
        if self._probe is None:
            self._probed_at_s = time.monotonic()
            self._probe = asyncio.create_task(self._run_probe())
        # Not by a timeout around the write: a cancelled one waits for a disk that hangs, too.
        done, _ = await asyncio.wait((self._probe,), timeout=PATIENCE_S)
        if not done:
            self._trouble = f"A write takes longer than {PATIENCE_S:g} s."

    async def _run_probe(self) -> None:
        try:
            await self._event_log.probe_write()
        except StoreError as error:
            if self._trouble is None:
                _log.warning("no edit can be stored: %s", error)
            self._trouble = _reason(str(error))
        except Exception:  # noqa: BLE001 - it is a task of its own
            _log.exception("the probe of the store has failed")
            self._trouble = _UNFORESEEN
        else:
            if self._trouble is not None:
                _log.warning("edits can be stored again")
            self._trouble = None
            self._proved_at_s = time.monotonic()
        finally:
            self._is_doubtful = False
            self._probe = None


def _reason(error: str) -> str:
    """A store's complaint in words of ours: its own may name what is nobody's business."""
    for word, reason in _REASONS:
        if word in error:
            return reason
    return _UNFORESEEN
