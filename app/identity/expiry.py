"""The removal of what has expired: sessions, tickets, invitations, and noted changes of access.

Nothing that has expired proves anything, swept or not; this keeps the tables small.
"""

import asyncio
import logging
from typing import Final

from storage.access.sql_access import SqlAccess
from storage.identity.sql_identity import SqlIdentity
from sync.port import StoreError
from sync.shells.clock import now_ms

_log = logging.getLogger(__name__)

INTERVAL_S: Final = 600.0
CHANGES_KEPT_MS: Final = 3_600_000
"""Processes ask for changes several times a second; one that was away for longer asks anew."""
_ROWS_AT_ONCE: Final = 500
"""The bound of the rows of one transaction: others write too."""


async def sweep_once(identity: SqlIdentity, access: SqlAccess) -> int:
    """Remove what has expired; return how many rows that were. May raise `StoreError`."""
    at_ms = now_ms()
    removed = 0
    while swept := await identity.sweep(at_ms, _ROWS_AT_ONCE):
        removed += swept
    while pruned := await access.prune_changes(at_ms - CHANGES_KEPT_MS, _ROWS_AT_ONCE):
        removed += pruned
    return removed


async def sweep_forever(identity: SqlIdentity, access: SqlAccess) -> None:
    """Remove what has expired, again and again, until cancelled."""
    while True:
        await asyncio.sleep(INTERVAL_S)
        try:
            await sweep_once(identity, access)
        except StoreError as error:
            _log.warning("what has expired was not removed: %s", error)
