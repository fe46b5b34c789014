"""Measure how long it takes to tell who wrote a text with a long history, and to take things back.

    python -m bench authors

The deltas of a recorded session are logged as those of three people in turns; the updates beside
them are no updates, which nothing here reads.
"""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from app.service.blames import Blames
from app.service.playback_reader import MAX_PLAYBACK_BYTES, MAX_PLAYBACK_EVENTS, encode_playback
from app.service.strand_reader import read_chapter, walk_back
from bench.figures import show
from bench.trace import load_trace
from storage.log import SqlEventLog
from storage.migrate import upgrade
from storage.store import Store, open_store
from sync.event_origin import TakeBack, actor_mark
from sync.port import DocumentRecord, EventRecord, NewDocument
from sync.submission import update_digest
from sync.text.composition import chain_all
from sync.text.delta import Delta, canonical

_TRACE: Final = "seph-blog1"
_PEOPLE: Final = 3
_TURN: Final = 400
"""Events by one person, until the next one writes."""
_COMMIT: Final = 2_000
_EDITS: Final = 20
_BACK: Final = 5_000
"""The events since the beginning of what is taken back."""


def _deltas() -> Iterator[Delta]:
    for transaction in load_trace(_TRACE)["txns"]:
        parts = [
            canonical((at, inserted, -deleted)) for at, deleted, inserted in transaction["patches"]
        ]
        delta = canonical(chain_all(parts))
        if delta:
            yield delta


def _event(version: int, ops: Delta) -> EventRecord:
    user = f"open-{version // _TURN % _PEOPLE}"
    update = version.to_bytes(12, "big")
    at_ms = 1_700_000_000_000 + version * 300
    session = f"{version // 5_000:016x}"
    return EventRecord(
        version, f"c:{version}", ops, update, user, user, session, at_ms, update_digest(update)
    )


async def _append(log: SqlEventLog, key: int, events: list[EventRecord]) -> None:
    async with log.append() as transaction:
        await transaction.lock_heads([key])
        await transaction.insert([(key, each) for each in events], updated_at_ms=1)


async def _seed(store: Store) -> DocumentRecord:
    new = NewDocument("blog", "", "content", "e", 7, "open-0", 1)
    record, _ = await store.log.create(new)
    events = [_event(version, ops) for version, ops in enumerate(_deltas(), 1)]
    for at in range(0, len(events), _COMMIT):
        await _append(store.log, record.key, events[at : at + _COMMIT])
    return await _head(store)


async def _head(store: Store) -> DocumentRecord:
    record = await store.log.find("blog")
    assert record is not None, "it was created"
    return record


async def _timed(work: Callable[[], Awaitable[object]]) -> dict[str, float]:
    """Return what some work takes, by the wall clock and in time of the processor."""
    cpu, wall = time.process_time(), time.perf_counter()
    await work()
    return {
        "wall_ms": round((time.perf_counter() - wall) * 1_000, 1),
        "cpu_ms": round((time.process_time() - cpu) * 1_000, 1),
    }


async def _edits(store: Store, blames: Blames) -> dict[str, float]:
    taken: list[dict[str, float]] = []
    for _ in range(_EDITS):
        head = await _head(store)
        await _append(store.log, head.key, [_event(head.version + 1, (300, "x"))])
        record = await _head(store)
        taken.append(await _timed(lambda record=record: blames.blame(record, record.version)))  # type: ignore[misc]
    middle = _EDITS // 2
    return {name: sorted(each[name] for each in taken)[middle] for name in taken[0]}


async def authors() -> dict[str, Any]:
    """Times for the head and an old version of a recorded session."""
    with TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'quire.db'}"
        await upgrade(url)
        store = open_store(url)
        head = await _seed(store)

        def fresh() -> Blames:
            return Blames(store.log, store.versions)

        # As servers do when they have started: what this process has made is not looked through.
        gc.freeze()
        from_nothing = await _timed(lambda: fresh().blame(head, head.version))
        cold = await _timed(lambda: fresh().blame(head, head.version))
        kept = await store.versions.blame(head.key)
        assert kept is not None, "the first one has kept it"
        old = await _timed(lambda: fresh().blame(head, head.version // 2))
        blames = fresh()
        await blames.blame(head, head.version)
        edit = await _edits(store, blames)
        head = await _head(store)
        taken = TakeBack(head.version - _BACK, head.version - _BACK // 2, actor_mark("open-1"))

        async def back() -> None:
            await walk_back(
                await read_chapter(store.log, head.key, taken.after, head.version), taken
            )

        async def playback() -> None:
            found = await store.log.authored(head.key, 0, MAX_PLAYBACK_EVENTS, MAX_PLAYBACK_BYTES)
            encode_playback(found, {each.actor_id: "#123456" for each in found.writers})

        result = {
            "bench": "who wrote what",
            "trace": _TRACE,
            "events": head.version - _EDITS,
            "spans": len(kept.spans),
            "first_ever": from_nothing,
            "head_cold": cold,
            "old_version": old,
            "after_an_edit": edit,
            "take_back_of_5000": await _timed(back),
            "playback_of_20000": await _timed(playback),
        }
        await store.aclose()
        return result


if __name__ == "__main__":
    show(asyncio.run(authors()))
