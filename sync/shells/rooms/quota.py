"""The quotas of users who write by requests: edits under way, and edits sent lately."""

from dataclasses import dataclass
from typing import Final

from sync.error import ErrorCode, Refusal
from sync.limit import Limits

WINDOW_MS: Final = 10_000
"""The time over which the rate of a user is averaged."""
_UNDER_WAY_RETRY_S: Final = 1.0


@dataclass(slots=True)
class _Usage:
    window_start_ms: int
    window_count: int = 0
    count: int = 0
    size_bytes: int = 0


class Quotas:
    """Counts the requests of each user; a user who asks for nothing is forgotten."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._usages: dict[str, _Usage] = {}
        self._swept_ms = 0

    def __len__(self) -> int:
        """Return the number of users who are remembered."""
        return len(self._usages)

    def begin(self, user_id: str, size_bytes: int, now_ms: int) -> Refusal | None:
        """Count a request in, unless it is refused.

        Args:
            size_bytes: what it occupies until it is settled.
            now_ms: a clock that never goes back.

        Returns:
            `rate_limited`, with the time after which it is worth trying again; None: it is counted.
        """
        self._sweep(now_ms)
        why = self.objection(user_id, now_ms)
        if why is not None:
            return why
        usage = self._usages.get(user_id)
        if usage is None:
            usage = self._usages[user_id] = _Usage(now_ms)
        elif now_ms - usage.window_start_ms >= WINDOW_MS:
            usage.window_start_ms, usage.window_count = now_ms, 0
        usage.window_count += 1
        usage.count += 1
        usage.size_bytes += size_bytes
        return None

    def objection(self, user_id: str, now_ms: int) -> Refusal | None:
        """Return the answer that `begin` would give now, and count nothing."""
        usage = self._usages.get(user_id)
        if usage is None:
            return None
        left_ms = usage.window_start_ms + WINDOW_MS - now_ms
        most = self._limits.request_edits_per_s * WINDOW_MS // 1_000
        if left_ms > 0 and usage.window_count >= most:
            return Refusal(ErrorCode.RATE_LIMITED, "Too many edits.", True, left_ms / 1_000)
        if self._is_full(usage):
            text = "Too many edits wait to be committed."
            return Refusal(ErrorCode.RATE_LIMITED, text, True, _UNDER_WAY_RETRY_S)
        return None

    def settle(self, user_id: str, size_bytes: int) -> None:
        """Count out a request that `begin` has counted in."""
        usage = self._usages[user_id]
        usage.count -= 1
        usage.size_bytes -= size_bytes

    def _is_full(self, usage: _Usage) -> bool:
        # As with sockets, one more is taken until a bound is passed: any single edit fits.
        return (
            usage.count >= self._limits.max_unacknowledged
            or usage.size_bytes >= self._limits.max_unacknowledged_bytes
        )

    def _sweep(self, now_ms: int) -> None:
        """Forget, once in a window, the users with no request under way or counted."""
        if now_ms - self._swept_ms < WINDOW_MS:
            return
        self._swept_ms = now_ms
        self._usages = {
            user_id: usage
            for user_id, usage in self._usages.items()
            if usage.count or now_ms - usage.window_start_ms < WINDOW_MS
        }
