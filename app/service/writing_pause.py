"""The wait of background work for a pause of those who write, which comes to an end."""

import asyncio
from time import monotonic
from typing import Final

from sync.port import EventLog

BUSY_APPENDS: Final = 30
"""Transactions of this process within a rest of half a second: with more, many write."""
MAX_WAIT_S: Final = 20.0
"""The longest wait for a pause of those who write."""
REST_S: Final = 0.5
START_REST_S: Final = 5.0
"""After a start everybody comes back, and nobody writes yet."""


async def rest_after_start(log: EventLog) -> None:
    """Leave the first seconds to those who come back, and go on resting while many write."""
    await asyncio.sleep(START_REST_S)
    await wait_for_pause(log)


async def wait_for_pause(log: EventLog, rest_s: float = REST_S) -> None:
    """Rest, and go on resting while many write, but not for ever.

    Args:
        rest_s: one rest, at least; after each it is looked how many have written.
    """
    begun = monotonic()
    is_due = False
    while not is_due:
        before = log.committed_appends
        await asyncio.sleep(rest_s)
        is_due = is_round_due(log.committed_appends - before, waited_s=monotonic() - begun)


def is_round_due(appends: int, *, waited_s: float) -> bool:
    """Return whether the next round may begin after a rest.

    Args:
        appends: the transactions of this process during the rest.
        waited_s: the time for which it has waited for a pause.
    """
    return appends <= BUSY_APPENDS or waited_s >= MAX_WAIT_S
