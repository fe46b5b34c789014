"""The progress of a long command, shown to the person who waits for it."""

import time
from typing import Final, TextIO

_LEAST_PAUSE_S: Final = 2.0


class Progress:
    """Prints a line of progress at intervals."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._due = time.monotonic() + _LEAST_PAUSE_S

    def report(self, what: str, count: int) -> None:
        """Print the number that is done, at most every two seconds."""
        if time.monotonic() >= self._due:
            print(f"{what}: {count:,}", file=self._stream, flush=True)
            self._due = time.monotonic() + _LEAST_PAUSE_S
