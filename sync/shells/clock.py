"""The server's clock, which the shells read on behalf of the core."""

import time


def now_ms() -> int:
    """Return the time, UTC, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
