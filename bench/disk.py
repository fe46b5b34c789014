"""Measure the bytes of an event on disk, with a recorded session typed by one Yjs client.

    python -m bench disk

The session goes through a room, so that checkpoints are written as in use.
"""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from secrets import token_bytes, token_hex
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench.figures import show
from bench.trace import load_trace, sequential_updates
from storage.log import open_event_log
from storage.migrate import upgrade
from sync.limit import Limits
from sync.port import EventLog
from sync.shells.rooms.rooms import Rooms
from sync.submission import UpdateSubmission, update_digest
from sync.user import User
from sync.yjs.nonce import SessionNonces

_TRACE: Final = "seph-blog1"
_USER: Final = User("open-0123456789abcdef01", "Guest 1", "#123456")
_PER_COMMIT: Final = 20
"""Updates that are committed together."""


async def write_session(
    log: EventLog, updates: list[bytes], *, secret: bytes | None = None
) -> None:
    """Write the document `notes`, through a room, in one session.

    Args:
        secret: makes the nonces of the ids, as servers do; None: they are random.
    """
    session = token_hex(8)
    nonces = None if secret is None else SessionNonces(secret, session)
    async with Rooms(log, Limits(), flush_interval_s=0.0) as rooms:
        room = await rooms.open("notes", _USER)
        for number, update in enumerate(updates, 1):
            nonce = nonces.of(number) if nonces is not None else token_bytes(6)
            event_id = f"{session}-{number}-{nonce.hex()}"
            digest, size = update_digest(update), len(update)
            submission = UpdateSubmission(
                session, _USER, event_id, update, digest, size, True, role="editor"
            )
            rooms.take(room, submission)
            if number % _PER_COMMIT == 0:
                await rooms.settle()
        await rooms.settle()
        assert room.version == len(updates), "nothing was refused"


def _pages_by_table(path: Path) -> dict[str, int]:
    """Bytes of each table and index, where this SQLite can tell."""
    with closing(sqlite3.connect(path)) as connection:
        try:
            rows = connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name")
            return dict(rows.fetchall())
        except sqlite3.OperationalError:
            return {}


async def disk(count: int | None = None) -> dict[str, Any]:
    """Bytes an event on SQLite: of the file, less what an empty one takes, and of its parts."""
    updates = list(sequential_updates(load_trace(_TRACE)))[:count]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "quire.db"
        url = f"sqlite+aiosqlite:///{path}"
        await upgrade(url)
        empty = path.stat().st_size
        log = open_event_log(url)
        await write_session(log, updates)
        await log.aclose()
        parts = {
            name: round(size / len(updates), 1) for name, size in _pages_by_table(path).items()
        }
        return {
            "bench": "bytes an event on disk",
            "trace": _TRACE,
            "events": len(updates),
            "update_bytes_per_event": round(sum(map(len, updates)) / len(updates), 1),
            "bytes_per_event": round((path.stat().st_size - empty) / len(updates), 1),
            "empty_kb": round(empty / 1000),
            "parts": {name: size for name, size in parts.items() if size >= 0.1},
        }


if __name__ == "__main__":
    show(asyncio.run(disk()))
