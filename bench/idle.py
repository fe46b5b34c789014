"""Measure what connected, idle clients cost: memory for each, and the time that a join takes.

10,000 sockets, five in a document, from several loopback addresses, so that the ports of one do not
bound them. The first of each document creates it; the rate of joins is that of the others. They
run on uvloop, and say all in one write behind the handshake, so that the rate is not theirs.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

import uvloop

from bench.figures import show
from bench.server import Server
from bench.websocket import Connection, Joined, connect, decode, encode

_CLIENTS: Final = 10_000
_PER_ROOM: Final = 5
_AT_ONCE: Final = 200
"""Joins under way at a time."""
_ADDRESSES: Final = 8
_SETTLE_S: Final = 3.0


async def idle(clients: int = _CLIENTS, per_room: int = _PER_ROOM) -> dict[str, Any]:
    """Resident memory for a client that has joined a document and does nothing; joins a second."""
    rooms = clients // per_room
    with Server() as server:
        warm = await _join_all(server.port, [f"warm-{number}" for number in range(50)])
        await asyncio.sleep(_SETTLE_S)
        before = server.rss_bytes()
        held = await _join_all(server.port, [f"idle-{number}" for number in range(rooms)])
        others = [f"idle-{number % rooms}" for number in range(clients - rooms)]
        cpu, start = server.cpu_s(), time.perf_counter()
        held += await _join_all(server.port, others)
        took, cpu_of_joins = time.perf_counter() - start, server.cpu_s() - cpu
        await asyncio.sleep(_SETTLE_S)
        grown = server.rss_bytes() - before
        cpu = server.cpu_s()
        await asyncio.sleep(_SETTLE_S)
        cpu = server.cpu_s() - cpu
        for connection in held + warm:
            connection.close()
    return {
        "bench": "idle clients",
        "clients": clients,
        "rooms": rooms,
        "kb_per_client": round(grown / clients / 1000, 1),
        "joins_per_s": round(len(others) / took),
        "server_cpu_us_per_join": round(cpu_of_joins / len(others) * 1e6),
        "server_cores_idle": round(cpu / _SETTLE_S, 3),
    }


async def _join_all(port: int, documents: Sequence[str]) -> list[Connection]:
    """Join each of these documents with a client of its own."""
    waiting = list(enumerate(documents))[::-1]
    held: list[Connection] = []

    async def join_next() -> None:
        while waiting:
            number, document = waiting.pop()
            held.append(await _join(port, document, f"127.0.0.{2 + number % _ADDRESSES}"))

    await asyncio.gather(*(join_next() for _ in range(_AT_ONCE)))
    return held


async def _join(port: int, doc: str, address: str) -> Connection:
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def receive(payload: bytes, _: float) -> None:
        match decode(payload):
            case Joined():
                ready.set_result(None)
            case _:
                pass

    connection = await connect(port, receive, address=address)
    # The server handles one after the other, so both can be said at once.
    auth = encode(type="auth", name=f"Idler of {doc}")
    connection.send_all((auth, encode(type="join", doc=doc, mode="yjs")))
    await ready
    return connection


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        show(runner.run(idle()))
