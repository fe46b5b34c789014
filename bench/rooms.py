"""Measure the latency of durable edits to all members, in one room or in many.

Open loop: every client types at a fixed rate, whether or not the server keeps up. The latency of a
delivery is the time from writing an update to the socket until a receiver's socket has the chunk
that carries it; the sender's own deliveries are not counted. Rate and latencies are in machine time
(`bench.standstill`); `delivery_undisturbed` has those that no standstill touched, `delivery_wall`
all of them with what the host took away.
"""

import asyncio
from typing import Any

from bench.clients import open_client, spans, type_evenly
from bench.figures import latencies_ms, show
from bench.stand import Stand

_LAST_DELIVERIES_S = 0.3


async def measure(
    stand: Stand, *, rooms: int, clients_per_room: int, rate: float, seconds: float
) -> dict[str, Any]:
    """Type at `rate` updates/s in total for `seconds`, spread evenly over all clients."""
    clients = [
        await open_client(stand.server.port, f"room-{room}", room * clients_per_room + index)
        for room in range(rooms)
        for index in range(clients_per_room)
    ]
    total = int(rate * seconds)
    lag = await type_evenly(clients, stand.clock, stand.begin, total=total, rate=rate)
    taken = await stand.end()
    await asyncio.sleep(_LAST_DELIVERIES_S)
    deliveries, acks = spans(clients)
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
