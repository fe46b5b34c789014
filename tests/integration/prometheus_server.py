"""A real Prometheus, and its promtool, for tests of the rules; no test is in here."""

import asyncio
import fcntl
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml

from scripts.prometheus import VARIABLE, find_prometheus
from tests.free_port import free_port
from tests.patience import PATIENCE_S

DEPLOY: Final = Path(__file__).resolve().parents[2] / "docs" / "deploy"
RULES: Final = DEPLOY / "alerts.yml"
_CACHE: Final = Path(__file__).resolve().parents[2] / ".cache"


def prometheus_folder() -> Path:
    """Return the folder of the programs; skip the test where there are none."""
    _CACHE.mkdir(exist_ok=True)
    with (_CACHE / "prometheus.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other processes of the tests look for it, too
        folder = find_prometheus()
    if folder is None:
        reason = f"no Prometheus that starts; name its folder with {VARIABLE}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


def promtool(folder: Path, *arguments: str) -> None:
    """Run promtool, which must succeed."""
    done = subprocess.run(
        [folder / "promtool", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


class Prometheus:
    """A Prometheus that runs."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._process = process

    def reload(self) -> None:
        """Have it read its configuration and its rules again."""
        self._process.send_signal(signal.SIGHUP)

    async def get(self, path: str, **parameters: str) -> Any:
        """Return the data of an answer of its API."""
        async with httpx.AsyncClient(base_url=self._url, timeout=PATIENCE_S) as http:
            answer = await http.get(f"/api/v1/{path}", params=parameters)
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise httpx.ConnectError("it starts")
        body = answer.json()
        assert body["status"] == "success", body
        return body["data"]

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """Return what an expression has now."""
        data: list[dict[str, Any]] = (await self.get("query", query=expression))["result"]
        return data

    async def until(self, expression: str) -> list[dict[str, Any]]:
        """Wait until an expression has a result."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    if found := await self.query(expression):
                        return found
                except httpx.TransportError:
                    pass  # it starts
                await asyncio.sleep(0.1)


@contextmanager
def running_prometheus(programs: Path, folder: Path, configuration: Path) -> Iterator[Prometheus]:
    """Run a Prometheus on a free port until the end of the block."""
    port = free_port()
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                programs / "prometheus",
                f"--config.file={configuration}",
                f"--storage.tsdb.path={folder / 'series'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--log.level=warn",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield Prometheus(port, process)
    finally:
        process.kill()
        process.wait()


def firing(name: str) -> str:
    """Return the expression that has a result while an alert fires."""
    return f'ALERTS{{alertname="{name}",alertstate="firing"}}'


def impatient_configuration(
    folder: Path,
    port: int,
    *,
    interval_s: int = 2,
    window_s: int | None = None,
    memory_bytes: int | None = None,
) -> Path:
    """Write the configuration of `docs/deploy/`, with waits of a second.

    Args:
        window_s: over which rates are taken; None: as in the rules.
        memory_bytes: from which on a process has too much; None: as in the rules.
    """
    configuration = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
    configuration["global"] = {"scrape_interval": f"{interval_s}s", "evaluation_interval": "1s"}
    (job,) = configuration["scrape_configs"]
    job["static_configs"] = [{"targets": [f"127.0.0.1:{port}"]}]
    job["scrape_timeout"] = f"{interval_s}s"
    rules = re.sub(r"for: \d+m", "for: 1s", RULES.read_text())
    if window_s is not None:
        rules = re.sub(r"\[\d+m\]", f"[{window_s}s]", rules)
    if memory_bytes is not None:
        assert 'process_resident_memory_bytes{job="quire"} > 2e9' in rules
        rules = rules.replace("> 2e9", f"> {memory_bytes}")
    (folder / "alerts.yml").write_text(rules)
    written = folder / "prometheus.yml"
    written.write_text(yaml.safe_dump(configuration))
    return written
