"""Pruning of the audit trail: what is older than it is to be kept is removed, in small steps."""

import asyncio
import logging
from typing import Final, Protocol

from sync.port import StoreError
from sync.shells.clock import now_ms

_log = logging.getLogger(__name__)

_FIRST_AFTER_S: Final = 60.0
"""The time from the start to the first look, so that a start is not made slower."""
_INTERVAL_S: Final = 3600.0
STEP: Final = 500
"""The most records that one transaction removes."""
_PAUSE_S: Final = 0.1
"""The time between two steps, so that whoever edits gets in between."""
_DAY_MS: Final = 86_400_000


class PrunableRows(Protocol):
    """The rows of the audit trail; `storage.audit_rows` supplies them."""

    async def prune(self, before_ms: int, limit: int) -> int:
        """Remove records from before a time, the oldest first, at most `limit`; return how many.

        Raises `StoreError`.
        """
        ...


async def prune_audit(rows: PrunableRows, keep_days: int) -> None:
    """Remove old records every hour, until cancelled."""
    await asyncio.sleep(_FIRST_AFTER_S)
    while True:
        try:
            await prune_once(rows, keep_days)
        except StoreError as error:
            _log.warning("old audit records are not removed now: %s", error)
        await asyncio.sleep(_INTERVAL_S)


async def prune_once(rows: PrunableRows, keep_days: int, pause_s: float = _PAUSE_S) -> int:
    """Remove the records that are older than so many days, step by step; return how many.

    Raises:
        StoreError: the store does not answer.
    """
    removed = 0
    while True:
        count = await rows.prune(now_ms() - keep_days * _DAY_MS, STEP)
        removed += count
        if count < STEP:
            return removed
        await asyncio.sleep(pause_s)
