"""Measure compressed history: bytes an event, and how quickly it is written and read.

    python -m bench history

Sessions are typed through rooms into a log in SQLite, as in use, and read back as the log has them;
what is compressed are those events. The recorded times take the place of the times of the run. The
rows that the events occupy today, and the file of the same session that Yjs makes, stand beside it.
`QUIRE_BENCH_EVENTS` bounds each history, and is the length of the synthetic one.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate, cycle, islice, pairwise
from pathlib import Path
from random import Random
from secrets import token_bytes, token_hex, token_urlsafe
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, Final, NamedTuple

from msgspec.structs import replace
from pycrdt import Doc, Text

from bench.figures import percentile
from bench.trace import load_trace
from storage.log import open_event_log
from storage.migrate import upgrade
from storage.segments.container import column_sizes
from storage.segments.event_segment import encode_segment, open_segment
from sync.limit import Limits
from sync.port import EventLog, EventRecord
from sync.shells.rooms.rooms import Rooms
from sync.submission import Submission, TextSubmission, UpdateSubmission, text_digest, update_digest
from sync.text.composition import compose
from sync.text.delta import Delta, canonical, event_type
from sync.text.replay import replay
from sync.user import User
from sync.yjs.nonce import SessionNonces

_SEGMENT_EVENTS: Final = 4096
_PAGE_EVENTS: Final = 500
_PER_COMMIT: Final = 100
_SECRET: Final = token_bytes(32)
_SYNTHETIC_EVENTS: Final = 1_000_000
_IDENTITY_COLUMNS: Final = (
    *("ids", "nonces", "other_ids"),
    *("spans", "clients", "raw"),
    *("digests", "odd_digests"),
)
"""Ids, and what of updates cannot be derived."""


class Edit(NamedTuple):
    """One step of a session."""

    agent: int
    at_ms: int
    ops: Delta
    update: bytes
    """Empty: it is a text event."""


@dataclass(slots=True)
class _Measured:
    """Sums over the segments of one history."""

    events: int = 0
    parts: Counter[str] = field(default_factory=Counter)
    encode_s: float = 0.0
    decode_s: float = 0.0
    pages_s: list[float] = field(default_factory=list)
    texts_s: list[float] = field(default_factory=list)

    def add(self, events: list[EventRecord], text: str) -> str:
        """Encode and decode one segment; return the text after it."""
        begun = process_time()
        data = encode_segment(events, nonce_secret=_SECRET)
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
        begun = process_time()
        text = replay(text, (run.ops for run in open_segment(data).runs(0, events[-1].version)))
        self.texts_s.append(process_time() - begun)
        return text

    def figures(self) -> dict[str, Any]:
        each = {name: round(size / self.events, 3) for name, size in self.parts.items()}
        identity = sum(self.parts[name] for name in _IDENTITY_COLUMNS)
        whole = sum(self.parts.values())
        return {
            "events": self.events,
            "bytes_per_event": round(whole / self.events, 2),
            "without_ids_and_updates": round((whole - identity) / self.events, 2),
            "columns": {name: size for name, size in each.items() if size},
            "encoded_events_per_s": round(self.events / self.encode_s),
            "decoded_events_per_s": round(self.events / self.decode_s),
            "page_p99_ms": round(percentile(self.pages_s, 0.99) * 1000, 1),
            "text_p99_ms": round(percentile(self.texts_s, 0.99) * 1000, 1),
        }


def _most() -> int:
    return int(os.environ.get("QUIRE_BENCH_EVENTS", _SYNTHETIC_EVENTS))


def _times(trace: dict[str, Any]) -> list[int]:
    """The recorded times; those of whole seconds are spread over them."""
    times = [datetime.fromisoformat(each["time"]).timestamp() for each in trace["txns"]]
    random = Random(1)
    if any(time % 1 for time in times):
        return [round(time * 1000) for time in times]
    return sorted(int(time) * 1000 + random.randrange(1000) for time in times)


def _typed_times(start_ms: int) -> Iterator[int]:
    """Times with the pauses of a person who types, as one was recorded."""
    recorded = _times(load_trace("json-crdt-blog-post"))
    pauses = [max(after - before, 0) for before, after in pairwise(recorded)]
    return accumulate(cycle(pauses), initial=start_ms)


class _Typist:
    """A Yjs client: edits of its text become updates."""

    def __init__(self) -> None:
        self.doc: Doc[Any] = Doc(skip_gc=True)
        self._text: Text = self.doc.get("content", type=Text)
        self._updates: list[bytes] = []
        self._subscription = self.doc.observe(lambda event: self._updates.append(event.update))
        self.content = ""

    def edit(self, patches: Iterable[tuple[int, int, str]]) -> bytes:
        self._updates.clear()
        with self.doc.transaction():
            for position, deleted, inserted in patches:
                start = len(self.content[:position].encode())
                if deleted:
                    gone = self.content[position : position + deleted]
                    del self._text[start : start + len(gone.encode())]
                if inserted:
                    self._text.insert(start, inserted)
                self.content = (
                    self.content[:position] + inserted + self.content[position + deleted :]
                )
        return self._updates.pop() if self._updates else b""

    def merge(self, updates: Iterable[bytes]) -> None:
        for update in updates:
            self.doc.apply_update(update)
        self.content = str(self._text)


def _one_client(name: str) -> Iterator[Edit]:
    trace, typist = load_trace(name), _Typist()
    for at_ms, each in zip(_times(trace), trace["txns"], strict=True):
        yield Edit(0, at_ms, (), typist.edit(each["patches"]))


def _two_clients(name: str) -> Iterator[Edit]:
    """Two people who type at once, each in a replica that has what the other's had reached it."""
    trace = load_trace(name)
    typists = [_Typist() for _ in range(trace["numAgents"])]
    seen: list[set[int]] = [set() for _ in typists]
    updates: list[bytes] = []
    for number, (each, at_ms) in enumerate(zip(trace["txns"], _typed_times(0), strict=False)):
        agent = each["agent"]
        wanted, missing = list(each["parents"]), set[int]()
        while wanted:
            parent = wanted.pop()
            if parent not in seen[agent] and parent not in missing:
                missing.add(parent)
                wanted += trace["txns"][parent]["parents"]
        if missing:
            typists[agent].merge(updates[parent] for parent in sorted(missing))
        seen[agent] |= missing | {number}
        updates.append(typists[agent].edit(each["patches"]))
        yield Edit(agent, at_ms, (), updates[-1])


def _text_events(name: str) -> Iterator[Edit]:
    trace = load_trace(name)
    for at_ms, each in zip(_times(trace), trace["txns"], strict=True):
        ops: Delta = ()
        for position, deleted, inserted in each["patches"]:
            ops = compose(ops, canonical([position, inserted, -deleted]))
        yield Edit(0, at_ms, ops, b"")


def _synthetic() -> Iterator[Edit]:
    """A person who writes words, goes back over some, and now and then works somewhere else."""
    random, typist, caret = Random(7), _Typist(), 0
    words = load_trace("seph-blog1")["endContent"].split(" ")
    times = _typed_times(1_700_000_000_000)

    def step(position: int, deleted: int, inserted: str) -> Edit:
        return Edit(0, next(times), (), typist.edit([(position, deleted, inserted)]))

    while True:
        if random.random() < 0.05:
            caret = random.randrange(len(typist.content) + 1)
        for char in random.choice(words) + " ":
            yield step(caret, 0, char)
            caret += 1
            if random.random() < 0.06:
                for _ in range(min(random.randint(1, 8), caret)):
                    caret -= 1
                    yield step(caret, 1, "")
        if len(typist.content) > 100_000:
            # A passage goes, so that the synthetic text does not outgrow real ones.
            yield step(0, 50_000, "")
            caret = max(caret - 50_000, 0)


@asynccontextmanager
async def _typed(edits: Iterator[Edit]) -> AsyncIterator[tuple[EventLog, int, list[int], Path]]:
    """A log into which the edits were written through a room: as each mode's clients send them."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "quire.db"
        url = f"sqlite+aiosqlite:///{path}"
        await upgrade(url)
        log = open_event_log(url)
        sessions = [token_hex(8) for _ in range(2)]
        tags = [token_urlsafe(15) for _ in range(2)]
        users = [User(f"open-{token_hex(10)}", f"Guest {n}", "#123456") for n in (1, 2)]
        counts = [0, 0]
        times: list[int] = []
        async with Rooms(log, Limits(), flush_interval_s=0.0) as rooms:
            room = await rooms.open("notes", users[0])
            for number, (agent, at_ms, ops, update) in enumerate(edits, 1):
                times.append(at_ms)
                counts[agent] += 1
                by = sessions[agent], users[agent]
                submission: Submission
                if update:
                    event_id, digest = f"{tags[agent]}.{counts[agent]}", update_digest(update)
                    submission = UpdateSubmission(
                        *by, event_id, update, digest, len(update), role="editor"
                    )
                else:
                    digest = text_digest(event_type(ops), number - 1, ops)
                    submission = TextSubmission(
                        *by, token_urlsafe(12), None, ops, digest, 64, role="editor"
                    )
                rooms.take(room, submission)
                if number % _PER_COMMIT == 0:
                    await rooms.settle()
            await rooms.settle()
            assert room.version == len(times), "nothing was refused"
        record = await log.find("notes")
        assert record is not None
        try:
            yield log, record.key, times, path
        finally:
            await log.aclose()


async def _measure(edits: Iterator[Edit]) -> dict[str, Any]:
    measured, made_up = _Measured(), _Measured()
    async with _typed(islice(edits, _most())) as (log, key, times, path):
        text = ""
        for after in range(0, len(times), _SEGMENT_EVENTS):
            found = await log.read(key, after, len(times), _SEGMENT_EVENTS)
            events = [replace(event, at_ms=times[event.version - 1]) for event in found]
            before, text = text, measured.add(events, text)
            made_up.add([replace(event, id=_made_up(event)) for event in events], before)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        rows = path.stat().st_size / len(times)
    return {
        "rows_bytes_per_event": round(rows, 1),
        **measured.figures(),
        "bytes_per_event_with_made_up_ids": made_up.figures()["bytes_per_event"],
    }


def _made_up(event: EventRecord) -> str:
    """The id that the server makes up where a client sends none."""
    nonce = SessionNonces(_SECRET, event.session).of(event.version)
    return f"{event.session}-{event.version}-{nonce.hex()}"


def _yjs_bytes(name: str) -> int:
    """The file of a session as Yjs makes it, with all that was deleted: without ids and times."""
    typist = _Typist()
    trace = load_trace(name)
    for each in islice(trace["txns"], _most()):
        typist.edit(each["patches"])
    return len(typist.doc.get_update())


async def history() -> dict[str, Any]:
    """Bytes an event of compressed history, and its speeds in processor time."""
    blog = await _measure(_one_client("seph-blog1"))
    return {
        "bench": "compressed history",
        "segment_events": _SEGMENT_EVENTS,
        "seph_blog1": blog,
        "seph_blog1_yjs_file_bytes_per_event": round(_yjs_bytes("seph-blog1") / blog["events"], 2),
        "friendsforever": await _measure(_two_clients("friendsforever")),
        "text_events": await _measure(_text_events("json-crdt-blog-post")),
        "synthetic": await _measure(_synthetic()),
    }
