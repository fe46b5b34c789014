"""Measure compaction on SQLite, with a recorded session typed by one Yjs client.

    python -m bench compaction

The time that another room waits for a commit while a compaction runs beside it, and before and
after that; the lengths of the transactions of the compaction; the text of random versions, and a
cold opening. The bytes of an event are in `python -m bench history`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

from app.service.compactor import Compactor
from bench.disk import write_session
from bench.figures import percentile, show
from bench.trace import load_trace, sequential_updates
from storage.compaction.log_care import SqlLogCare
from storage.compaction.piece import CompactionRule
from storage.compaction.preparing_process import PreparingProcess
from storage.compaction.sql_compaction import SqlCompaction
from storage.engine import Database, Transaction
from storage.migrate import upgrade
from storage.store import Store, open_store
from sync.limit import Limits
from sync.shells.log_reader import text_at
from sync.shells.rooms.rooms import Rooms
from sync.submission import UpdateSubmission, update_digest
from sync.user import User

_TRACE: Final = "seph-blog1"
_USER: Final = User("open-0123456789abcdef01", "Guest 1", "#123456")
_RULE: Final = CompactionRule(age_ms=0, keep_events=0, resting_ms=0)
_VERSIONS: Final = 200
_COMMITS: Final = 1_000
"""Before and after the compaction; beside it there are twice as many."""


class _TimedDatabase:
    """A database whose write transactions are timed, from the first statement's turn to the end."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.read = database.read
        self.read_snapshot = database.read_snapshot
        self.aclose = database.aclose
        self.times_ms: list[float] = []

    @asynccontextmanager
    async def write(self, *, is_durable: bool = True) -> AsyncIterator[Transaction]:
        async with self._database.write(is_durable=is_durable) as transaction:
            begun = perf_counter()
            yield transaction
        self.times_ms.append((perf_counter() - begun) * 1_000)


async def compaction(count: int | None = None) -> dict[str, Any]:
    """Sizes and times of a log before, during and after its compaction."""
    updates = list(sequential_updates(load_trace(_TRACE)))[:count]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "quire.db"
        url = f"sqlite+aiosqlite:///{path}"
        await upgrade(url)
        store = open_store(url)
        await write_session(store.log, updates, secret=await store.log.nonce_secret())
        timed = _TimedDatabase(store.log._database)
        compactor = Compactor(SqlCompaction(timed), SqlLogCare(timed), _RULE, PreparingProcess(url))
        alone_ms = await _commit_times(store, "before", updates[:_COMMITS])
        task = asyncio.create_task(compactor.round())
        beside_ms = await _commit_times(store, "beside", updates[: 2 * _COMMITS])
        assert not task.done(), "it was at work all the time"
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        alone_ms += await _commit_times(store, "after", updates[:_COMMITS])
        transactions_ms = list(timed.times_ms)
        compactor.rest = 0.0
        await compactor.round()
        alone, beside = _percentiles(alone_ms), _percentiles(beside_ms)
        result = {
            "bench": "compaction",
            "trace": _TRACE,
            "events": len(updates),
            "commit_alone": alone,
            "commit_beside_compaction": beside,
            "p99_ratio": round(beside["p99_ms"] / alone["p99_ms"], 3),
            "transactions": {"count": len(transactions_ms), **_percentiles(transactions_ms)},
            "any_version": _percentiles(await _text_times(store)),
            "cold_open_ms": round(await _open_ms(store), 1),
        }
        await store.aclose()
        return result


async def _commit_times(store: Store, name: str, updates: Sequence[bytes]) -> list[float]:
    """The time from a submission to its commit, one after the other, in milliseconds."""
    times: list[float] = []
    async with Rooms(store.log, Limits(), flush_interval_s=0.0) as rooms:
        room = await rooms.open(name, _USER)
        for number, update in enumerate(updates):
            event_id, digest = f"{name}-{number}", update_digest(update)
            submission = UpdateSubmission(
                name, _USER, event_id, update, digest, len(update), True, role="editor"
            )
            begun = perf_counter()
            rooms.take(room, submission)
            await rooms.settle()
            times.append((perf_counter() - begun) * 1_000)
            await asyncio.sleep(0.002)
    return times


async def _text_times(store: Store) -> list[float]:
    random = Random(1)
    document = await store.log.find("notes")
    assert document is not None
    times: list[float] = []
    for _ in range(_VERSIONS):
        begun = perf_counter()
        await text_at(store.log, document.key, random.randint(1, document.version))
        times.append((perf_counter() - begun) * 1_000)
    return times


async def _open_ms(store: Store) -> float:
    begun = perf_counter()
    async with Rooms(store.log, Limits()) as rooms:
        await rooms.open("notes", _USER)
        return (perf_counter() - begun) * 1_000


def _percentiles(times_ms: list[float]) -> dict[str, float]:
    shares = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
    return {name: round(percentile(times_ms, share), 2) for name, share in shares.items()}


if __name__ == "__main__":
    show(asyncio.run(compaction()))
