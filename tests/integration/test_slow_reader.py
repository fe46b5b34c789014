"""A reader that does not read (P7) costs bounded memory, holds up nobody, and misses nothing."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.integration.peer import Peer, connect, open_socket
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S, SOAK

pytestmark = [pytest.mark.anyio, pytest.mark.p7]

PIECE = 400_000
ROUNDS = 80 if SOAK else 40
"""So that at least 16 MB are written: many times what the kernel and the outbox hold."""
MAX_GROWTH_BYTES = 28 << 20
"""Two sleepers with an outbox of 1 MiB each, a few pieces in flight, and up to 16 MiB by which the
page cache of SQLite grows to its own bound. It was seen to grow by 17 MiB, and by
39 MiB with outboxes of 200 MB."""
RETURNING = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": str(1 << 16)}
"""Settings of glibc with which large pieces of memory go back to the system when they are freed."""


@asynccontextmanager
async def sleeper(server: ServerProcess, doc: str, mode: str = "text") -> AsyncIterator[Peer]:
    """A peer that has joined and then reads nothing until it is asked to."""
    async with open_socket(server, ["quire.v1.msgpack"], receive_buffer=1) as socket:
        peer = Peer(socket, "msgpack")
        await peer.auth("Sleeper")
        await peer.join(doc, mode)
        yield peer


async def write(writer: Peer, reader: Peer | None, doc: str, numbers: Iterable[int]) -> None:
    """Write and delete again, so that the document stays small; `reader` keeps up, live."""
    for number in numbers:
        text = hashlib.sha256(str(number).encode()).hexdigest() * (PIECE // 64)
        await writer.insert(doc, f"w.{number}", text)
        await writer.send("text_delete", doc=doc, id=f"d.{number}", base=None, pos=0, len=len(text))
        await writer.expect("ack", id=f"d.{number}")
        if reader is not None:
            seen = 0
            while seen < 2:
                seen += len((await reader.expect("events"))["events"])


async def wait_until_indexed(server: ServerProcess) -> None:
    """Wait until the search has indexed all that was written so far."""
    async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_S) as http:
        await http.post("/api/documents", json={"name": "marker", "text": "after all of it"})
        deadline = time.monotonic() + PATIENCE_S
        while not (await http.get("/api/search?q=marker")).json()["results"]:
            assert time.monotonic() < deadline, "the search finds nothing"
            await asyncio.sleep(0.1)


async def wait_until_it_holds_less(server: ServerProcess, bound: int) -> None:
    """Wait while work in the background (the search, compaction) holds more for a moment.

    What is kept for readers that sleep does not go away while they sleep.
    """
    deadline = time.monotonic() + PATIENCE_S
    while (held := server.held_bytes) >= bound:
        assert time.monotonic() < deadline, f"the server holds {(held - bound) >> 20} MiB too much"
        await asyncio.sleep(0.1)


async def test_sleeping_readers_cost_bounded_memory_and_then_get_every_event_once(
    tmp_path: Path,
) -> None:
    doc = "asleep"
    with ServerProcess(tmp_path, environment=RETURNING, is_forked=False) as server:
        async with (
            connect(server, "msgpack", name="Writer") as writer,
            connect(server, "msgpack", name="Reader") as reader,
            sleeper(server, doc) as text_sleeper,
            sleeper(server, doc, "yjs") as yjs_sleeper,
        ):
            # What the store's cache holds, and the indexer of the search needs, is there before
            # it is measured.
            await writer.join("warm")
            await reader.join("warm")
            await write(writer, reader, "warm", range(ROUNDS))
            await wait_until_indexed(server)
            await writer.join(doc)
            await reader.join(doc)
            before = server.held_bytes
            await write(writer, reader, doc, range(ROUNDS))
            await wait_until_it_holds_less(server, before + MAX_GROWTH_BYTES)
            events: list[tuple[int, str]] = []
            while len(events) < 2 * ROUNDS:
                message = await text_sleeper.expect("events")
                events += [(e["version"], e["id"]) for e in message["events"]]
            assert events == [
                (2 * number + half + 1, f"{kind}.{number}")
                for number in range(ROUNDS)
                for half, kind in enumerate("wd")
            ]
            version = 0
            while version < 2 * ROUNDS:
                message = await yjs_sleeper.expect("updates")
                assert message["from"] == version + 1
                version = message["to"]
            await write(writer, reader, doc, [ROUNDS])
            for peer in (text_sleeper, yjs_sleeper):
                live = await peer.receive()
                assert live["type"] in ("events", "updates")


async def test_reader_that_takes_nothing_for_too_long_is_dropped(tmp_path: Path) -> None:
    doc = "dropped"
    with ServerProcess(tmp_path, environment={"QUIRE_SLOW_CONSUMER_TIMEOUT_S": "3"}) as server:
        async with (
            connect(server, "msgpack", name="Writer") as writer,
            connect(server, "msgpack", name="Witness") as witness,
            sleeper(server, doc) as stuck,
        ):
            await writer.join(doc)
            await witness.join(doc)
            dropped = asyncio.create_task(
                witness.until(lambda message: message["type"] == "member_left")
            )
            number = 0
            while not dropped.done():
                await write(writer, None, doc, [number])
                number += 1
                assert number < 2_000, "it was never dropped"
            assert (await dropped)[-1]["session"] == stuck.session
            assert await stuck.closed() in (1006, 1013)
