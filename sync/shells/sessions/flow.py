"""The flow control of one socket: with too many unsettled submissions it is not read (P7)."""

import asyncio
import time
from typing import Final

from sync.error import ErrorCode, QuireError
from sync.limit import Limits

RATE_WINDOW_S: Final = 10.0


class Flow:
    """The counts of one socket's submissions: unsettled ones, and those of the last seconds."""

    __slots__ = (
        "_bytes",
        "_capacity",
        "_count",
        "_most",
        "_most_bytes",
        "_most_in_window",
        "_window_count",
        "_window_start",
    )

    def __init__(self, limits: Limits) -> None:
        self._most = limits.max_unacknowledged
        self._most_bytes = limits.max_unacknowledged_bytes
        self._most_in_window = limits.edits_per_s * RATE_WINDOW_S
        self._count = 0
        self._bytes = 0
        self._capacity: asyncio.Event | None = None
        self._window_start = time.monotonic()
        self._window_count = 0

    def begin(self, size: int) -> None:
        """Count a new submission of this many bytes.

        Raises:
            QuireError: `rate_limited`; the submission is not counted.
        """
        self._window_count += 1
        if self._window_count > self._most_in_window:
            now = time.monotonic()
            if now - self._window_start < RATE_WINDOW_S:
                raise QuireError(ErrorCode.RATE_LIMITED, "Too many edits.", retryable=True)
            self._window_start = now
            self._window_count = 1
        self._count += 1
        self._bytes += size

    def settle(self, size: int, count: int = 1) -> None:
        """Uncount submissions that are answered, or of which the socket need not know more."""
        self._count -= count
        self._bytes -= size
        if self._capacity is not None and not self.is_over:
            self._capacity.set()
            self._capacity = None

    async def wait_for_capacity(self) -> None:
        """Wait until the unsettled submissions are within the bounds."""
        while self.is_over:
            self._capacity = asyncio.Event()
            await self._capacity.wait()

    @property
    def is_over(self) -> bool:
        """True if the unsettled submissions exceed a bound."""
        return self._count > self._most or self._bytes > self._most_bytes
