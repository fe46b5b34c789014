"""`quire db cursors`: the consumers of the feed of changes, and forgetting one that is gone."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.cli.failure import CommandFailed
from app.search.indexer import SEARCH_CURSOR
from storage.log import SqlEventLog, open_event_log
from storage.migrate import require_current
from sync.changes import CursorState
from sync.wire.event import timestamp


async def print_cursors(database_url: str) -> None:
    """Print a line for each cursor: name, position, lag and last advance, tabs between them."""
    async with _log(database_url) as log:
        states = await log.changes.cursor_states()
    for state in states:
        print(_line(state))
    if not states:
        print("There are no cursors.", file=sys.stderr)


async def drop_cursor(database_url: str, name: str) -> None:
    """Forget a cursor; what no other is to read is removed with it.

    Raises `CommandFailed` if there is none of that name.
    """
    async with _log(database_url) as log:
        if not await log.changes.forget(name):
            raise CommandFailed(f"there is no cursor {name!r}")
    print(f"Cursor {name} is forgotten.", file=sys.stderr)


async def rebuild_search(database_url: str) -> None:
    """Have the servers build the index of full-text search anew: they find its cursor gone."""
    async with _log(database_url) as log:
        await log.changes.forget(SEARCH_CURSOR)
    print("Servers build the index of search anew.", file=sys.stderr)


def _line(state: CursorState) -> str:
    at = state.advanced_at_ms
    advanced = "never" if at is None else timestamp(at)
    position = "beginning" if state.position < 0 else str(state.position)
    return "\t".join((state.name, position, str(state.lag), advanced))


@asynccontextmanager
async def _log(database_url: str) -> AsyncIterator[SqlEventLog]:
    await require_current(database_url)
    log = open_event_log(database_url)
    try:
        yield log
    finally:
        await log.aclose()
