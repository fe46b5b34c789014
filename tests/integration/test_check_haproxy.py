"""`quire check` through a real HAProxy that is configured wrongly, in one way at a time."""

import asyncio
import os
import struct
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from anyio.to_thread import run_sync
from sqlalchemy import make_url

import lab.server_patch
from scripts.debian_program import HAPROXY
from tests.integration.server import ROOT, ServerProcess
from tests.integration.test_check import check, levels
from tests.patience import PATIENCE_S
from tests.postgresql import Postgresql
from tests.proxy_server import haproxy, path_or_skip
from tests.redis_server import running_redis

COMPRESSION: Final = (
    "filter compression\n    compression algo gzip\n    compression type text/event-stream"
)
_SLOW_S: Final = 0.04
"""Each way: above what `quire check` takes for a slow database."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    path_or_skip(HAPROXY)
    with ServerProcess(tmp_path_factory.mktemp("server")) as running:
        yield running


def faults(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return what is not in order, but for how fast the machine is."""
    return {name: level for name, level in levels(found).items() if name != "database"}


def test_sound_proxy_is_in_order_even_if_it_compresses(
    tmp_path: Path, server: ServerProcess
) -> None:
    with haproxy(tmp_path, [server.port], frontend=COMPRESSION) as proxy:
        code, found = check(tmp_path, proxy.url(), "--idle-s", "0")
    assert (code, faults(found)) == (0, {})


@pytest.mark.parametrize(
    ("more", "where", "name", "words"),
    [
        ("http-request del-header Upgrade", "frontend", "websocket", "HAProxy: `mode http`"),
        ("http-request set-header Host other.example", "backend", "own origin",
         "no `http-request set-header Host`"),
        ("http-request del-header Origin", "frontend", "foreign origin", "`del-header` of it"),
        ("http-request deny if { req.hdr_val(content-length) gt 1000000 }", "frontend",
         "body size", "`http-request deny`"),
        ("http-response del-header X-Quire-Process", "frontend", "processes",
         "`http-response del-header`"),
    ],
)  # fmt: skip
def test_wrong_proxy_is_told_what_to_change(
    tmp_path: Path, server: ServerProcess, more: str, where: str, name: str, words: str
) -> None:
    with haproxy(tmp_path, [server.port], **{where: more}) as proxy:
        code, found = check(tmp_path, proxy.url(), "--idle-s", "0")
    level = "warn" if name == "processes" else "fail"
    assert (code, faults(found)) == (int(level == "fail"), {name: level})
    assert words in found[name]["change"]


def test_proxy_that_compresses_behind_one_that_drops_headers_is_told_what_to_change(
    tmp_path: Path, server: ServerProcess
) -> None:
    drops = "http-response del-header Cache-Control"
    with (
        haproxy(tmp_path / "inner", [server.port], frontend=drops) as inner,
        haproxy(tmp_path / "outer", [inner.port], frontend=COMPRESSION) as proxy,
    ):
        code, found = check(tmp_path, proxy.url(), "--idle-s", "0")
    assert (code, faults(found)) == (1, {"event stream": "fail"})
    assert "`compression type`" in found["event stream"]["change"]


@pytest.mark.parametrize(
    ("timeout", "name", "other"),
    [
        ("timeout tunnel 1s", "idle", "idle stream"),
        ("timeout server 1s", "idle stream", "idle"),
    ],
)
def test_timeout_that_is_too_short_is_named(
    tmp_path: Path, server: ServerProcess, timeout: str, name: str, other: str
) -> None:
    with haproxy(tmp_path, [server.port], backend=timeout) as proxy:
        code, found = check(tmp_path, proxy.url(), "--idle-s", "3")
    assert (code, faults(found)) == (1, {name: "fail", other: "warn"})
    assert f"{timeout[:-2]}90s`" in found[name]["change"]


def test_clock_that_is_wrong_is_told(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_bytes(struct.pack("<q", 3_600_000))
    patch = next(iter(lab.server_patch.__path__))
    environment = {
        "LAB_CLOCK_FILE": str(clock),
        "PYTHONPATH": os.pathsep.join((patch, str(ROOT))),
    }
    with ServerProcess(tmp_path, environment=environment, is_forked=False) as server:
        code, found = check(tmp_path, server.url, "--idle-s", "0")
    assert (code, faults(found)) == (1, {"clock": "fail"})
    assert found["clock"]["text"].startswith("3600.0 s ahead of")


@pytest.mark.anyio
async def test_two_processes_their_redis_and_their_database_are_told_of(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    path_or_skip(HAPROXY)

    async def look(
        number: int, ports: Sequence[int], backend: str = "", server: str = ""
    ) -> tuple[int, dict[str, dict[str, Any]]]:
        def run() -> tuple[int, dict[str, dict[str, Any]]]:
            with haproxy(
                tmp_path / f"proxy{number}", ports, backend=backend, server=server
            ) as proxy:
                return check(tmp_path, proxy.url(), "--idle-s", "0")

        return await run_sync(run)

    with running_redis(tmp_path) as redis:
        async with postgresql.database() as database_url, slowed(database_url) as slow:
            arguments = ("--redis-url", redis.url)
            folders = [tmp_path / name for name in ("one", "two")]
            for folder in folders:
                folder.mkdir()
            first = ServerProcess(folders[0], database_url=database_url, arguments=arguments)
            second = ServerProcess(folders[1], database_url=slow.url, arguments=arguments)
            try:
                await run_sync(first.start)
                await run_sync(second.start)
                both = [first.port, second.port]
                _, found = await look(0, both, "balance roundrobin")
                assert found["processes"]["text"].startswith("2 answer in turn; not sticky")
                cookie = "balance roundrobin\n    cookie WHICH insert indirect nocache"
                _, found = await look(1, both, cookie, "cookie s{number}")
                assert found["processes"]["text"].startswith("2 answer in turn; sticky by cookie")
                _, found = await look(2, both, "balance source")
                assert "one process, or sticky" in found["processes"]["text"]
                slow.delay_s = _SLOW_S
                _, found = await look(3, [second.port])
                assert found["database"]["level"] != "ok"
                assert "database" in found["database"]["change"]
                redis.kill()
                await until_degraded(first)
                code, found = await look(4, [first.port])
                assert (code, found["ready"]["level"], found["redis"]["level"]) == (
                    1,
                    "warn",
                    "fail",
                )
                assert "--redis-url" in found["redis"]["change"]
            finally:
                first.kill9()
                second.kill9()


async def until_degraded(server: ServerProcess) -> None:
    """Wait until a server knows that its Redis is away."""
    async with httpx.AsyncClient() as http, asyncio.timeout(PATIENCE_S):
        while True:
            if (await http.get(f"{server.url}/readyz")).json()["status"] == "degraded":
                return
            await asyncio.sleep(0.05)


@dataclass
class Way:
    """The way to a database, through a relay of bytes."""

    url: str
    delay_s: float = 0.0
    """What is sent arrives so much later, in either direction."""


@asynccontextmanager
async def slowed(url: str) -> AsyncIterator[Way]:
    """Relay to a database."""
    parsed = make_url(url)
    port = parsed.port or 5432
    host = str(parsed.query.get("host", parsed.host))

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                await asyncio.sleep(way.delay_s)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if host.startswith("/"):
            there = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            there = await asyncio.open_connection(host, port)
        await asyncio.gather(pass_on(reader, there[1]), pass_on(there[0], writer))

    async with await asyncio.start_server(serve, "127.0.0.1") as relay:
        own_port = relay.sockets[0].getsockname()[1]
        query = {name: value for name, value in parsed.query.items() if name != "host"}
        at = parsed.set(host="127.0.0.1", port=own_port, query=query)
        way = Way(at.render_as_string(hide_password=False))
        yield way
