"""Traces of edits: two processes send their parts of one trace to a collector."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from anyio.to_thread import run_sync
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.integration.peer import connect
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S
from tests.postgresql import Postgresql
from tests.redis_server import running_redis

pytestmark = pytest.mark.anyio


class Collector:
    """What a collector was sent."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        """Each with the process that sent it."""
        self.url = ""

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [(names["service.instance.id"], span) for span in scope.spans]

    async def wait_for(self, count: int) -> dict[str, tuple[str, Span]]:
        """Wait for so many spans; return them by name."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.spans) < count:  # noqa: ASYNC110 - another thread is told
                await asyncio.sleep(0.1)
        assert len(self.spans) == count
        return {span.name: (process, span) for process, span in self.spans}


@contextmanager
def running_collector() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


async def test_one_trace_follows_an_edit_through_both_processes(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    with running_redis(tmp_path) as redis, running_collector() as collector:
        async with postgresql.database() as url:
            servers = []
            for name in ("one", "two"):
                (tmp_path / name).mkdir()
                arguments = ("--redis-url", redis.url, "--otel-endpoint", collector.url)
                servers.append(
                    ServerProcess(tmp_path / name, database_url=url, arguments=arguments)
                )
            try:
                for server in servers:
                    await run_sync(server.start)
                async with (
                    connect(servers[0], name="Ana") as ana,
                    connect(servers[1], name="Ben") as ben,
                ):
                    await ana.join("plans")
                    await ben.join("plans")
                    await ana.insert("plans", "a.1", "Hello")
                    await ben.expect("events")
                    found = await collector.wait_for(6)
            finally:
                for server in servers:
                    server.kill9()
    process, root = found["quire.edit"]
    other, follow = found["quire.follow"]
    parts = [found[f"quire.{name}"][1] for name in ("wait", "merge", "commit", "deliver")]
    assert process != other
    assert {span.trace_id for _, span in found.values()} == {root.trace_id}
    assert {span.parent_span_id for span in (*parts, follow)} == {root.span_id}
    assert root.parent_span_id == b""
    times = [(span.start_time_unix_nano, span.end_time_unix_nano) for span in parts]
    assert all(start <= end for start, end in times)
    assert times == sorted(times)
    attributes = {each.key: each.value for each in root.attributes}
    assert attributes["quire.event.id"].string_value == "a.1"
    assert attributes["quire.event.version"].int_value == 1
    assert "plans" not in str(root)


async def test_collector_that_is_away_costs_no_edit(tmp_path: Path) -> None:
    arguments = ("--otel-endpoint", "http://127.0.0.1:9")
    server = ServerProcess(tmp_path, arguments=arguments)
    try:
        await run_sync(server.start)
        async with connect(server, name="Ana") as ana:
            await ana.join("notes")
            await ana.insert("notes", "a.1", "Hello")
            await ana.insert("notes", "a.2", "Hello")
        assert await run_sync(server.terminate) == 0
    finally:
        server.kill9()
