"""Many connections on one process: what they cost idle, and while some of them type.

The same is done with Hocuspocus, by the same clients in its dialect on both servers. Its
acknowledgement is of what is in memory, Quire's of what is committed; the latencies say so much.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from bench.figures import percentile
from bench.server import Server
from lab.load.crowd import (
    Attendant,
    Speech,
    count_present,
    dismiss,
    gather_crowd,
    type_for,
)
from lab.load.kernel_figures import cpu_s_of, rss_bytes_of
from lab.load.load_line import LoadLine, at_least, at_most
from lab.peer_server import HOCUSPOCUS, PeerServer, install_peers

_PER_ROOM: Final = 5
_AT_ONCE: Final = 200
"""Connections under way at a time, as in `bench.idle`."""
_WARM: Final = 50
_SETTLE_S: Final = 3.0
_IDLE_S: Final = 8.0
_WRITERS: Final = 500
_TYPED_PER_S: Final = 1_000.0
_TYPING_S: Final = 8.0


class _Place(NamedTuple):
    port: int
    pid: int


class _Held(NamedTuple):
    """The figures of one server."""

    present: int
    connections_per_s: float
    kb_each: float
    idle_cores: float
    typing_cores: float
    ack_p50_ms: float
    ack_p99_ms: float
    acknowledged: float


async def hold(connections: int) -> list[LoadLine]:
    """Return the figures of Quire by `quire.v1`, and ratios beside Hocuspocus by its dialect."""
    install_peers()
    own = await _hold(_quire(), connections, "quire.v1", "/ws")
    dialect = await _hold(_quire(), connections, "hocuspocus", "/hocuspocus?name={name}")
    peer = await _hold(_hocuspocus(), connections, "hocuspocus", "/")
    name = f"{connections:,} idle connections"
    typing = f"{connections:,} connections, {_TYPED_PER_S:,.0f} edits/s"
    return [
        at_least(name, "connections held", own.present, connections),
        at_most(name, "kB each", own.kb_each, 10),
        at_least(name, "connections/s", own.connections_per_s, 1_500),
        LoadLine(name, "share of a core", own.idle_cores),
        LoadLine(typing, "share of a core", own.typing_cores),
        LoadLine(typing, "ack p50 ms", own.ack_p50_ms),
        LoadLine(typing, "ack p99 ms", own.ack_p99_ms),
        at_least(typing, "acknowledged %", own.acknowledged, 100),
        _ratio(name, "memory", dialect.kb_each, peer.kb_each),
        _ratio(name, "share of a core", dialect.idle_cores, peer.idle_cores),
        _ratio(typing, "share of a core", dialect.typing_cores, peer.typing_cores),
        _ratio(typing, "ack p99 ms", dialect.ack_p99_ms, peer.ack_p99_ms),
    ]


def _ratio(name: str, figure: str, ours: float, theirs: float) -> LoadLine:
    said = f"{figure}, Quire ÷ Hocuspocus ({ours:.3g} ÷ {theirs:.3g})"
    return LoadLine(name, said, round(ours / theirs, 2) if theirs else 0.0)


async def _hold(
    server: AbstractContextManager[_Place], connections: int, speech: Speech, path: str
) -> _Held:
    with server as (port, pid):
        warm = _crowd(_WARM, "warm", speech, path)
        await gather_crowd(warm, port)
        await type_for(warm, 200, 1)
        await asyncio.sleep(_SETTLE_S)
        before = rss_bytes_of(pid)
        crowd = _crowd(connections, "hold", speech, path)
        # The first of each room creates its document; the rate is that of the others.
        await gather_crowd(crowd[::_PER_ROOM], port)
        others = [client for number, client in enumerate(crowd) if number % _PER_ROOM]
        taken_s = await gather_crowd(others, port, at_once=_AT_ONCE)
        per_s = count_present(others) / taken_s
        await asyncio.sleep(_SETTLE_S)
        grown, present = rss_bytes_of(pid) - before, count_present(crowd)
        cpu_s = cpu_s_of(pid)
        await asyncio.sleep(_IDLE_S)
        idle_cores = (cpu_s_of(pid) - cpu_s) / _IDLE_S
        there = [client for client in crowd if client.is_here]
        writers = there[:: max(1, connections // _WRITERS)]
        started, cpu_s = time.perf_counter(), cpu_s_of(pid)
        typed = await type_for(writers, _TYPED_PER_S, _TYPING_S)
        typing_cores = (cpu_s_of(pid) - cpu_s) / (time.perf_counter() - started)
        acks = [each for writer in writers for each in writer.acks_s]
        dismiss([*crowd, *warm])
    return _Held(
        present,
        round(per_s),
        round(grown / max(1, present) / 1_000, 1),
        round(idle_cores, 3),
        round(typing_cores, 3),
        round(percentile(acks, 0.5) * 1_000, 1),
        round(percentile(acks, 0.99) * 1_000, 1),
        round(100 * len(acks) / typed, 2),
    )


def _crowd(size: int, name: str, speech: Speech, path: str) -> list[Attendant]:
    return [
        Attendant(number, f"{name}-{number // _PER_ROOM}", speech, path) for number in range(size)
    ]


@contextmanager
def _quire() -> Iterator[_Place]:
    with Server() as server:
        yield _Place(server.port, server.pid)


@contextmanager
def _hocuspocus() -> Iterator[_Place]:
    with tempfile.TemporaryDirectory(prefix="quire-lab-") as folder:
        server = PeerServer(HOCUSPOCUS, Path(folder))
        server.start()
        try:
            yield _Place(server.port, server.pid)
        finally:
            server.kill9()
