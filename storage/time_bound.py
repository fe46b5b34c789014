"""A bound on the time that reading takes, for SQL that somebody else's words make slow.

SQLite is asked to stop after so many steps of its program, PostgreSQL by `statement_timeout`. One
step of SQLite's full-text index may itself take a while; it is not stopped within.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

_STEPS: Final = 1_000
"""The steps of SQLite between two looks at the clock: some 50 µs."""
_CANCELLED: Final = "57014"
"""PostgreSQL's code for a statement that took too long."""
_set_timeout = text("SELECT set_config('statement_timeout', :most_ms, true)")


class TooSlowError(Exception):
    """Reading took longer than it may; it was stopped."""


@contextmanager
def time_bound(connection: Connection, most_s: float) -> Iterator[Callable[[], None]]:
    """Stop the statements inside when their time is up; they run in a transaction.

    The function that it gives is called between statements, of which each alone is stopped.

    Raises:
        TooSlowError: they took longer.
    """
    deadline_s = time.monotonic() + most_s

    def require_time() -> None:
        if time.monotonic() >= deadline_s:
            raise TooSlowError

    driver = connection.connection.driver_connection
    sqlite = driver if isinstance(driver, sqlite3.Connection) else None
    if sqlite is not None:
        sqlite.set_progress_handler(lambda: time.monotonic() >= deadline_s, _STEPS)
    else:
        connection.execute(_set_timeout, {"most_ms": str(max(1, round(most_s * 1000)))})
    try:
        yield require_time
    except DBAPIError as error:
        if _is_stopped(error):
            raise TooSlowError from error
        raise
    finally:
        if sqlite is not None:
            sqlite.set_progress_handler(None, 0)


def _is_stopped(error: DBAPIError) -> bool:
    original = error.orig
    if isinstance(original, sqlite3.OperationalError):
        return original.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT
    return getattr(original, "sqlstate", None) == _CANCELLED
