"""Measure compaction, with a recorded session typed by one Yjs client.

    python -m bench compaction

The time that another room waits for a commit, alone and while a compaction as the server's runs
beside it, in turns; the transactions of the compaction, and how many commits met one; the text of
random versions, and a cold opening. On SQLite; with `QUIRE_BENCH_POSTGRESQL=1` the commits on
PostgreSQL, too. The bytes of an event are in `python -m bench history`.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

from app.service.compactor import Compactor
from bench.disk import write_session
from bench.figures import percentile, show
from bench.trace import load_trace, sequential_updates
from storage.compaction.log_care import SqlLogCare
from storage.compaction.piece import CompactionRule
from storage.compaction.preparation import PreparedCheckpoints, PreparedSegment
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
from tests.postgresql import running_postgresql

_TRACE: Final = "seph-blog1"
_USER: Final = User("open-0123456789abcdef01", "Guest 1", "#123456")
_RULE: Final = CompactionRule(age_ms=0, keep_events=0, resting_ms=0)
_VERSIONS: Final = 200
_TURNS: Final = 40
"""Of each kind, one after the other: what else the machine does meets both alike.

With 16 of them, the ratio of the 99th percentiles differed by 10 % from run to run.
"""
_RESAMPLINGS: Final = 2_000
_COMMITS: Final = 250
"""In each turn."""
_PAUSE_S: Final = 0.002
"""Between a commit and the next edit."""
_SETTLING_S: Final = 0.3
"""The time in which the compaction comes to rest before a turn without it."""
_POSTGRESQL_EVENTS: Final = 40_000

_Span = tuple[float, float]


class _Gate:
    """A database and a preparation of a compaction that can be held, and whose writes are timed."""

    def __init__(self, database: Database, preparation: PreparingProcess) -> None:
        self._database = database
        self._preparation = preparation
        self.read = database.read
        self.read_snapshot = database.read_snapshot
        self.aclose = database.aclose
        self.end = preparation.end
        self.open = asyncio.Event()
        self.transactions: list[_Span] = []

    @asynccontextmanager
    async def write(self, *, is_background: bool = False) -> AsyncIterator[Transaction]:
        await self.open.wait()
        async with self._database.write(is_background=is_background) as transaction:
            begun = perf_counter()
            yield transaction
        self.transactions.append((begun, perf_counter()))

    async def segment(self, key: int, rule: CompactionRule, now_ms: int) -> PreparedSegment | None:
        await self.open.wait()
        return await self._preparation.segment(key, rule, now_ms)

    async def checkpoints(
        self, key: int, rule: CompactionRule, now_ms: int
    ) -> PreparedCheckpoints | None:
        await self.open.wait()
        return await self._preparation.checkpoints(key, rule, now_ms)


async def compaction(count: int | None = None) -> dict[str, Any]:
    """Times of a log beside its compaction, and after it."""
    updates = list(sequential_updates(load_trace(_TRACE)))[:count]
    with TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'quire.db'}"
        result = await _sqlite(url, updates)
    if os.environ.get("QUIRE_BENCH_POSTGRESQL") == "1":
        with running_postgresql() as server:
            async with server.database() as url:
                store = await _written(url, updates[:_POSTGRESQL_EVENTS])
                result["postgresql"] = await _beside(store, url, updates)
                await store.aclose()
    return result


async def _sqlite(url: str, updates: Sequence[bytes]) -> dict[str, Any]:
    store = await _written(url, updates)
    beside = await _beside(store, url, updates)
    document = await store.log.find("notes")
    assert document is not None
    while await store.compaction.step(document.key, _RULE, 1 << 50):
        while await store.compaction.remove_rows(document.key):
            pass
    result = {
        "bench": "compaction",
        "trace": _TRACE,
        "events": len(updates),
        **beside,
        "any_version": _percentiles(await _text_times(store)),
        "cold_open_ms": round(await _open_ms(store), 1),
    }
    await store.aclose()
    return result


async def _written(url: str, updates: Sequence[bytes]) -> Store:
    await upgrade(url)
    store = open_store(url)
    await write_session(store.log, list(updates), secret=await store.log.nonce_secret())
    return store


async def _beside(store: Store, url: str, updates: Sequence[bytes]) -> dict[str, Any]:
    """The commits of a room, without and with a compaction, in turns."""
    gate = _Gate(store.log._database, PreparingProcess(url))
    compactor = Compactor(
        SqlCompaction(gate),
        SqlLogCare(gate),
        _RULE,
        gate,
        appends=lambda: store.log.committed_appends,
    )
    task = asyncio.create_task(compactor.round())
    alone: list[list[_Span]] = []
    beside: list[list[_Span]] = []
    async with Rooms(store.log, Limits(), flush_interval_s=0.0) as rooms:
        for turn in range(2 * _TURNS):
            is_beside = bool(turn % 2)
            if is_beside:
                gate.open.set()
            else:
                gate.open.clear()
                await asyncio.sleep(_SETTLING_S)
            spans = await _commits(rooms, f"turn-{turn}", updates[:_COMMITS])
            (beside if is_beside else alone).append(spans)
            assert not task.done(), "there was work all the time"
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return _compared(alone, beside, gate.transactions)


async def _commits(rooms: Rooms, name: str, updates: Sequence[bytes]) -> list[_Span]:
    """The times from a submission to its commit, one after the other."""
    spans: list[_Span] = []
    room = await rooms.open(name, _USER)
    for number, update in enumerate(updates):
        event_id, digest = f"{name}-{number}", update_digest(update)
        submission = UpdateSubmission(
            name, _USER, event_id, update, digest, len(update), True, role="editor"
        )
        begun = perf_counter()
        rooms.take(room, submission)
        await rooms.settle()
        spans.append((begun, perf_counter()))
        await asyncio.sleep(_PAUSE_S)
    return spans


def _compared(
    alone: list[list[_Span]], beside: list[list[_Span]], transactions: list[_Span]
) -> dict[str, Any]:
    flat_alone = _percentiles([time for turn in alone for time in _times_ms(turn)])
    flat = [span for turn in beside for span in turn]
    flat_beside = _percentiles(_times_ms(flat))
    met = [each for each in flat if any(_overlap(each, other) for other in transactions)]
    turns = [
        percentile(_times_ms(two), 0.99) / percentile(_times_ms(one), 0.99)
        for one, two in zip(alone, beside, strict=True)
    ]
    return {
        "commit_alone": flat_alone,
        "commit_beside_compaction": flat_beside,
        "p99_ratio": round(flat_beside["p99_ms"] / flat_alone["p99_ms"], 3),
        "p99_ratio_95_percent": _p99_ratio_interval(alone, beside),
        "p99_ratio_of_two_turns_median": round(median(turns), 3),
        "met_a_transaction": {
            "count": len(met),
            "of": len(flat),
            **_percentiles(_times_ms(met)),
        },
        "transactions": {"count": len(transactions), **_percentiles(_times_ms(transactions))},
    }


def _p99_ratio_interval(
    alone: Sequence[Sequence[_Span]], beside: Sequence[Sequence[_Span]]
) -> tuple[float, float]:
    """Return the 95 % interval of the ratio: bootstrap, with pairs of turns drawn again."""
    pairs = [(_times_ms(one), _times_ms(two)) for one, two in zip(alone, beside, strict=True)]
    choose = Random(1)
    ratios: list[float] = []
    for _ in range(_RESAMPLINGS):
        drawn = choose.choices(pairs, k=len(pairs))
        without = percentile([time for one, _ in drawn for time in one], 0.99)
        ratios.append(percentile([time for _, two in drawn for time in two], 0.99) / without)
    return round(percentile(ratios, 0.025), 3), round(percentile(ratios, 0.975), 3)


def _overlap(one: _Span, other: _Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _times_ms(spans: Sequence[_Span]) -> list[float]:
    return [(ended - begun) * 1_000 for begun, ended in spans]


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
