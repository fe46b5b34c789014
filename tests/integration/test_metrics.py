"""`/metrics`: what is counted, of one process and of several behind one port."""

import asyncio
import os
import signal
from pathlib import Path

import httpx
import pytest
from anyio.to_thread import run_sync
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.peer import connect
from tests.integration.server import ServerProcess
from tests.integration.test_workers import workers_of
from tests.patience import PATIENCE_S
from tests.postgresql import Postgresql
from tests.redis_server import running_redis

pytestmark = pytest.mark.anyio

Figures = dict[str, float]
"""Values by name and labels, as in `quire_connections{dialect="quire"}`."""


def parse(text: str) -> Figures:
    found: Figures = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


async def scrape(server: ServerProcess) -> Figures:
    async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
        answer = await http.get(f"{server.url}/metrics")
    assert answer.status_code == 200, answer.text
    return parse(answer.text)


async def test_edits_refusals_and_returns_are_counted(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path)
    try:
        await run_sync(server.start)
        async with connect(server, name="Ana") as ana, connect(server, name="Ben") as ben:
            joined = await ana.join("secret-plans")
            await ben.join("secret-plans")
            await ana.insert("secret-plans", "a.1", "Hello")
            await ben.expect("events")
            await ana.send("text_insert", doc="nowhere", id="a.2", base=0, pos=0, text="x")
            await ana.expect_error("not_joined")
        async with connect(server, name="Cy") as cy:
            await cy.send("join", doc="secret-plans", since=0, epoch=joined["epoch"])
            assert (await cy.expect("joined"))["recovered"]
            figures = await scrape(server)
        assert figures["quire_events_total"] == 1
        assert figures["quire_submissions_total"] == 1
        assert figures["quire_joins_total"] == 3
        assert figures['quire_connections{dialect="quire"}'] == 1
        assert figures['quire_connections_opened_total{dialect="quire"}'] == 3
        assert figures['quire_connections_closed_total{code="gone"}'] == 2
        assert figures['quire_refusals_total{code="not_joined"}'] == 1
        assert figures["quire_recovered_returns_total"] == figures["quire_returns_total"] == 1
        assert figures["quire_missed_versions_sum"] == 1
        assert figures["quire_submission_to_delivery_seconds_count"] == 1
        assert 0 < figures["quire_submission_to_delivery_seconds_sum"] < PATIENCE_S
        assert figures["quire_deliveries_total"] >= 4
        assert figures["quire_delivery_bytes_total"] > 100
        assert figures["quire_ready"] == 1
        assert figures[f'process_resident_memory_bytes{{pid="{server.pid}"}}'] > 1 << 20
        assert not [name for name in figures if "secret" in name or "Ana" in name]
    finally:
        server.kill9()


async def test_stranger_is_refused_the_figures(tmp_path: Path) -> None:
    server = ServerProcess(
        tmp_path, arguments=("--metrics-networks", "192.0.2.0/24", "--metrics-token", "t0ken")
    )
    try:
        await run_sync(server.start)
        async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_S) as http:
            assert (await http.get("/metrics")).status_code == 401
            shown = {"Authorization": "Bearer t0ken"}
            assert (await http.get("/metrics", headers=shown)).status_code == 200
    finally:
        server.kill9()


async def test_any_worker_answers_for_all_and_counters_outlive_a_kill(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    with running_redis(tmp_path) as redis:
        async with postgresql.database() as url:
            server = ServerProcess(
                tmp_path,
                database_url=url,
                arguments=("--redis-url", redis.url, "--workers", "2", "--drain-s", "0.1"),
            )
            try:
                await run_sync(server.start)
                await _hold_for_all_workers(server)
            finally:
                server.kill9()


async def _until_answering(server: ServerProcess, count: int, events: int = 0) -> Figures:
    """Wait until so many workers answer; no scrape before may have counted fewer events."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                figures = await scrape(server)
            except httpx.HTTPError:
                continue  # a worker that was killed had it in hand
            assert figures["quire_events_total"] >= events
            if figures["quire_workers"] == count:
                return figures
            await asyncio.sleep(0.1)


async def _hold_for_all_workers(server: ServerProcess) -> None:
    await _until_answering(server, 2)
    first = workers_of(server)
    async with connect(server, name="Ana") as ana, connect(server, name="Ben") as ben:
        await ana.join("notes")
        await ben.join("notes")
        for number in range(5):
            await ana.insert("notes", f"a.{number}", "x")
        for _ in range(6):  # of the next ones, the kernel chooses the worker
            figures = await scrape(server)
            assert figures["quire_workers"] == 2
            assert figures["quire_sessions"] == 2
            assert figures["quire_events_total"] == 5
            assert figures["quire_batch_events_count"] <= 5
            assert len([name for name in figures if name.startswith("process_open_fds")]) == 2
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        await ana.closed()
    figures = await _until_answering(server, 2, events=5)
    assert figures["quire_sessions"] == 0
    named = {name for name in figures if name.startswith("process_open_fds")}
    assert named == {f'process_open_fds{{pid="{pid}"}}' for pid in workers_of(server)}
    async with connect(server, name="Cy") as cy:
        await cy.join("notes")
        await cy.insert("notes", "c.1", "x", base=5)
        assert (await scrape(server))["quire_events_total"] == 6
