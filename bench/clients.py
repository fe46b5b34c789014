"""Yjs clients that type at a fixed rate, and the arrival times of their updates."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bench.standstill import MachineClock
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


@dataclass
class Client:
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


async def open_client(port: int, doc: str, number: int) -> Client:
    """Connect and join; returns once it has joined."""
    client = Client(doc, number)
    client.connection = await connect(port, client.receive)
    client.connection.send(encode(type="auth", name=f"Writer {number}"))
    await client.ready
    return client


async def type_evenly(
    clients: Sequence[Client],
    clock: MachineClock,
    begin: Callable[[], Awaitable[float]],
    *,
    total: int,
    rate: float,
) -> float:
    """Type `total` updates at `rate` a second, spread over all clients, and wait for their acks.

    Args:
        begin: called when all is made; returns the machine time from which the rate counts.

    Returns:
        By how much an update was sent too late, at worst, in seconds.
    """
    typists = [Typist(1_000_000 + client.number) for client in clients]
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
    start = await begin()
    step = 0
    lag = 0.0
    while step < total:
        passed = await clock.settled() - start
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
    return lag


Span = tuple[float, float]


def spans(clients: Sequence[Client]) -> tuple[list[Span], list[Span]]:
    """The start and end of each delivery, and of each acknowledgement."""
    sent: dict[tuple[str, int], tuple[float, int]] = {}
    acked: list[Span] = []
    for client in clients:
        for event_id, version, at in client.acks:
            sent[client.doc, version] = (client.sent[event_id], client.number)
            acked.append((client.sent[event_id], at))
    delivered: list[Span] = []
    for client in clients:
        reached = 0
        for first, last, at in client.seen:
            for version in range(max(first, reached + 1), last + 1):
                origin = sent.get((client.doc, version))
                if origin is not None and origin[1] != client.number:
                    delivered.append((origin[0], at))
            reached = max(reached, last)
    return delivered, acked
