"""How much sessions say in a second."""

from dataclasses import dataclass
from typing import Final

_WINDOW_MS: Final = 1_000


@dataclass(slots=True)
class _Window:
    since_ms: int
    count: int = 0


class Rates:
    """Counts for each session what it says, in windows of a second.

    Args:
        per_s: what one session may say in each.
    """

    def __init__(self, per_s: int) -> None:
        self._per_s = per_s
        self._windows: dict[str, _Window] = {}

    def exceeds(self, session: str, now_ms: int) -> bool:
        """Whether a session says more than it may; counts one more."""
        window = self._windows.get(session)
        if window is None or now_ms - window.since_ms >= _WINDOW_MS:
            window = self._windows[session] = _Window(now_ms)
        window.count += 1
        return window.count > self._per_s

    def forget(self, session: str) -> None:
        """Forget a session that has left."""
        self._windows.pop(session, None)
