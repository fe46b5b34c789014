"""The server's clock, which the shells read on behalf of the core."""

from time import time_ns


def now_ms() -> int:
    """Return the time, UTC, in milliseconds since the epoch."""
    return time_ns() // 1_000_000
