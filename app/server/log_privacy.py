"""The server's own log lines, without what must not be in a log.

uvicorn logs the address of each WebSocket with its query, in which y-websocket puts its token; at
`debug` the WebSocket library logs headers and frames, which hold cookies, tokens and texts; at
`trace` uvicorn logs scopes. Here queries are cut off all lines, and frames are logged by nobody.
"""

import logging
import re
from collections.abc import Mapping
from typing import Any, Final

_LOGGERS: Final = ("uvicorn.error", "uvicorn.access", "uvicorn.asgi")
_QUERY: Final = re.compile(r"\?\S*")
_CUT: Final = "?…"


class QueryFilter(logging.Filter):
    """Cuts the queries off the addresses in a record's arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True; the record is changed."""
        args = record.args
        if isinstance(args, Mapping):
            record.args = _clean(args)
        elif args:
            record.args = tuple(map(_clean, args))
        return True


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _QUERY.sub(_CUT, value)
    if isinstance(value, Mapping):
        hidden = {"query_string", "raw_path", "headers", "reason"}
        return {key: _CUT if key in hidden else each for key, each in value.items()}
    return value


def install_query_filter() -> None:
    """Have uvicorn's loggers cut queries off; once is enough."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(each, QueryFilter) for each in logger.filters):
            logger.addFilter(QueryFilter())
