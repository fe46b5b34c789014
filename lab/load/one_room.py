"""One room with very many members: readers, cursors, and a hundred who all write."""

import asyncio
import re
import time
from typing import Final

from bench.figures import percentile
from bench.server import Server
from lab.load.crowd import Attendant, count_present, dismiss, gather_crowd, type_for
from lab.load.kernel_figures import cpu_s_of
from lab.load.load_line import LoadLine, at_least, at_most
from sync.limit import Limits
from sync.yjs.awareness import encode_awareness

_READ_RATE_PER_S: Final = 10.0
_READ_S: Final = 10.0
_OBSERVERS: Final = 500
_MOVERS: Final = 25
_MOVES_PER_S: Final = 2.0
_PRESENCE_S: Final = 10.0
_SETTLE_S: Final = 2.0
_BUSY: Final = 100
_BUSY_EDITS: Final = 30_000
_IN_FLIGHT: Final = 60
_DRAIN_S: Final = 60.0
_CURSOR: Final = re.compile(rb'"cursor":(\d+)')


async def readers(connections: int) -> list[LoadLine]:
    """One writer, and readers up to the most that a room takes: how long an edit takes to each."""
    readers = min(connections, Limits().max_members) - 1
    name = f"a room of {readers + 1:,}, {_READ_RATE_PER_S:.0f} edits/s"
    with Server() as server:
        writer = Attendant(readers, "hall")
        await writer.come(server.port)
        everybody = [Attendant(number, "hall") for number in range(readers)]
        joins_cpu_s = cpu_s_of(server.pid)
        joins_s = await gather_crowd(everybody, server.port)
        joins_cpu_s = cpu_s_of(server.pid) - joins_cpu_s
        crowd = [client for client in everybody if client.is_here]
        sent: dict[int, float] = {}
        acked: list[tuple[int, float]] = []
        writer.on_ack = lambda version, at: acked.append((version, at))
        cpu_s, started = cpu_s_of(server.pid), time.perf_counter()
        typed = await type_for([writer], _READ_RATE_PER_S, _READ_S)
        await asyncio.sleep(1)
        cores = (cpu_s_of(server.pid) - cpu_s) / (time.perf_counter() - started)
        for (version, at), took in zip(acked, writer.acks_s, strict=True):
            sent[version] = at - took
        latencies = [
            at - sent[version] for each in crowd for version, at in each.shown if version in sent
        ]
        complete = sum(each.shown[-1:][0][0] == typed for each in crowd if each.shown)
        # Not one after the other: each would be told of all the others' leaving.
        server.kill()
        dismiss([*everybody, writer])
    return [
        at_least(name, "readers in the room", len(crowd), readers),
        LoadLine(name, "joins/s, each told to all who are there", round(len(crowd) / joins_s)),
        LoadLine(name, "CPU of the server ms a join", round(joins_cpu_s / len(crowd) * 1_000, 1)),
        at_least(name, "readers that have all %", round(100 * complete / len(crowd), 2), 100),
        at_most(name, "delivery p95 ms", round(percentile(latencies, 0.95) * 1_000, 1), 250),
        LoadLine(name, "delivery p50 ms", round(percentile(latencies, 0.5) * 1_000, 1)),
        LoadLine(name, "share of a core", round(cores, 2)),
    ]


async def presence() -> list[LoadLine]:
    """500 observers, of whom 25 move their cursors twice a second: how long a cursor takes."""
    name = f"{_OBSERVERS} observers, {_MOVERS} cursors at {_MOVES_PER_S:.0f}/s"
    with Server() as server:
        crowd = [Attendant(number, "stage") for number in range(_OBSERVERS)]
        await gather_crowd(crowd, server.port)
        present = count_present(crowd)
        for mover in crowd[:_MOVERS]:
            # As an editor does when it joins; a large room tells that later than a cursor.
            mover.move(encode_awareness([(mover.number + 1, 1, "{}")]))
        await asyncio.sleep(_SETTLE_S)
        for client in crowd:
            client.awareness.clear()
        cpu_s, started = cpu_s_of(server.pid), time.perf_counter()
        moved: list[float] = []
        for move in range(int(_MOVERS * _MOVES_PER_S * _PRESENCE_S)):
            mover, clock = crowd[move % _MOVERS], move // _MOVERS + 2
            state = encode_awareness([(mover.number + 1, clock, f'{{"cursor":{move}}}')])
            moved.append(time.perf_counter())
            mover.move(state)
            due = started + (move + 1) / (_MOVERS * _MOVES_PER_S)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await asyncio.sleep(1)
        cores = (cpu_s_of(server.pid) - cpu_s) / (time.perf_counter() - started)
        latencies = [
            at - moved[int(move)]
            for client in crowd[_MOVERS:]
            for at, payload in client.awareness
            for move in _CURSOR.findall(payload)
        ]
        dismiss(crowd)
    expected = len(moved) * (_OBSERVERS - _MOVERS)
    return [
        at_least(name, "observers in the room", present, _OBSERVERS),
        at_most(name, "cursor p95 ms", round(percentile(latencies, 0.95) * 1_000, 1), 50),
        LoadLine(name, "cursor p50 ms", round(percentile(latencies, 0.5) * 1_000, 1)),
        LoadLine(name, "cursors seen %", round(100 * len(latencies) / expected, 1)),
        LoadLine(name, "share of a core", round(cores, 2)),
    ]


async def busy() -> list[LoadLine]:
    """100 members who all write without waiting: durable updates a second, each shown to all."""
    name = f"a room of {_BUSY} who all write"
    with Server() as server:
        crowd = [Attendant(number, "bazaar") for number in range(_BUSY)]
        await gather_crowd(crowd, server.port)
        cpu_s, started = cpu_s_of(server.pid), time.perf_counter()
        typed = 0
        while typed < _BUSY_EDITS:
            for client in crowd:
                if client.waiting < _IN_FLIGHT:
                    client.type()
                    typed += 1
            await asyncio.sleep(0)
        deadline = time.perf_counter() + _DRAIN_S
        while any(each.waiting for each in crowd) and time.perf_counter() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        taken_s = time.perf_counter() - started
        cores = (cpu_s_of(server.pid) - cpu_s) / taken_s
        acks = [each for client in crowd for each in client.acks_s]
        dismiss(crowd)
    return [
        at_least(name, "durable updates/s", round(len(acks) / taken_s), 10_000),
        at_least(name, "acknowledged %", round(100 * len(acks) / typed, 2), 100),
        LoadLine(name, "ack p99 ms", round(percentile(acks, 0.99) * 1_000, 1)),
        LoadLine(name, "share of a core", round(cores, 2)),
    ]
