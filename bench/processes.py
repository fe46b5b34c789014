"""Measure several processes on one PostgreSQL and one Redis: an edit across, and a restart.

Needs what the tests need: the binaries of the `test` extra, or servers that the environment names.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from bench.clients import Client, Span, open_client, spans, type_evenly
from bench.figures import latencies_ms
from bench.server import Server
from bench.standstill import MachineClock
from bench.typing_update import Typist
from bench.websocket import encode
from tests.postgresql import running_postgresql
from tests.redis_server import running_redis

_LAST_DELIVERIES_S: Final = 0.5
_POLL_S: Final = 0.001
_BETWEEN_EDITS_S: Final = 0.01
_CROSSING_TIMEOUT_S: Final = 60.0
_TYPED_PER_S: Final = 10.0
"""Updates a second of each client during a rolling restart, one after the other's ack."""
_RETRY_S: Final = 0.05


@asynccontextmanager
async def _cluster(size: int) -> AsyncIterator[list[Server]]:
    """Processes that serve one empty installation."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quire-bench-")))
        redis = stack.enter_context(running_redis(folder))
        postgresql = stack.enter_context(running_postgresql())
        url = await stack.enter_async_context(postgresql.database())
        flags = ("--database-url", url, "--redis-url", redis.url, "--drain-s", "1")
        yield [stack.enter_context(Server(*flags)) for _ in range(size)]


async def two_processes() -> dict[str, Any]:
    """One document, a client at each of two processes: one edit at a time, and at full speed."""
    with MachineClock() as clock:
        async with _cluster(2) as servers:
            crossing = await _cross(clock, servers, edits=500)
            full = await _type_fast(clock, servers, rate=4_000, total=12_000)
    return {"bench": "one document in two processes", "crossing": crossing, "full": full}


async def _cross(clock: MachineClock, servers: list[Server], *, edits: int) -> dict[str, Any]:
    """The clients write in turn; the next edit is made a moment after the last one has crossed.

    So no edit ever waits for those before it, nor for what a standstill has left undone.
    """
    clients = [await open_client(server.port, "calm", n) for n, server in enumerate(servers)]
    typists = [Typist(1_000_000 + client.number) for client in clients]
    for number in range(edits):
        writer, reader = clients[number % 2], clients[1 - number % 2]
        assert writer.connection is not None, "connected"
        acks, seen = len(writer.acks), len(reader.seen)
        update = typists[writer.number].type()
        writer.sent[f"u{number}"] = time.perf_counter()
        writer.connection.send(encode(type="update", doc="calm", id=f"u{number}", update=update))
        async with asyncio.timeout(_CROSSING_TIMEOUT_S):
            while len(reader.seen) == seen or len(writer.acks) == acks:  # noqa: ASYNC110
                await asyncio.sleep(_POLL_S)
        await asyncio.sleep(_BETWEEN_EDITS_S)
    await clock.settled()
    return {"edits": edits, **_summary(clock, clients, edits)}


async def _type_fast(
    clock: MachineClock, servers: list[Server], *, rate: float, total: int
) -> dict[str, Any]:
    """One client at each process types its share of `total` updates at `rate` a second."""
    clients = [await open_client(server.port, "busy", n) for n, server in enumerate(servers)]
    wall = time.perf_counter()
    started = await clock.settled()
    lag = await type_evenly(clients, clock, clock.settled, total=total, rate=rate)
    seconds = await clock.settled() - started
    wall = time.perf_counter() - wall
    await asyncio.sleep(_LAST_DELIVERIES_S)
    summary = _summary(clock, clients, total)
    return {
        "rate": rate,
        "durable_per_s": round(summary["acknowledged"] / seconds),
        "machine_s": round(seconds, 2),
        "wall_s": round(wall, 2),
        "sender_lag_max_ms": round(lag * 1000, 1),
        **summary,
    }


def _summary(clock: MachineClock, clients: list[Client], total: int) -> dict[str, Any]:
    """Return the times until the others had what each wrote, and until it was acknowledged."""
    deliveries, acks = spans(clients)
    undisturbed = [end - at for at, end in deliveries if not clock.is_disturbed(at, end)]
    for client in clients:
        assert client.connection is not None, "connected"
        client.connection.close()
    return {
        "acknowledged": len(acks),
        "delivered_percent": round(100 * len(deliveries) / (total * (len(clients) - 1)), 2),
        "delivery": _machine_time(clock, deliveries),
        "delivery_undisturbed": latencies_ms(undisturbed),
        "undisturbed_percent": round(100 * len(undisturbed) / max(1, len(deliveries)), 1),
        "delivery_wall": latencies_ms([end - start for start, end in deliveries]),
        "ack": _machine_time(clock, acks),
        "errors": [error for client in clients for error in client.errors][:3],
    }


def _machine_time(clock: MachineClock, measured: list[Span]) -> dict[str, float]:
    return latencies_ms([clock.machine_time(end) - clock.machine_time(at) for at, end in measured])


class _Roaming:
    """A client that goes on at another process whenever it is sent away."""

    def __init__(self, number: int, servers: list[Server]) -> None:
        self.away: list[Span] = []
        """The time from the close of a socket until an edit was acknowledged again."""
        self.acknowledged = 0
        self._number = number
        self._servers = servers
        self._dice = random.Random(number)

    async def write(self, up: set[int]) -> None:
        """Write until cancelled, at any of the processes in `up`."""
        typist = Typist(2_000_000 + self._number)
        update, made = typist.type(), 1
        closed_at: float | None = None
        while True:
            server = self._servers[self._dice.choice(sorted(up))]
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(5):
                    client = await open_client(server.port, "notes", self._number)
                connection = client.connection
                assert connection is not None, "connected"
                while not connection.closed.done():
                    event_id = f"c{self._number}.{made}"
                    connection.send(encode(type="update", doc="notes", id=event_id, update=update))
                    if not await _acknowledged(client, event_id):
                        break
                    self.acknowledged += 1
                    if closed_at is not None:
                        self.away.append((closed_at, time.perf_counter()))
                        closed_at = None
                    update, made = typist.type(), made + 1
                    await asyncio.sleep(1 / _TYPED_PER_S)
                await connection.closed
                if closed_at is None:
                    closed_at = time.perf_counter()
            await asyncio.sleep(_RETRY_S * self._dice.random())


async def _acknowledged(client: Client, event_id: str) -> bool:
    """Wait for the ack of the newest edit; False if the socket is closed before."""
    assert client.connection is not None, "connected"
    while not any(acked == event_id for acked, _, _ in client.acks[-3:]):
        if client.connection.closed.done():
            return False
        await asyncio.sleep(0.005)
    return True


async def rolling_restart(size: int = 4, clients: int = 40) -> dict[str, Any]:
    """Restart one process after another while everybody writes; time the absence of clients."""
    with MachineClock() as clock:
        async with _cluster(size) as servers:
            up = set(range(size))
            roaming = [_Roaming(number, servers) for number in range(clients)]
            tasks = [asyncio.create_task(each.write(up)) for each in roaming]
            await clock.sleep(2)
            for number, server in enumerate(servers):
                up.discard(number)
                await asyncio.to_thread(server.stop)
                await asyncio.to_thread(server.start)
                up.add(number)
                await clock.sleep(1)
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            away = [span for each in roaming for span in each.away]
            return {
                "bench": f"rolling restart of {size} processes under {clients} clients",
                "acknowledged": sum(each.acknowledged for each in roaming),
                "sent_away": len(away),
                "away": _machine_time(clock, away),
                "away_wall": latencies_ms([end - start for start, end in away]),
                "errors": [
                    repr(each) for each in ended if not isinstance(each, asyncio.CancelledError)
                ],
            }
