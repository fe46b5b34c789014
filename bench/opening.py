"""Measure the time to open a document with a long history, and to read any of its versions."""

import asyncio
import json
import random
import time
import urllib.request
from typing import Any

from pycrdt import Doc, Text

from bench.figures import latencies_ms, show
from bench.pipeline import Writer
from bench.stand import Stand
from bench.trace import load_trace, sequential_updates
from bench.websocket import AuthOk, Connection, Joined, connect, decode, encode

Span = tuple[float, float]
_READS = 200
_OPENS = 5


async def first_state(port: int, doc: str) -> tuple[Span, bytes]:
    """Return the time from TCP connect until a new client has the full state, and the state."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[float, bytes]] = loop.create_future()
    connection: Connection | None = None

    def receive(payload: bytes, at: float) -> None:
        match decode(payload):
            case AuthOk():
                assert connection is not None, "connected"
                connection.send(encode(type="join", doc=doc, mode="yjs"))
            case Joined(state=state):
                done.set_result((at, state or b""))
            case _:
                pass

    start = time.perf_counter()
    connection = await connect(port, receive)
    connection.send(encode(type="auth", name="Reader"))
    at, state = await done
    connection.close()
    return (start, at), state


def read_version(port: int, doc: str, version: int) -> tuple[Span, str]:
    """Return the time that the text at a version takes over HTTP, and the text."""
    url = f"http://127.0.0.1:{port}/api/documents/{doc}/history/{version}"
    start = time.perf_counter()
    with urllib.request.urlopen(url, timeout=10) as response:
        body = response.read()
    return (start, time.perf_counter()), json.loads(body)["text"]


async def opening(trace_name: str = "seph-blog1") -> dict[str, Any]:
    """Seed the trace one update per transaction, restart the server, open, read versions."""
    trace = load_trace(trace_name)
    updates = list(sequential_updates(trace))
    with Stand() as stand:
        server = stand.server
        writer = Writer("trace")
        await writer.open(server.port)
        seeding = stand.seconds(*await writer.write(updates, len(updates)))
        writer.close()
        opens: list[Span] = []
        for _ in range(_OPENS):
            server.stop()
            server.start()
            span, state = await first_state(server.port, "trace")
            opens.append(span)
        doc: Doc[Any] = Doc()
        text: Text = doc.get("content", type=Text)
        doc.apply_update(state)
        assert str(text) == trace["endContent"], "the state holds the text"
        choose = random.Random(7)
        reads = [
            read_version(server.port, "trace", choose.randint(1, len(updates)))[0]
            for _ in range(_READS)
        ]
        final = read_version(server.port, "trace", len(updates))[1]
        assert final == trace["endContent"], "the last version is the text"
        await stand.clock.settled()
        first_states = [stand.seconds(*span) for span in opens]
        any_version = [stand.seconds(*span) for span in reads]
        size = server.database.stat().st_size
    return {
        "bench": "opening a long history",
        "trace": trace_name,
        "events": len(updates),
        "seeded_per_s": round(len(updates) / seeding),
        "database_mb": round(size / 1e6, 1),
        "first_state_after_restart_ms": [round(seconds * 1000, 1) for seconds in first_states],
        "read_any_version": latencies_ms(any_version),
        "read_any_version_wall": latencies_ms([end - start for start, end in reads]),
    }


if __name__ == "__main__":
    show(asyncio.run(opening()))
