"""How far a long command is, for whoever waits for it."""

import time
from typing import Final, TextIO

_LEAST_PAUSE_S: Final = 2.0


class Progress:
    """Writes a line now and then."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._due = time.monotonic() + _LEAST_PAUSE_S

    def report(self, what: str, count: int) -> None:
        """So many are done; said at most every two seconds."""
        if time.monotonic() >= self._due:
            print(f"{what}: {count:,}", file=self._stream, flush=True)
            self._due = time.monotonic() + _LEAST_PAUSE_S
