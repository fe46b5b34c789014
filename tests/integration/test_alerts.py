"""The alert rules and the dashboard of `docs/deploy/`, by the real promtool and Prometheus."""

import asyncio
import json
import os
import re
import signal
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from anyio.to_thread import run_sync

import lab.server_patch
from tests.integration.peer import connect
from tests.integration.prometheus_server import (
    DEPLOY,
    RULES,
    Prometheus,
    firing,
    impatient_configuration,
    prometheus_folder,
    promtool,
    running_prometheus,
)
from tests.integration.server import ROOT, ServerProcess
from tests.integration.test_workers import workers_of
from tests.postgresql import Postgresql, execute
from tests.redis_server import running_redis

_PATCHED: Final = os.pathsep.join((next(iter(lab.server_patch.__path__)), str(ROOT)))
_PLANTED: Final = (
    *("QuireRedisDown", "QuireNotReady", "QuireDown", "QuireBusDrops", "QuireWorkerMissing"),
    *("QuireMemory", "QuireAuditDropped"),
)
DASHBOARD: Final = DEPLOY / "dashboard.json"
_AT: Final = 'job="quire",instance="quire:8000"'


def _bucket(name: str, slow_in_minute: int, bound: str = "0.1") -> dict[str, str]:
    """Return a histogram: a hundred values a minute, of which some are slow."""
    return {
        f'{name}_bucket{{{_AT},le="{bound}"}}': f"0+{100 - slow_in_minute}x60",
        f'{name}_bucket{{{_AT},le="10"}}': "0+100x60",
        f'{name}_bucket{{{_AT},le="+Inf"}}': "0+100x60",
    }


def _one(name: str, values: str, labels: str = "") -> dict[str, str]:
    return {f"{name}{{{_AT}{labels}}}": values}


FAULTS: Final[dict[str, dict[str, str]]] = {
    "QuireDown": _one("up", "0+0x60"),
    "QuireNotReady": _one("quire_ready", "0+0x60"),
    "QuireAppendsFail": _one("quire_appends_failed_total", "0+1x60"),
    "QuireDocumentsReadOnly": _one("quire_read_only_rooms", "2+0x60"),
    "QuireRedisDown": _one("quire_bus_up", "0+0x60"),
    "QuireBusDrops": _one("quire_bus_dropped_total", "0+30x60"),
    "QuireCommitsSlow": _bucket("quire_commit_seconds", 20),
    "QuireEditsSlow": _bucket("quire_submission_to_delivery_seconds", 20),
    "QuireLoopDelayed": _bucket("quire_loop_delay_seconds", 20),
    "QuireReadersLag": _one("quire_lagging_readers", "20+0x60") | _one("quire_sessions", "30+0x60"),
    "QuireReadersCut": _one("quire_readers_cut_total", "0+12x60"),
    "QuireUpdatesParked": _one("quire_parked_updates", "150+0x60"),
    "QuireRefusals": _one("quire_refusals_total", "0+600x60", ',code="malformed_update"'),
    "QuireReturnsIncomplete": _one("quire_returns_total", "0+60x60")
    | _one("quire_recovered_returns_total", "0+30x60"),
    "QuireServerErrors": _one("quire_http_requests_total", "0+300x60", ',status="200"')
    | _one("quire_http_requests_total", "0+30x60", ',status="503"'),
    "QuireWorkerMissing": _one("quire_workers", "4+0x20 3+0x40"),
    "QuireAuditDropped": _one("quire_audit_dropped_total", "0+1x60"),
    "QuireWebhookLag": _one("quire_webhook_lag_seconds", "0+120x60"),
    "QuireWebhookDead": _one("quire_webhook_dead", "2+0x40 3+0x20"),
    "QuireImagesFail": _one("quire_images_failing", "1+0x60"),
    "QuireMemory": _one("process_resident_memory_bytes", "3000000000+0x60", ',pid="7"'),
    "QuireFilesShort": _one("process_open_fds", "900+0x60", ',pid="7"')
    | _one("process_max_fds", "1024+0x60", ',pid="7"'),
}
"""For each alert, series of a server that has that fault; minute by minute."""
HEALTHY: Final = (
    _one("up", "1+0x60")
    | _one("quire_ready", "1+0x60")
    | _one("quire_appends_failed_total", "3+0x60")
    | _one("quire_read_only_rooms", "0+0x60")
    | _one("quire_bus_up", "1+0x60")
    | _one("quire_bus_dropped_total", "200+1x60")
    | _bucket("quire_commit_seconds", 1)
    | _bucket("quire_submission_to_delivery_seconds", 1)
    | _bucket("quire_loop_delay_seconds", 1)
    | _one("quire_lagging_readers", "12+0x60")
    | _one("quire_sessions", "1000+0x60")
    | _one("quire_readers_cut_total", "0+1x60")
    | _one("quire_parked_updates", "5+0x60")
    | _one("quire_refusals_total", "0+60x60", ',code="malformed_update"')
    | _one("quire_refusals_total", "0+6000x60", ',code="forbidden"')
    | _one("quire_returns_total", "0+60x60")
    | _one("quire_recovered_returns_total", "0+55x60")
    | _one("quire_http_requests_total", "0+6000x60", ',status="200"')
    | _one("quire_http_requests_total", "0+30x60", ',status="503"')
    | _one("quire_workers", "4+0x60")
    | _one("quire_audit_dropped_total", "9+0x60")
    | _one("quire_webhook_lag_seconds", "600+0x60")
    | _one("quire_webhook_dead", "2+0x60")
    | _one("quire_images_failing", "0+0x60")
    | _one("process_resident_memory_bytes", "900000000+0x60", ',pid="7"')
    | _one("process_open_fds", "500+0x60", ',pid="7"')
    | _one("process_max_fds", "1024+0x60", ',pid="7"')
)
"""The series of a server in order, with the small troubles of every day."""


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> list[str]:
    """Return what the dashboard asks for, with its variables filled in."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    found = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    assert len(found) > 50
    return [text.replace("$__rate_interval", "1m").replace("$instance", ".*") for text in found]


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:quire|process)_[a-z_]+", expression))


def test_every_alert_has_a_fault_of_its_own() -> None:
    assert {rule["alert"] for rule in alerts()} == FAULTS.keys()
    for rule in alerts():
        assert rule["annotations"].keys() == {"summary", "action"}
        assert rule["labels"]["severity"] in ("warning", "critical")


def test_promtool_takes_the_rules_the_configuration_and_every_panel(tmp_path: Path) -> None:
    programs = prometheus_folder()
    promtool(programs, "check", "config", str(DEPLOY / "prometheus.yml"))
    rules = [
        {"record": f"panel:{number}", "expr": text} for number, text in enumerate(expressions())
    ]
    panels = tmp_path / "panels.yml"
    panels.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool(programs, "check", "rules", str(panels))


def test_each_alert_fires_for_its_fault_and_none_for_a_server_in_order(tmp_path: Path) -> None:
    programs = prometheus_folder()
    worlds: list[tuple[dict[str, str], str, list[dict[str, Any]]]] = [
        (HEALTHY, "count(ALERTS)", []),
        *(
            (HEALTHY | series, 'sum(ALERTS{alertname="%s",alertstate="firing"})' % name,  # noqa: UP031
             [{"labels": "{}", "value": 1}])
            for name, series in FAULTS.items()
        ),
    ]  # fmt: skip
    tests = [
        {
            "interval": "1m",
            "input_series": [
                {"series": series, "values": values} for series, values in world.items()
            ],
            "promql_expr_test": [{"expr": expression, "eval_time": "45m", "exp_samples": samples}],
        }
        for world, expression, samples in worlds
    ]
    file = tmp_path / "tests.yml"
    file.write_text(
        yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests})
    )
    promtool(programs, "test", "rules", str(file))


@pytest.mark.anyio
async def test_prometheus_watches_four_workers_and_tells_of_planted_faults(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    programs = prometheus_folder()
    with running_redis(tmp_path) as redis:
        async with postgresql.database() as url:
            server = ServerProcess(
                tmp_path,
                database_url=url,
                arguments=("--redis-url", redis.url, "--workers", "4", "--drain-s", "0.1"),
                environment={"PYTHONPATH": _PATCHED, "LAB_AUDIT_RECORDS": "3"},
            )
            try:
                await run_sync(server.start)
                configuration = impatient_configuration(tmp_path, server.port)
                with running_prometheus(programs, tmp_path, configuration) as prometheus:
                    await prometheus.until("quire_workers == 4")
                    async with connect(server, name="Ana") as ana:
                        await ana.join("notes")
                        await ana.insert("notes", "a.1", "Hello")
                        await prometheus.until("quire_events_total == 1 and quire_sessions == 1")
                    known = set(await prometheus.get("label/__name__/values"))
                    asked = [*expressions(), *(rule["expr"] for rule in alerts())]
                    for expression in asked:
                        await prometheus.query(expression)
                        assert names_in(expression) <= known, expression
                    for name in _PLANTED:
                        assert await prometheus.query(firing(name)) == [], name
                    redis.kill()
                    await prometheus.until(firing("QuireRedisDown"))
                    await _write_until(server, prometheus, firing("QuireBusDrops"))
                    await _lose_a_worker(server, prometheus)
                    impatient_configuration(tmp_path, server.port, memory_bytes=1_000_000)
                    prometheus.reload()
                    await prometheus.until(firing("QuireMemory"))
                    await _set_read_only(url, "on")
                    await prometheus.until(firing("QuireNotReady"))
                    await _come_until(server, prometheus, firing("QuireAuditDropped"))
                    await run_sync(server.kill9)
                    await prometheus.until(firing("QuireDown"))
            finally:
                server.kill9()
                await _set_read_only(url, "off")


async def _write_until(server: ServerProcess, prometheus: Prometheus, told: str) -> None:
    """Write, of which other processes cannot be told, until an alert fires."""
    async with connect(server, name="Ana") as ana:
        await ana.join("notes")
        for number in count():
            for each in range(50):
                await ana.insert("notes", f"w.{number}.{each}", "x")
            if await prometheus.query(told):
                return
            await asyncio.sleep(0.5)


async def _lose_a_worker(server: ServerProcess, prometheus: Prometheus) -> None:
    """Kill a worker while the process that would replace it stands still."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        os.kill(min(workers_of(server)), signal.SIGKILL)
        await prometheus.until(firing("QuireWorkerMissing"))
    finally:
        os.kill(server.pid, signal.SIGCONT)
    await prometheus.until("quire_workers == 4")


async def _come_until(server: ServerProcess, prometheus: Prometheus, told: str) -> None:
    """Have people come whose records cannot be written until an alert fires."""
    for number in count():
        async with connect(server, name=f"Ana {number}") as ana:
            await ana.join("notes")
        if number % 20 == 19 and await prometheus.query(told):
            return


async def _set_read_only(url: str, value: str) -> None:
    """Have a database take no writes any more, or take them again; its connections are ended."""
    name = (await execute(url, "SELECT current_database()"))[0]
    await execute(
        url,
        "SET default_transaction_read_only = off",
        f"ALTER DATABASE {name} SET default_transaction_read_only = {value}",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
