"""Very many connections on four processes behind HAProxy, with a document of each in another.

Every client has its own port, and one address has some 28,000: each generator connects from an
address of its own in 127.0.0.0/8. A process may have so many files open; where the limit does not
allow two for each connection in one proxy, several proxies share them.
"""

import asyncio
import multiprocessing
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Final

import uvloop

from bench.figures import percentile
from bench.server import Server
from lab.load.crowd import Attendant, dismiss, gather_crowd, type_for
from lab.load.kernel_figures import cpu_s_of, rss_bytes_of
from lab.load.load_line import LoadLine, at_least
from scripts.debian_program import HAPROXY
from tests.free_port import free_port
from tests.postgresql import running_postgresql
from tests.redis_server import running_redis

_PROCESSES: Final = 4
_PER_ROOM: Final = 5
_SPARE_FILES: Final = 500
_HOLD_S: Final = 10.0
_TYPED_PER_S: Final = 250.0
_CONFIGURATION: Final = """
global
    maxconn {most}
    nbthread 1
defaults
    mode http
    timeout connect 30s
    timeout client 1h
    timeout server 1h
    timeout tunnel 1h
frontend socket
    bind 127.0.0.1:{port} backlog 4096
    default_backend quire
backend quire
    balance roundrobin
{servers}
"""


async def hold_behind_proxy(connections: int) -> list[LoadLine]:
    """Return what they cost, and how long an edit takes among them."""
    name = f"{connections:,} connections, {_PROCESSES} processes, HAProxy"
    binary = HAPROXY.find()
    if binary is None:
        return [at_least(name, "connections held (there is no HAProxy)", 0, connections)]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quire-lab-")))
        redis = stack.enter_context(running_redis(folder))
        postgresql = stack.enter_context(running_postgresql())
        url = await stack.enter_async_context(postgresql.database())
        flags = ("--database-url", url, "--redis-url", redis.url)
        servers = [stack.enter_context(Server(*flags)) for _ in range(_PROCESSES)]
        count = _proxies(connections)
        ports = [
            stack.enter_context(_proxy(binary, folder, number, servers)) for number in range(count)
        ]
        await asyncio.sleep(1)
        before = sum(rss_bytes_of(server.pid) for server in servers)
        started = time.perf_counter()
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(count, mp_context=context) as pool:
            share = connections // count
            jobs = [
                pool.submit(_generate, port, number, share) for number, port in enumerate(ports)
            ]
            held, taken_s, grown, cpu_s = 0, 0.0, 0, 0.0
            done = [await asyncio.wrap_future(job) for job in jobs]
            acks = [each for _, _, found in done for each in found]
            held, taken_s = sum(one for one, _, _ in done), max(s for _, s, _ in done)
            grown = sum(rss_bytes_of(server.pid) for server in servers) - before
            cpu_s = sum(cpu_s_of(server.pid) for server in servers)
        cores = cpu_s / (time.perf_counter() - started)
    return [
        at_least(name, "connections held", held, connections),
        LoadLine(name, "connections/s", round(held / taken_s)),
        LoadLine(name, "kB each, over all processes", round(grown / max(1, held) / 1_000, 1)),
        LoadLine(name, "ack p99 ms", round(percentile(acks, 0.99) * 1_000, 1)),
        LoadLine(name, "cores of the servers, connecting included", round(cores, 2)),
        LoadLine(name, "proxies (limit of open files)", count),
    ]


def _generate(port: int, number: int, share: int) -> tuple[int, float, list[float]]:
    """Hold a share of the connections in a process of its own, and type among them."""

    async def run() -> tuple[int, float, list[float]]:
        first = number * share
        crowd = [
            Attendant(first + each, f"proxied-{(first + each) // _PER_ROOM}")
            for each in range(share)
        ]
        taken_s = await gather_crowd(crowd, port, source=f"127.0.0.{number + 2}")
        writers = [each for each in crowd if each.is_here][:: max(1, share // 100)]
        if writers:
            await type_for(writers, _TYPED_PER_S, _HOLD_S)
        held = sum(client.is_here for client in crowd)
        acks = [each for writer in writers for each in writer.acks_s]
        dismiss(crowd)
        return held, taken_s, acks

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())


def _proxies(connections: int) -> int:
    """Return how many proxies it takes, with two open files for each connection."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, -(-2 * connections // (soft - _SPARE_FILES)))


@contextmanager
def _proxy(binary: str, folder: Path, number: int, servers: Sequence[Server]) -> Iterator[int]:
    port = free_port()
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    lines = "\n".join(
        f"    server quire{each} 127.0.0.1:{server.port} source 127.0.1.{number + 1}"
        for each, server in enumerate(servers)
    )
    path = folder / f"haproxy{number}.cfg"
    most = (soft - _SPARE_FILES) // 2
    path.write_text(_CONFIGURATION.format(most=most, port=port, servers=lines))
    process = subprocess.Popen([binary, "-db", "-f", str(path)], stdin=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.kill()
        process.wait()
