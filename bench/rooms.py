"""How fast do edits reach everybody, durably, in one room or in many?

Open loop: every client types at a fixed rate, whether or not the server keeps up. The latency of a
delivery is the time from writing an update to the socket until a receiver's socket has the chunk
that carries it; the sender's own deliveries are not counted. Rate and latencies are in machine time
(`bench.standstill`); `delivery_undisturbed` has those that no standstill touched, `delivery_wall`
all of them with what the host took away.
"""

import asyncio
import gc
import time
from dataclasses import dataclass, field
from typing import Any

from bench.figures import latencies_ms, show
from bench.server import Server
from bench.stand import Stand
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
    stand: Stand, *, rooms: int, clients_per_room: int, rate: float, seconds: float
) -> dict[str, Any]:
    """Type at `rate` updates/s in total for `seconds`, spread evenly over all clients."""
    clients = [
        await _open(stand.server, f"room-{room}", room * clients_per_room + index)
        for room in range(rooms)
        for index in range(clients_per_room)
    ]
    typists = [Typist(1_000_000 + client.number) for client in clients]
    total = int(rate * seconds)
    order = [(step * 7919) % len(clients) for step in range(total)]
    frames = [
        (clients[index], f"u{step}", typists[index].type()) for step, index in enumerate(order)
    ]
    payloads = [
        encode(type="update", doc=client.doc, id=event_id, update=update)
        for client, event_id, update in frames
    ]
    gc.collect()
    gc.freeze()  # the generator's own pauses are not the server's
    start = await stand.begin()
    step = 0
    lag = 0.0
    while step < total:
        passed = await stand.clock.settled() - start
        lag = max(lag, passed - step / rate)
        while step < total and step / rate <= passed:
            client, event_id, _ = frames[step]
            assert client.connection is not None, "connected"
            client.sent[event_id] = time.perf_counter()
            client.connection.send(payloads[step])
            step += 1
            if step % 8 == 0:
                await asyncio.sleep(0)
    for _ in range(_DRAIN_POLLS):
        if sum(len(client.acks) for client in clients) == total:
            break
        await asyncio.sleep(_POLL_S)
    taken = await stand.end()
    await asyncio.sleep(_LAST_DELIVERIES_S)
    deliveries, acks = _spans(clients)
    latencies = [stand.seconds(*span) for span in deliveries]
    undisturbed = [end - start for start, end in deliveries if not stand.is_disturbed(start, end)]
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
        "acknowledged": len(acks),
        "delivered_percent": round(100 * len(deliveries) / expected, 2),
        "delivery": latencies_ms(latencies),
        "delivery_undisturbed": latencies_ms(undisturbed),
        "undisturbed_percent": round(100 * len(undisturbed) / max(1, len(latencies)), 1),
        "ack": latencies_ms([stand.seconds(*span) for span in acks]),
        "delivery_wall": latencies_ms([end - start for start, end in deliveries]),
        **taken,
        "sender_lag_max_ms": round(lag * 1000, 1),
        "errors": errors[:3],
    }


_Span = tuple[float, float]


def _spans(clients: list[_Client]) -> tuple[list[_Span], list[_Span]]:
    """From when to when each delivery took, and each acknowledgement."""
    sent: dict[tuple[str, int], tuple[float, int]] = {}
    acked: list[_Span] = []
    for client in clients:
        for event_id, version, at in client.acks:
            sent[client.doc, version] = (client.sent[event_id], client.number)
            acked.append((client.sent[event_id], at))
    delivered: list[_Span] = []
    for client in clients:
        reached = 0
        for first, last, at in client.seen:
            for version in range(max(first, reached + 1), last + 1):
                origin = sent.get((client.doc, version))
                if origin is not None and origin[1] != client.number:
                    delivered.append((origin[0], at))
            reached = max(reached, last)
    return delivered, acked


async def one_room(seconds: float = 8.0) -> dict[str, Any]:
    """100 clients in one room, 3,000 updates/s in total."""
    with Stand() as stand:
        await measure(stand, rooms=1, clients_per_room=10, rate=500, seconds=2)
    with Stand() as stand:
        result = await measure(stand, rooms=1, clients_per_room=100, rate=3000, seconds=seconds)
    return {"bench": "one room of 100", **result}


async def many_rooms(seconds: float = 8.0) -> dict[str, Any]:
    """200 rooms of 2 clients, 3,000 updates/s in total."""
    with Stand() as stand:
        result = await measure(stand, rooms=200, clients_per_room=2, rate=3000, seconds=seconds)
    return {"bench": "200 rooms of 2", **result}


if __name__ == "__main__":
    show(asyncio.run(one_room()))
    show(asyncio.run(many_rooms()))
