"""Setting up the log: every logger of the process writes through one handler to stderr.

Not by structlog, whose import would make a start much slower: see
docs/decisions/0024-logs-by-the-standard-library.md.
"""

import logging
import sys
from typing import IO, Final

from app.logs.log_line import JsonLine, TextLine

OWN_LOGGERS: Final = ("app", "sync", "storage", "uvicorn")
"""They log from the chosen level on."""
_TRACE: Final = 5
"""uvicorn's level below `debug`."""


class _LineHandler(logging.StreamHandler[IO[str]]):
    """Writes lines; a stream that takes none loses them."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Pass over it: Python would write the record to stderr as it came, line ends and all."""


def configure_logging(log_format: str, level: str, stream: IO[str] | None = None) -> None:
    """Have all loggers write to a stream, as stderr is now, in one format.

    Other libraries are heard from `warning` on whatever the level: what they say below it holds
    frames and requests, with the text of documents and with secrets.

    Args:
        log_format: `json`, `text`, or `auto`: `text` to a terminal.
        level: one of `app.settings.LOG_LEVELS`.
    """
    target: IO[str] = sys.stderr if stream is None else stream
    if log_format == "auto":
        log_format = "text" if target.isatty() else "json"
    handler = _LineHandler(target)
    handler.setFormatter(JsonLine() if log_format == "json" else TextLine())
    logging.addLevelName(_TRACE, "TRACE")
    number = _TRACE if level == "trace" else logging.getLevelNamesMapping()[level.upper()]
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(number)
    for name in ("uvicorn", "uvicorn.access", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    logging.captureWarnings(capture=True)
