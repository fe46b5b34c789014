"""How fast do edits reach everybody, durably, in one room or in many?

Open loop: every client types at a fixed rate, whether or not the server keeps up. The latency of a
delivery is the time from writing an update to the socket until a receiver's socket has the chunk
that carries it; the sender's own deliveries are not counted.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from bench.figures import latencies_ms, show
from bench.server import Server
from bench.typing_update import Typist
from bench.websocket import (
    Ack,
    AuthOk,
    Connection,
    Error,
    Joined,
    Updates,
    connect,
    decode,
    encode,
)

_POLL_S = 0.01
_DRAIN_POLLS = 1_000
_LAST_DELIVERIES_S = 0.3


@dataclass
class _Client:
    """One yjs-mode client of one room."""

    doc: str
    number: int
    connection: Connection | None = None
    sent: dict[str, float] = field(default_factory=dict)
    acks: list[tuple[str, int, float]] = field(default_factory=list)
    seen: list[tuple[int, int, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    ready: "asyncio.Future[None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def receive(self, payload: bytes, at: float) -> None:
        message = decode(payload)
        match message:
            case Updates():
                self.seen.append((message.from_, message.to, at))
            case Ack():
                self.acks.append((message.id, message.version, at))
            case AuthOk():
                assert self.connection is not None, "connected"
                self.connection.send(encode(type="join", doc=self.doc, mode="yjs"))
            case Joined():
                self.ready.set_result(None)
            case Error():
                self.errors.append(f"{message.code}: {message.message}")
            case None:
                pass


async def _open(server: Server, doc: str, number: int) -> _Client:
    client = _Client(doc, number)
    client.connection = await connect(server.port, client.receive)
    client.connection.send(encode(type="auth", name=f"Writer {number}"))
    await client.ready
    return client


async def measure(
    server: Server, *, rooms: int, clients_per_room: int, rate: float, seconds: float
) -> dict[str, Any]:
    """Type at `rate` updates/s in total for `seconds`, spread evenly over all clients."""
    clients = [
        await _open(server, f"room-{room}", room * clients_per_room + index)
        for room in range(rooms)
        for index in range(clients_per_room)
    ]
    typists = [Typist(1_000_000 + client.number) for client in clients]
    total = int(rate * seconds)
    order = [(step * 7919) % len(clients) for step in range(total)]
    frames = [
        (index, encode(type="update", doc=clients[index].doc, id=f"u{step}", update=typed), step)
        for step, (index, typed) in enumerate((index, typists[index].type()) for index in order)
    ]
    await asyncio.sleep(0.5)
    cpu, own = server.cpu_s(), time.process_time()
    start = time.perf_counter()
    lag = 0.0
    for index, frame, step in frames:
        due = start + step / rate
        now = time.perf_counter()
        if due - now > 0.0005:
            await asyncio.sleep(due - now)
            now = time.perf_counter()
        lag = max(lag, now - due)
        client = clients[index]
        client.sent[f"u{step}"] = now
        assert client.connection is not None, "connected"
        client.connection.send(frame)
        if step % 8 == 0:
            await asyncio.sleep(0)
    for _ in range(_DRAIN_POLLS):
        if sum(len(client.acks) for client in clients) == total:
            break
        await asyncio.sleep(_POLL_S)
    wall = time.perf_counter() - start
    await asyncio.sleep(_LAST_DELIVERIES_S)
    cpu, own = server.cpu_s() - cpu, time.process_time() - own
    latencies, acked, delivered = _latencies(clients)
    expected = total * (clients_per_room - 1)
    for client in clients:
        assert client.connection is not None, "connected"
        client.connection.close()
    errors = [error for client in clients for error in client.errors]
    return {
        "rooms": rooms,
        "clients_per_room": clients_per_room,
        "rate": rate,
        "updates": total,
        "acknowledged": len(acked),
        "delivered_percent": round(100 * delivered / expected, 2),
        "delivery": latencies_ms(latencies),
        "ack": latencies_ms(acked),
        "server_cores": round(cpu / wall, 2),
        "generator_cores": round(own / wall, 2),
        "sender_lag_max_ms": round(lag * 1000, 1),
        "errors": errors[:3],
    }


def _latencies(clients: list[_Client]) -> tuple[list[float], list[float], int]:
    """Delivery latencies, ack latencies, and how many deliveries there were."""
    sent: dict[tuple[str, int], tuple[float, int]] = {}
    acked: list[float] = []
    for client in clients:
        for event_id, version, at in client.acks:
            sent[client.doc, version] = (client.sent[event_id], client.number)
            acked.append(at - client.sent[event_id])
    latencies: list[float] = []
    for client in clients:
        reached = 0
        for first, last, at in client.seen:
            for version in range(max(first, reached + 1), last + 1):
                origin = sent.get((client.doc, version))
                if origin is not None and origin[1] != client.number:
                    latencies.append(at - origin[0])
            reached = max(reached, last)
    return latencies, acked, len(latencies)


async def one_room(seconds: float = 8.0) -> dict[str, Any]:
    """100 clients in one room, 3,000 updates/s in total."""
    with Server() as server:
        await measure(server, rooms=1, clients_per_room=10, rate=500, seconds=2)
    with Server() as server:
        result = await measure(server, rooms=1, clients_per_room=100, rate=3000, seconds=seconds)
    return {"bench": "one room of 100", **result}


async def many_rooms(seconds: float = 8.0) -> dict[str, Any]:
    """200 rooms of 2 clients, 3,000 updates/s in total."""
    with Server() as server:
        result = await measure(server, rooms=200, clients_per_room=2, rate=3000, seconds=seconds)
    return {"bench": "200 rooms of 2", **result}


if __name__ == "__main__":
    show(asyncio.run(one_room()))
    show(asyncio.run(many_rooms()))
