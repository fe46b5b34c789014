"""Measure compaction on SQLite, with a recorded session typed by one Yjs client.

    python -m bench compaction

The bytes of an event in the whole file before and after, the events that are compacted in a second,
the text of random versions, a cold opening; and how long another room waits for a commit while a
compaction runs beside it, in the same process.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

from app.service.compactor import Compactor
from bench.disk import write_session
from bench.figures import show
from bench.trace import load_trace, sequential_updates
from storage.compaction.piece import CompactionRule
from storage.migrate import upgrade
from storage.store import Store, open_store
from sync.limit import Limits
from sync.shells.log_reader import text_at
from sync.shells.rooms.rooms import Rooms
from sync.submission import UpdateSubmission, update_digest
from sync.user import User

_TRACE: Final = "seph-blog1"
_USER: Final = User("open-0123456789abcdef01", "Guest 1", "#123456")
_RULE: Final = CompactionRule(age_ms=0, keep_events=0)
_VERSIONS: Final = 200


async def compaction(count: int | None = None) -> dict[str, Any]:
    """Sizes and times of a log before, during and after its compaction."""
    updates = list(sequential_updates(load_trace(_TRACE)))[:count]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "quire.db"
        url = f"sqlite+aiosqlite:///{path}"
        await upgrade(url)
        store = open_store(url)
        await write_session(store.log, updates)
        before_bytes = await _used_bytes(store)
        alone_ms = await _commit_times(store, "alone", updates)
        compactor = Compactor(store.compaction, store.care, _RULE)
        task = asyncio.create_task(compactor.round())
        beside_ms = await _commit_times(store, "beside", updates)
        was_running = not task.done()
        await task
        after_bytes = await _used_bytes(store)
        result = {
            "bench": "compaction",
            "trace": _TRACE,
            "events": len(updates),
            "bytes_per_event_before": round(before_bytes / len(updates), 1),
            "bytes_per_event": round(after_bytes / len(updates), 1),
            "compacted_beside_all_commits": was_running,
            "commit_alone": _percentiles(alone_ms),
            "commit_beside_compaction": _percentiles(beside_ms),
            "any_version": _percentiles(await _text_times(store)),
            "cold_open_ms": round(await _open_ms(store), 1),
        }
        await store.aclose()
        return result


async def _used_bytes(store: Store) -> int:
    size, free = await store.care.database_bytes()
    return size - free


async def _commit_times(store: Store, name: str, updates: Sequence[bytes]) -> list[float]:
    """The time from a submission to its commit, one after the other, in milliseconds."""
    times: list[float] = []
    async with Rooms(store.log, Limits(), flush_interval_s=0.0) as rooms:
        room = await rooms.open(name, _USER)
        for number, update in enumerate(updates[:1_000]):
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
    ordered = sorted(times_ms)
    return {
        "p50_ms": round(ordered[len(ordered) // 2], 2),
        "p99_ms": round(ordered[len(ordered) * 99 // 100], 2),
    }


if __name__ == "__main__":
    show(asyncio.run(compaction()))
