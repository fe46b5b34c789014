"""Measure the time from exec to `/readyz` 200 of a server, and from exec to exit of `quire cat`.

`PYTHONDONTWRITEBYTECODE`, where it is set, would make every start a cold one; it does not count
here. Byte code lies in a folder of the measurement, so that nothing else decides what is there.
"""

import asyncio
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from bench.figures import show

_RUNS: Final = 5
_ROOT: Final = Path(__file__).resolve().parents[1]
_POLL_S: Final = 0.002
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_DOCUMENT: Final = "start"

Environment = dict[str, str]


async def start(runs: int = _RUNS) -> dict[str, Any]:
    """Return medians over some starts on a database that is there.

    `cold` has byte code of the libraries and none of ours, `bare` of neither, and not of the
    standard library.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        usual = _environment(_ROOT, folder / "byte-code")
        # The first makes the database, and the byte code of all that a start imports.
        _start(folder, usual)
        warm = [_start(folder, usual) for _ in range(runs)]
        cold = [_start(folder, _without_ours(folder, number)) for number in range(runs)]
        bare = [_start(folder, _without_any(folder, number)) for number in range(2)]
        helps = _median_s(lambda: _run(usual, "--help"), runs)
        with _serving(folder, usual) as (process, port):
            url = f"http://127.0.0.1:{port}"
            _run(usual, "push", _DOCUMENT, "-", "--url", url, text="# Start\n")
            cats = _median_s(lambda: _run(usual, "cat", _DOCUMENT, "--url", url), runs)
            assert process.poll() is None, "the server runs"
    return {
        "bench": "start",
        "warm_s": _median(warm, 0),
        "warm_cpu_s": _median(warm, 1),
        "cold_s": _median(cold, 0),
        "cold_cpu_s": _median(cold, 1),
        "bare_s": _median(bare, 0),
        "help_s": helps,
        "cat_s": cats,
    }


def _median(figures: list[tuple[float, float]], which: int) -> float:
    return round(statistics.median(each[which] for each in figures), 3)


def _median_s(work: Callable[[], float], runs: int) -> float:
    work()
    return round(statistics.median(work() for _ in range(runs)), 3)


def _environment(code: Path, byte_code: Path) -> Environment:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith("QUIRE_")
    }
    return inherited | {"PYTHONPATH": str(code), "PYTHONPYCACHEPREFIX": str(byte_code)}


def _without_ours(folder: Path, number: int) -> Environment:
    """Return an environment with a copy of our code that was never run, beside used libraries."""
    copy = folder / f"code-{number}"
    for package in ("app", "sync", "storage", "alembic", "web/dist"):
        shutil.copytree(
            _ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(_ROOT / "web/__init__.py", copy / "web")
    return _environment(copy, folder / "byte-code")


def _without_any(folder: Path, number: int) -> Environment:
    """Return an environment in which nothing has byte code, the standard library neither."""
    return _environment(_ROOT, folder / f"none-{number}")


def _start(folder: Path, environment: Environment) -> tuple[float, float]:
    """Start a server, wait until it is ready and end it; seconds of wall and of machine."""
    started = time.monotonic()
    with _serving(folder, environment) as (process, _):
        took_s = time.monotonic() - started
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        return took_s, (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


@contextmanager
def _serving(
    folder: Path, environment: Environment
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a server that is ready; with the port that it listens on."""
    log = folder / "server.log"
    url = f"sqlite+aiosqlite:///{folder / 'quire.db'}"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "app.cli.main", "serve", "--port", str(port)]
    with log.open("ab") as file:
        process = subprocess.Popen(
            [*command, "--database-url", url], cwd=folder, env=environment, stdout=file, stderr=file
        )
    try:
        while not _is_ready(port):
            assert process.poll() is None, log.read_text()
            time.sleep(_POLL_S)
        yield process, port
    finally:
        process.kill()
        process.wait()


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _run(environment: Environment, *arguments: str, text: str = "") -> float:
    """Run a command of `quire` to its end; the seconds that it took."""
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "app.cli.main", *arguments],
        env=environment,
        input=text.encode(),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - started


if __name__ == "__main__":
    show(asyncio.run(start()))
