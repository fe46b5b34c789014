"""Measure compressed history: bytes an event on disk, and how quickly it is made and read.

    python -m bench history

Three histories are written into one database in SQLite, as clients of the page and of y-websocket
send them, and get the times at which they were recorded. Then they are compacted, as servers do
with documents that nobody has written for a day. The bytes of an event are what the file has grown
by for a history, everything counted: segments, indexes, checkpoints, kept authors, pages that are
not full. The files that Yjs and diamond-types make of the same session stand beside it; the latter
needs Node.

`QUIRE_BENCH_EVENTS` bounds each history, and is the length of the synthetic one.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any, Final

from app.service.blames import Blames
from bench.figures import percentile
from bench.history_seeding import History, append_history, type_history
from bench.history_source import Session, recorded, synthetic
from bench.peers import diamond_types_bytes
from storage.compaction.piece import CompactionRule
from storage.migrate import upgrade
from storage.segments.container import column_sizes
from storage.segments.event_segment import encode_segment, open_segment
from storage.store import Store, open_store
from sync.limit import Limits
from sync.port import DocumentRecord, EventRecord
from sync.shells.clock import now_ms
from sync.shells.log_reader import text_at
from sync.shells.rooms.rooms import Rooms
from sync.user import User

_SEGMENT_EVENTS: Final = 4096
_PAGE_EVENTS: Final = 500
_SYNTHETIC_EVENTS: Final = 1_000_000
_READS: Final = 300
_OPENS: Final = 5
_RULE: Final = CompactionRule(age_ms=0, keep_events=0, resting_ms=0)
_IDENTITY_COLUMNS: Final = (
    *("ids", "nonces", "other_ids"),
    *("spans", "clients", "raw"),
    *("digests", "odd_digests"),
)
"""Ids, and what of updates cannot be derived."""


@dataclass(slots=True)
class _Codec:
    """Sums over the segments of one history."""

    events: int = 0
    parts: Counter[str] = field(default_factory=Counter)
    encode_s: float = 0.0
    decode_s: float = 0.0
    pages_s: list[float] = field(default_factory=list)

    def add(self, events: list[EventRecord], secret: bytes) -> None:
        """Encode and decode one segment."""
        begun = process_time()
        data = encode_segment(events, nonce_secret=secret)
        encoded = process_time()
        found = open_segment(data).events(0, events[-1].version)
        self.encode_s += encoded - begun
        self.decode_s += process_time() - encoded
        assert found == events, "a segment gives its events back"
        self.events += len(events)
        self.parts.update(column_sizes(data))
        middle = events[len(events) // 2].version
        begun = process_time()
        open_segment(data).events(middle, middle + _PAGE_EVENTS)
        self.pages_s.append(process_time() - begun)

    def figures(self) -> dict[str, Any]:
        each = {name: round(size / self.events, 3) for name, size in self.parts.items()}
        identity = sum(self.parts[name] for name in _IDENTITY_COLUMNS)
        whole = sum(self.parts.values())
        return {
            "segments_bytes_per_event": round(whole / self.events, 2),
            "without_ids_and_updates": round((whole - identity) / self.events, 2),
            "columns": {name: size for name, size in each.items() if size},
            "encoded_events_per_s": round(self.events / self.encode_s),
            "decoded_events_per_s": round(self.events / self.decode_s),
            "page_p99_ms": round(percentile(self.pages_s, 0.99) * 1000, 1),
        }


def _histories() -> Iterator[History]:
    most = int(os.environ.get("QUIRE_BENCH_EVENTS", _SYNTHETIC_EVENTS))
    yield History("seph_blog1", recorded("seph-blog1")[:most], is_page=False)
    yield History("friendsforever", recorded("friendsforever")[:most], is_page=True)
    yield History("synthetic", synthetic(most), is_page=False)


async def _finish(store: Store, history: History, path: Path, times: list[int]) -> DocumentRecord:
    """Give a history its times, and keep its authors, as a server does in time."""
    record = await store.log.find(history.name)
    assert record is not None, "it was written"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "UPDATE events SET at_ms = ? WHERE document_key = ? AND version = ?",
            ((at_ms, record.key, version) for version, at_ms in enumerate(times, 1)),
        )
    await Blames(store.log, store.versions).keep(record)
    # The changes of the feed are removed once they are read.
    await store.log.changes.start("bench")
    await store.log.changes.forget("bench")
    return record


async def _codec_figures(store: Store, record: DocumentRecord) -> dict[str, Any]:
    codec = _Codec()
    secret = await store.log.nonce_secret()
    for after in range(0, record.version, _SEGMENT_EVENTS):
        events = await store.log.read(record.key, after, record.version, _SEGMENT_EVENTS)
        codec.add(events, secret)
    return codec.figures()


async def _compact(store: Store, record: DocumentRecord) -> float:
    """Compact a document; return the events of a second, by the wall clock."""
    begun = perf_counter()
    moved = 0
    while count := await store.compaction.step(record.key, _RULE, now_ms()):
        moved += count
        while await store.compaction.remove_rows(record.key):
            pass
    await store.compaction.condense(record.key, _RULE, now_ms())
    taken = perf_counter() - begun
    while await store.care.give_back():
        pass
    return moved / taken


async def _text_times(store: Store, record: DocumentRecord) -> list[float]:
    random, times = Random(1), list[float]()
    for _ in range(_READS):
        begun = perf_counter()
        await text_at(store.log, record.key, random.randint(1, record.version))
        times.append(perf_counter() - begun)
    return times


async def _open_times(url: str, name: str) -> list[float]:
    """The times of opening a document in a store that has read nothing yet."""
    times: list[float] = []
    for _ in range(_OPENS):
        store = open_store(url)
        await store.log.ping()
        async with Rooms(store.log, Limits()) as rooms:
            begun = perf_counter()
            await rooms.open(name, User("open-0123456789abcdef01", "Guest 1", "#123456"))
            times.append(perf_counter() - begun)
        await store.aclose()
    return times


def _size(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def _parts(path: Path) -> Counter[str]:
    """The bytes of the pages of each table and index, where this SQLite can tell."""
    with closing(sqlite3.connect(path)) as connection:
        try:
            rows = connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name")
            return Counter(dict(rows.fetchall()))
        except sqlite3.OperationalError:
            return Counter()


async def _measure(url: str, path: Path, history: History) -> dict[str, Any]:
    store = open_store(url)
    before, parts_before = _size(path), _parts(path)
    session = Session(history.steps)
    seed = append_history if history.name == "synthetic" else type_history
    times = await seed(store, history, session)
    record = await _finish(store, history, path, times)
    rows = _size(path) - before
    codec = await _codec_figures(store, record)
    compacted_per_s = await _compact(store, record)
    await store.aclose()
    size, parts = _size(path) - before, _parts(path)
    parts.subtract(parts_before)
    store = open_store(url)
    texts = await _text_times(store, record)
    await store.aclose()
    opens = await _open_times(url, history.name)
    count = len(times)
    diamond_types = diamond_types_bytes(history.steps)
    return {
        "events": count,
        "rows_bytes_per_event": round(rows / count, 1),
        "bytes_per_event": round(size / count, 2),
        "parts": {
            name: round(part / count, 3)
            for name, part in parts.most_common()
            if part / count > 0.01
        },
        **codec,
        "compacted_events_per_s": round(compacted_per_s),
        "text_p50_ms": round(percentile(texts, 0.5) * 1000, 1),
        "text_p99_ms": round(percentile(texts, 0.99) * 1000, 1),
        "open_ms": [round(each * 1000, 1) for each in opens],
        "yjs_bytes_per_event": round(len(session.yjs_file()) / count, 2),
        "diamond_types_bytes_per_event": diamond_types and round(diamond_types / count, 2),
    }


async def history() -> dict[str, Any]:
    """Bytes an event of compressed history, and its speeds."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "quire.db"
        url = f"sqlite+aiosqlite:///{path}"
        await upgrade(url)
        empty = _size(path)
        found = {each.name: await _measure(url, path, each) for each in _histories()}
        events = sum(each["events"] for each in found.values())
        whole = _size(path)
    return {
        "bench": "compressed history",
        "segment_events": _SEGMENT_EVENTS,
        **found,
        "empty_database_bytes": empty,
        "whole_file_bytes_per_event": round(whole / events, 2),
    }
