"""The delay of the event loop: how late it does what is due."""

import asyncio
from time import monotonic
from typing import Final

from sync.shells.meter import Histogram

INTERVAL_S: Final = 0.25


async def watch_loop(delays_s: Histogram) -> None:
    """Observe the delay of the loop again and again, until cancelled.

    Args:
        delays_s: takes each delay, in seconds.
    """
    while True:
        due_s = monotonic() + INTERVAL_S
        await asyncio.sleep(INTERVAL_S)
        delays_s.observe(max(0.0, monotonic() - due_s))
