"""How long does a server take from exec to `/readyz` 200, with byte code and without?"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from bench.figures import show

_RUNS: Final = 5
_ROOT: Final = Path(__file__).resolve().parents[1]
_POLL_S: Final = 0.003


async def start(runs: int = _RUNS) -> dict[str, Any]:
    """Medians over some starts on a database that is there; `cold` compiles our code each time, and
    `cold_libraries` everything.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _serve(folder, {})
        _serve(folder, {})
        cold = [_serve(folder, _cold(folder, number)) for number in range(runs)]
        warm = [_serve(folder, {}) for _ in range(runs)]
        bare = [_serve(folder, _without_any(folder, number)) for number in range(2)]
        helps = [_run("--help") for _ in range(runs)]
    return {
        "bench": "start",
        "warm_s": _median(warm, 0),
        "warm_cpu_s": _median(warm, 1),
        "cold_s": _median(cold, 0),
        "cold_libraries_s": _median(bare, 0),
        "help_s": round(statistics.median(helps), 3),
    }


def _median(figures: list[tuple[float, float]], which: int) -> float:
    return round(statistics.median(each[which] for each in figures), 3)


def _cold(folder: Path, number: int) -> dict[str, str]:
    """An environment in which our code has no byte code: a copy of it that was never run."""
    copy = folder / f"code-{number}"
    copy.mkdir()
    for package in ("app", "sync", "storage", "web", "alembic"):
        command = ["cp", "-r", str(_ROOT / package), str(copy / package)]
        if package == "web":
            (copy / "web").mkdir()
            command = [
                "cp",
                "-r",
                str(_ROOT / "web/__init__.py"),
                str(_ROOT / "web/dist"),
                str(copy / "web"),
            ]
        subprocess.run(command, check=True)
    subprocess.run(
        ["find", str(copy), "-name", "__pycache__", "-exec", "rm", "-r", "{}", "+"], check=True
    )
    return {"PYTHONPATH": str(copy)}


def _without_any(folder: Path, number: int) -> dict[str, str]:
    """An environment in which nothing has byte code, the standard library neither."""
    return {"PYTHONPYCACHEPREFIX": str(folder / f"cache-{number}")}


def _serve(folder: Path, changed: dict[str, str]) -> tuple[float, float]:
    """Start a server, wait until it is ready and end it; returns seconds of wall and of machine."""
    log = folder / "server.log"
    url = f"sqlite+aiosqlite:///{folder / 'quire.db'}"
    environment = os.environ | {"PYTHONPATH": str(_ROOT)} | changed
    command = [sys.executable, "-m", "app.cli.main", "serve", "--port", "8391"]
    started = time.monotonic()
    with log.open("ab") as file:
        process = subprocess.Popen(
            [*command, "--database-url", url], cwd=folder, env=environment, stdout=file, stderr=file
        )
    try:
        while not _is_ready():
            assert process.poll() is None, log.read_text()
            time.sleep(_POLL_S)
        took_s = time.monotonic() - started
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        return took_s, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    finally:
        process.kill()
        process.wait()


def _is_ready() -> bool:
    connection = HTTPConnection("127.0.0.1", 8391, timeout=30)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _run(*arguments: str) -> float:
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "app.cli.main", *arguments],
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - started


if __name__ == "__main__":
    show(asyncio.run(start()))
