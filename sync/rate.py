"""The rates of sessions: messages per second."""

from dataclasses import dataclass
from typing import Final

_WINDOW_MS: Final = 1_000


@dataclass(slots=True)
class _Window:
    since_ms: int
    count: int = 0


class Rates:
    """Counters of the messages of each session, in windows of a second.

    Args:
        per_s: the messages that one session may send in each.
    """

    def __init__(self, per_s: int) -> None:
        self._per_s = per_s
        self._windows: dict[str, _Window] = {}

    def exceeds(self, session: str, now_ms: int) -> bool:
        """Count one more message of a session; return whether it exceeds the rate."""
        window = self._windows.get(session)
        if window is None or now_ms - window.since_ms >= _WINDOW_MS:
            window = self._windows[session] = _Window(now_ms)
        window.count += 1
        return window.count > self._per_s

    def forget(self, session: str) -> None:
        """Forget a session that has left."""
        self._windows.pop(session, None)
