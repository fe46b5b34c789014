"""A real HAProxy in front of Quire servers, for tests that need one; no test is in here."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from scripts.haproxy import VARIABLE, installed_haproxy
from tests.patience import PATIENCE_S

_CONFIGURATION: Final = """
global
    maxconn 200
defaults
    mode http
    timeout connect 5s
    timeout client {timeout_s}s
    timeout server {timeout_s}s
    timeout tunnel {timeout_s}s
frontend web
    bind 127.0.0.1:{port}
    {frontend}
    default_backend quire
backend quire
    {backend}
    {servers}
"""


def haproxy_or_skip() -> str:
    """Return the path of an HAProxy; skip the test without one, and fail under CI=true."""
    path = os.environ.get(VARIABLE) or installed_haproxy()
    if path is None:
        reason = f"no HAProxy: run ./test, which installs one as root, or set {VARIABLE}"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    return path


@contextmanager
def haproxy(
    folder: Path,
    ports: Sequence[int],
    *,
    frontend: str = "",
    backend: str = "",
    server: str = "",
) -> Iterator[str]:
    """Run HAProxy in front of servers on these ports, and give its address.

    Args:
        frontend: lines of its `frontend`.
        backend: lines of its `backend`.
        server: what follows each `server`; `{number}` stands for which one it is.
    """
    path = haproxy_or_skip()
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    servers = "\n    ".join(
        f"server quire{number} 127.0.0.1:{each} {server.format(number=number)}"
        for number, each in enumerate(ports)
    )
    (folder / "haproxy.cfg").write_text(
        _CONFIGURATION.format(
            port=port,
            timeout_s=int(PATIENCE_S),
            frontend=frontend,
            backend=backend,
            servers=servers,
        )
    )
    with (folder / "haproxy.log").open("wb") as log:
        process = subprocess.Popen(
            [path, "-db", "-f", str(folder / "haproxy.cfg")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(port, process, folder)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "haproxy.log").read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("HAProxy does not listen")
